import { crc32 } from 'node:zlib';
import type { LogEntry, LogRecord, RecordType } from '#domain/log.ts';
import { encodeIdentity, IDENTITY_MIN_BYTES, identityReader, mostIdentityBytes } from './identity.ts';

/**
 * One record on disk, little endian:
 *
 *     0 magic u32 | 4 length u32 | 8 crc u32 | 12 position f64 | 20 receivedAt f64 | 28 type u8 | 29 identity | payload
 *
 * `length` counts what follows the crc, and the crc covers just that. It starts from the log's own salt, so a
 * payload can not hold a record that recovery or resynchronisation would take for one of ours.
 */
const MAGIC = 0xfe_57_48_f5;
export const MAGIC_BYTES = Buffer.from([0xf5, 0x48, 0x57, 0xfe]);
const LENGTH_AT = 4;
const CRC_AT = 8;
export const HEADER_BYTES = 12;
const POSITION_AT = 12;
const RECEIVED_AT = 20;
const TYPE_AT = 28;
const IDENTITY_AT = 29;
export const MIN_RECORD_BYTES = IDENTITY_AT + IDENTITY_MIN_BYTES;
/** A longer length field is damage, not a record. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

const types: readonly RecordType[] = ['telemetry', 'end', 'readmit'];

/** What a record may need at most, found without encoding it; Infinity where its identity is too long. */
export const mostRecordBytes = (entry: LogEntry): number =>
  IDENTITY_AT + mostIdentityBytes(entry.deviceId, entry.domain) + entry.payload.length;

/** Writes a record at `at`, where `mostRecordBytes` must be free; says where it ends. */
export function encodeRecord(
  buffer: Buffer,
  view: DataView,
  at: number,
  entry: LogEntry,
  position: number,
  salt: number,
): number {
  const payloadAt = encodeIdentity(buffer, view, at + IDENTITY_AT, entry.deviceId, entry.domain);
  const end = payloadAt + entry.payload.length;
  view.setUint32(at, MAGIC, true);
  view.setUint32(at + LENGTH_AT, end - at - HEADER_BYTES, true);
  view.setFloat64(at + POSITION_AT, position, true);
  view.setFloat64(at + RECEIVED_AT, entry.receivedAt, true);
  view.setUint8(at + TYPE_AT, types.indexOf(entry.type));
  buffer.set(entry.payload, payloadAt);
  view.setUint32(at + CRC_AT, crc32(buffer.subarray(at + HEADER_BYTES, end), salt), true);
  return end;
}

/** What stands at a place: the record's size in bytes, BAD, or SHORT when the buffer ends before the record may. */
export const BAD = 0;
export const SHORT = -1;

export function recordSizeAt(buffer: Buffer, at: number, salt: number, view = viewOf(buffer)): number {
  const left = buffer.length - at;
  if (left < HEADER_BYTES) return SHORT;
  if (view.getUint32(at, true) !== MAGIC) return BAD;
  const bytes = HEADER_BYTES + view.getUint32(at + LENGTH_AT, true);
  if (bytes < MIN_RECORD_BYTES || bytes > MAX_RECORD_BYTES) return BAD;
  if (left < bytes) return SHORT;
  const crc = crc32(buffer.subarray(at + HEADER_BYTES, at + bytes), salt);
  return crc === view.getUint32(at + CRC_AT, true) ? bytes : BAD;
}

/** The bytes a record at `at` claims, header included; at least a header's. */
export const claimedBytesAt = (buffer: Buffer, at: number): number =>
  buffer.length - at < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + buffer.readUInt32LE(at + LENGTH_AT);

export const positionAt = (buffer: Buffer, at: number): number => buffer.readDoubleLE(at + POSITION_AT);

export const viewOf = (buffer: Buffer): DataView =>
  new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** Where decoding stands: an offset in the buffer and the position that the record there must have. */
export interface Cursor {
  offset: number;
  position: number;
}

/** 'bad': what stands at the cursor is no record with the cursor's position. */
export type Decoded = 'all' | 'full' | 'short' | 'bad';

export interface RecordDecoder {
  /**
   * Moves the cursor over checked records and adds those from position `floor` on to `records`, up to `limit` of
   * them. Payloads are views on the buffer.
   */
  decode(buffer: Buffer, cursor: Cursor, floor: number, records: LogRecord[], limit: number): Decoded;
}

export function recordDecoder(salt: number): RecordDecoder {
  const identity = identityReader();
  return {
    decode(buffer, cursor, floor, records, limit) {
      const view = viewOf(buffer);
      while (cursor.offset < buffer.length) {
        if (records.length >= limit) return 'full';
        const at = cursor.offset;
        const bytes = recordSizeAt(buffer, at, salt, view);
        if (bytes === SHORT) return 'short';
        if (bytes === BAD || view.getFloat64(at + POSITION_AT, true) !== cursor.position) return 'bad';
        if (cursor.position >= floor) {
          const payloadAt = identity.read(buffer, view, at + IDENTITY_AT);
          records.push({
            type: types[buffer[at + TYPE_AT]!] ?? 'telemetry',
            deviceId: identity.deviceId,
            receivedAt: view.getFloat64(at + RECEIVED_AT, true),
            domain: identity.domain,
            payload: buffer.subarray(payloadAt, at + bytes),
            position: cursor.position,
          });
        }
        cursor.offset = at + bytes;
        cursor.position += 1;
      }
      return 'all';
    },
  };
}
