import { crc32 } from 'node:zlib';
import type { LogEntry, LogRecord, RecordType } from '#domain/log.ts';
import { type Identity, identityReader, MAX_STRING_BYTES } from './identity.ts';

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
export const MIN_RECORD_BYTES = IDENTITY_AT + 4;
/** A longer length field is damage, not a record. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

const types: readonly RecordType[] = ['telemetry', 'end', 'readmit'];

export const recordBytes = (entry: LogEntry, identity: Identity): number =>
  IDENTITY_AT + identity.bytes.length + entry.payload.length;

/** What a record may need at most, found without encoding; Infinity where its strings are too long. */
export function mostRecordBytes(entry: LogEntry): number {
  const deviceBytes = 3 * entry.deviceId.length;
  const domainBytes = 3 * entry.domain.length;
  if (deviceBytes > MAX_STRING_BYTES || domainBytes > MAX_STRING_BYTES) return Number.POSITIVE_INFINITY;
  return MIN_RECORD_BYTES + deviceBytes + domainBytes + entry.payload.length;
}

/** Writes a record of `bytes` (see `recordBytes`) at `at`, where it must fit. */
export function encodeRecord(
  buffer: Buffer,
  at: number,
  bytes: number,
  entry: LogEntry,
  identity: Identity,
  position: number,
  salt: number,
): void {
  buffer.writeUInt32LE(MAGIC, at);
  buffer.writeUInt32LE(bytes - HEADER_BYTES, at + LENGTH_AT);
  buffer.writeDoubleLE(position, at + POSITION_AT);
  buffer.writeDoubleLE(entry.receivedAt, at + RECEIVED_AT);
  buffer[at + TYPE_AT] = types.indexOf(entry.type);
  buffer.set(identity.bytes, at + IDENTITY_AT);
  buffer.set(entry.payload, at + IDENTITY_AT + identity.bytes.length);
  buffer.writeUInt32LE(crc32(buffer.subarray(at + HEADER_BYTES, at + bytes), salt), at + CRC_AT);
}

/** What stands at a place: the record's size in bytes, BAD, or SHORT when the buffer ends before the record may. */
export const BAD = 0;
export const SHORT = -1;

export function recordSizeAt(buffer: Buffer, at: number, salt: number): number {
  const left = buffer.length - at;
  if (left < HEADER_BYTES) return SHORT;
  if (buffer.readUInt32LE(at) !== MAGIC) return BAD;
  const bytes = HEADER_BYTES + buffer.readUInt32LE(at + LENGTH_AT);
  if (bytes < MIN_RECORD_BYTES || bytes > MAX_RECORD_BYTES) return BAD;
  if (left < bytes) return SHORT;
  const crc = crc32(buffer.subarray(at + HEADER_BYTES, at + bytes), salt);
  return crc === buffer.readUInt32LE(at + CRC_AT) ? bytes : BAD;
}

/** The bytes a record at `at` claims, header included; at least a header's. */
export const claimedBytesAt = (buffer: Buffer, at: number): number =>
  buffer.length - at < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + buffer.readUInt32LE(at + LENGTH_AT);

export const positionAt = (buffer: Buffer, at: number): number => buffer.readDoubleLE(at + POSITION_AT);

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
  const identityAt = identityReader();
  return {
    decode(buffer, cursor, floor, records, limit) {
      while (cursor.offset < buffer.length) {
        if (records.length >= limit) return 'full';
        const at = cursor.offset;
        const bytes = recordSizeAt(buffer, at, salt);
        if (bytes === SHORT) return 'short';
        if (bytes === BAD || positionAt(buffer, at) !== cursor.position) return 'bad';
        if (cursor.position >= floor) {
          const identity = identityAt(buffer, at + IDENTITY_AT);
          records.push({
            type: types[buffer[at + TYPE_AT]!] ?? 'telemetry',
            deviceId: identity.deviceId,
            receivedAt: buffer.readDoubleLE(at + RECEIVED_AT),
            domain: identity.domain,
            payload: buffer.subarray(at + IDENTITY_AT + identity.bytes.length, at + bytes),
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
