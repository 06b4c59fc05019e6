import type { FileHandle } from 'node:fs/promises';
import {
  claimedBytesAt,
  HEADER_BYTES,
  MAGIC_BYTES,
  MIN_RECORD_BYTES,
  positionAt,
  recordSizeAt,
  SHORT,
} from './record.ts';
import { readAt } from './segment-files.ts';

const WINDOW_BYTES = 1024 * 1024;

/**
 * The next sound record in [from, limit) of a segment, where the one at `from` should have had position `expected`
 * and is not sound: magic, checksum, and a position that the bytes in between can explain.
 */
export async function findRecord(
  file: FileHandle,
  from: number,
  limit: number,
  expected: number,
  salt: number,
): Promise<{ offset: number; position: number } | undefined> {
  let start = from;
  while (limit - start >= MIN_RECORD_BYTES) {
    const window = await readAt(file, start, Math.min(limit - start, WINDOW_BYTES));
    for (let at = window.indexOf(MAGIC_BYTES); at >= 0; at = window.indexOf(MAGIC_BYTES, at + 1)) {
      const offset = start + at;
      const position = await soundPosition(file, window, at, offset, limit, salt);
      if (position === undefined || position < expected) continue;
      if (position - expected <= (offset - from) / MIN_RECORD_BYTES) return { offset, position };
    }
    if (window.length < MIN_RECORD_BYTES) return undefined;
    start += window.length - HEADER_BYTES + 1;
  }
  return undefined;
}

async function soundPosition(
  file: FileHandle,
  window: Buffer,
  at: number,
  offset: number,
  limit: number,
  salt: number,
): Promise<number | undefined> {
  const size = recordSizeAt(window, at, salt);
  if (size > 0) return positionAt(window, at);
  if (size !== SHORT || window.length - at < HEADER_BYTES) return undefined;
  const bytes = claimedBytesAt(window, at);
  if (offset + bytes > limit) return undefined;
  const whole = await readAt(file, offset, bytes);
  return recordSizeAt(whole, 0, salt) > 0 ? positionAt(whole, 0) : undefined;
}
