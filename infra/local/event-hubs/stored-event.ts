import { LIVE, type LogEntry, type LogRecord } from '../../../domain/log.ts';
import { annotationsOf, dataOf, partMessage, textOf } from './amqp-sections.ts';

const PARTITION_KEY = 'x-opt-partition-key';
/** The service's own word: a producer's is dropped. */
const RESERVED = new Set(['x-opt-sequence-number', 'x-opt-offset', 'x-opt-enqueued-time', PARTITION_KEY]);

/** Offsets are strings that mean nothing but an order; spaced, so that none is taken for a sequence number. */
const OFFSET_STEP = 256;
export const offsetOf = (position: number): string => String(position * OFFSET_STEP);

/** The last position before an offset, or undefined for an offset that was never given out. */
export function positionOfOffset(offset: string): number | undefined {
  const position = Number(offset) / OFFSET_STEP;
  return Number.isInteger(position) && position >= 0 ? position : undefined;
}

/** The partition key of a batch stands on its envelope. */
export function partitionKeyOf(batch: Buffer): string | undefined {
  const annotation = annotationsOf(batch).find(({ key }) => key === PARTITION_KEY);
  return annotation && textOf(annotation);
}

export function entriesOfBatch(batch: Buffer, enqueuedAt: number): LogEntry[] {
  const partitionKey = partitionKeyOf(batch) ?? '';
  return dataOf(batch).map((message) => entryOfMessage(message, partitionKey, enqueuedAt));
}

/**
 * An event in the segment log: the partition key as its device, the enqueued time as received, and as payload
 * u32 length and u16 pairs of the annotations, the annotations, and the sections that are passed on untouched.
 */
export function entryOfMessage(message: Buffer, partitionKey: string, enqueuedAt: number): LogEntry {
  const { annotations, rest } = partMessage(message);
  const kept = annotations.filter(({ key }) => !RESERVED.has(key));
  const bytes = kept.reduce((sum, annotation) => sum + annotation.bytes.length, 0);
  const payload = Buffer.allocUnsafe(6 + bytes + rest.length);
  payload.writeUInt32LE(bytes, 0);
  payload.writeUInt16LE(kept.length, 4);
  let at = 6;
  for (const annotation of kept) at += annotation.bytes.copy(payload, at);
  rest.copy(payload, at);
  return { type: 'telemetry', deviceId: partitionKey, receivedAt: enqueuedAt, domain: LIVE, payload };
}

const symbol = (text: string): Buffer =>
  Buffer.concat([Buffer.of(0xa3, text.length), Buffer.from(text, 'ascii')]);
const sequenceNumberKey = Buffer.concat([symbol('x-opt-sequence-number'), Buffer.of(0x81)]);
const offsetKey = Buffer.concat([symbol('x-opt-offset'), Buffer.of(0xa1)]);
const enqueuedTimeKey = Buffer.concat([symbol('x-opt-enqueued-time'), Buffer.of(0x83)]);
const partitionKeyKey = Buffer.concat([symbol(PARTITION_KEY), Buffer.of(0xb1)]);
const OWN_BYTES = sequenceNumberKey.length + 8 + offsetKey.length + 1 + 20 + enqueuedTimeKey.length + 8;
const MAP_HEADER_BYTES = 12;

/** The message a consumer gets: the service's annotations in front of what the producer sent. */
export function messageOfRecord(record: LogRecord): Buffer {
  const stored = Buffer.from(record.payload.buffer, record.payload.byteOffset, record.payload.length);
  const annotationBytes = stored.readUInt32LE(0);
  const key = record.deviceId === '' ? undefined : Buffer.from(record.deviceId);
  const keyBytes = key === undefined ? 0 : partitionKeyKey.length + 4 + key.length;
  const message = Buffer.allocUnsafe(MAP_HEADER_BYTES + OWN_BYTES + keyBytes + stored.length - 6);
  const pairs = 3 + (key === undefined ? 0 : 1) + stored.readUInt16LE(4);

  let at = MAP_HEADER_BYTES;
  at += sequenceNumberKey.copy(message, at);
  at = message.writeBigInt64BE(BigInt(record.position), at);
  at += offsetKey.copy(message, at);
  const offset = offsetOf(record.position);
  at = message.writeUInt8(offset.length, at);
  at += message.write(offset, at, 'ascii');
  at += enqueuedTimeKey.copy(message, at);
  at = message.writeBigInt64BE(BigInt(record.receivedAt), at);
  if (key !== undefined) {
    at += partitionKeyKey.copy(message, at);
    at = message.writeUInt32BE(key.length, at);
    at += key.copy(message, at);
  }
  at += stored.copy(message, at, 6, 6 + annotationBytes);
  message.set([0x00, 0x53, 0x72, 0xd1], 0);
  message.writeUInt32BE(at - 8, 4);
  message.writeUInt32BE(pairs * 2, 8);
  at += stored.copy(message, at, 6 + annotationBytes);
  return message.subarray(0, at);
}
