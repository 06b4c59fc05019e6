import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a writer needs of an open segment: what `write` has written is durable. A parameter of the log, so that a test can fill the disk. */
export type SegmentFile = Pick<FileHandle, 'write' | 'truncate' | 'close'>;
export type OpenSegmentFile = (path: string, flags: number) => Promise<SegmentFile>;

/**
 * Linux writes and syncs in one call (O_DSYNC), which is one trip to the thread pool instead of two: whoever waits for an
 * acknowledgement waits for each of them. Elsewhere that flag promises less than fdatasync does, or is not there.
 */
export const openSegmentFile: OpenSegmentFile = async (path, flags) => {
  if (process.platform === 'linux') return open(path, flags | constants.O_DSYNC);
  const file = await open(path, flags);
  const write = file.write.bind(file) as (...args: unknown[]) => Promise<{ bytesWritten: number }>;
  const durably = async (...args: unknown[]) => {
    const written = await write(...args);
    await file.datasync();
    return written;
  };
  return Object.assign(file, { write: durably as unknown as FileHandle['write'] });
};

export const FOR_WRITING = constants.O_WRONLY;
export const FOR_CREATION = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;

export const partitionDirectory = (directory: string, partition: number): string =>
  join(directory, `p${partition}`);

/** A segment is named after the position of its first record. */
export const segmentPath = (partitionDirectory: string, base: number): string =>
  join(partitionDirectory, `${String(base).padStart(20, '0')}.seg`);

/** Base positions of the segments there are, ascending. */
export async function listSegments(partitionDirectory: string): Promise<number[]> {
  const names = await readdir(partitionDirectory);
  return names
    .filter((name) => /^\d{20}\.seg$/.test(name))
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b);
}

/** Up to `bytes` bytes from `offset`, fewer only where the file ends, in a buffer of their own. */
export async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, bytes));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === buffer.length ? buffer : buffer.subarray(0, filled);
}

export async function writeAt(
  file: SegmentFile,
  buffer: Buffer,
  bytes: number,
  offset: number,
): Promise<void> {
  let written = 0;
  while (written < bytes) {
    const { bytesWritten } = await file.write(buffer, written, bytes - written, offset + written);
    written += bytesWritten;
  }
}

/** Makes the entries of a directory durable. Windows has no such call and needs none. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
