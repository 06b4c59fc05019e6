import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, manifestFiles } from './manifest.ts';

/**
 * What is wrong with a file that the lake is made of: that it is gone, or cut short. A session opens a file when a question
 * first needs it, and one that lacks some is not to answer the others as if nothing were.
 */
export function damagedFile(directory: string, manifest: Manifest): string | undefined {
  for (const path of manifestFiles(manifest)) {
    const fault = faultOf(join(directory, path));
    if (fault !== undefined) return `${path} ${fault}`;
  }
  return undefined;
}

const magic = 'PAR1';

function faultOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'is not there'
      : `: ${(error as Error).message}`;
  }
  try {
    const { size } = fstatSync(file);
    const end = Buffer.alloc(magic.length);
    readSync(file, end, 0, end.length, Math.max(0, size - end.length));
    return end.toString('latin1') === magic ? undefined : 'does not end as a Parquet file does';
  } finally {
    closeSync(file);
  }
}
