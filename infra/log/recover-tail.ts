import { open } from 'node:fs/promises';
import type { DurableEnd } from './durable-end.ts';
import { findRecord } from './find-record.ts';
import { type Cursor, recordDecoder } from './record.ts';
import { listSegments, readAt, segmentPath } from './segment-files.ts';

const READ_BYTES = 8 * 1024 * 1024;

export interface RecoveredTail {
  end: DurableEnd;
  /** The segment of `end` is yet to be made. */
  fresh: boolean;
  /** Bytes of an append that was under way at the crash, cut off. */
  cutBytes: number;
}

/**
 * Where a partition goes on after a stop or a crash. Records beyond the published end are kept when they are
 * sound; what follows the last sound one is cut off, but never anything before the published end: when that is
 * gone or damaged, the log goes on in a new segment, and readers name the gap.
 */
export async function recoverTail(
  partitionDirectory: string,
  published: DurableEnd | undefined,
  salt: number,
): Promise<RecoveredTail> {
  const last = (await listSegments(partitionDirectory)).at(-1);
  if (last === undefined || (published !== undefined && published.base > last))
    return freshAfter(published?.position ?? -1);
  const trusted = published?.base === last ? published : { position: last - 1, base: last, offset: 0 };
  const path = segmentPath(partitionDirectory, last);
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (size < trusted.offset) return freshAfter(trusted.position);
    const end = { position: trusted.position + 1, offset: trusted.offset };
    const decoder = recordDecoder(salt);
    while (end.offset < size) {
      const chunk = await readAt(file, end.offset, Math.min(size - end.offset, READ_BYTES));
      const cursor: Cursor = { offset: 0, position: end.position };
      const found = decoder.decode(chunk, cursor, Number.POSITIVE_INFINITY, [], Number.POSITIVE_INFINITY);
      end.offset += cursor.offset;
      end.position = cursor.position;
      if (found === 'all' || (found === 'short' && cursor.offset > 0)) continue;
      const next = await findRecord(file, end.offset, size, end.position, salt);
      if (next === undefined) break;
      end.offset = next.offset;
      end.position = next.position;
    }
    if (end.offset < size) await file.truncate(end.offset);
    await file.datasync();
    return {
      end: { position: end.position - 1, base: last, offset: end.offset },
      fresh: false,
      cutBytes: size - end.offset,
    };
  } finally {
    await file.close();
  }
}

function freshAfter(position: number): RecoveredTail {
  return { end: { position, base: position + 1, offset: 0 }, fresh: true, cutBytes: 0 };
}
