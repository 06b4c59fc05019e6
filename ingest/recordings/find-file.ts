import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { RecordingFault } from './recording-fault.ts';

/**
 * The file of a recording: `path` itself, or the one file in the folder `path` whose name fits.
 * @throws RecordingFault when there is none, or more than one.
 */
export async function findFile(path: string, fits: RegExp, what: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new RecordingFault(`${path} does not exist`, `${what} was expected there`, 'Is the path right?');
  if (!found.isDirectory()) return path;
  const names = (await readdir(path)).filter((name) => fits.test(name)).sort();
  if (names.length === 1) return join(path, names[0]!);
  throw new RecordingFault(
    `${path} holds ${names.length === 0 ? 'no' : 'more than one'} ${what}`,
    names.length === 0 ? `no file name fits ${fits}` : names.slice(0, 5).join(', '),
    'Name the file itself.',
  );
}

/** A recording's name from its path: what stands last, in the letters a device or clock domain may have. */
export function nameFromPath(path: string): string {
  const name = basename(resolve(path)).replace(/\.[A-Za-z]+$/, '');
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80) || 'recording';
}
