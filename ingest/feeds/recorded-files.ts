import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordingFault } from '../recordings/recording-fault.ts';

/**
 * The file `path`, or every file in the folder `path` and below whose name fits, by path.
 * @throws RecordingFault when there is none.
 */
export async function recordedFiles(path: string, fits: RegExp, what: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    throw new RecordingFault(`${path} does not exist`, `${what} was expected there`, 'Is the path right?');
  }
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  const files = names.filter((name) => fits.test(name)).sort();
  if (files.length > 0) return files.map((name) => join(path, name));
  throw new RecordingFault(`${path} holds no ${what}`, `no file name fits ${fits}`, 'Name the file itself.');
}
