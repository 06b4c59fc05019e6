import { stat, unlink } from 'node:fs/promises';
import type { Instant } from '#domain/instant.ts';
import { listSegments, segmentPath } from './segment-files.ts';

export interface Expired {
  segments: number;
  bytes: number;
}

/**
 * Deletes, from the oldest on, segments whose last append was before `before` and whose records are all at or
 * below position `upTo`. The newest always stays: the log goes on in it.
 */
export async function expireSegments(
  partitionDirectory: string,
  before: Instant,
  upTo: number,
): Promise<Expired> {
  const bases = await listSegments(partitionDirectory);
  const expired = { segments: 0, bytes: 0 };
  for (const [i, base] of bases.entries()) {
    const next = bases[i + 1];
    if (next === undefined || next - 1 > upTo) break;
    const path = segmentPath(partitionDirectory, base);
    const { mtimeMs, size } = await stat(path);
    if (mtimeMs >= before) break;
    await unlink(path);
    expired.segments += 1;
    expired.bytes += size;
  }
  return expired;
}
