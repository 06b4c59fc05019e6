import { randomInt } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from './segment-files.ts';

/** What is fixed for the life of a log. */
export interface Manifest {
  format: 1;
  partitions: number;
  /** Where checksums start from; see `record.ts`. */
  salt: number;
}

/** @throws Error when there is no log in the directory, or one of another format. */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, 'log.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`there is no log in ${directory}: no ${path}. Start the pipeline once to make one.`, {
      cause: error,
    });
  }
  const manifest = parse(text);
  if (manifest === undefined)
    throw new Error(
      `can not read the log in ${directory}: ${path} is not a description of format 1. Restore it from a copy, or open the log with the version of Headway that wrote it.`,
    );
  return manifest;
}

/** Reads or, in an empty directory, makes it. @throws Error when the log there has another partition count. */
export async function openManifest(directory: string, partitions: number): Promise<Manifest> {
  await mkdir(directory, { recursive: true });
  const names = await readdir(directory);
  if (!names.includes('log.json')) {
    if (names.some((name) => /^p\d+$/.test(name)))
      throw new Error(
        `the log in ${directory} has segments but no log.json, which says how to read them. Restore that file from a copy.`,
      );
    await create(directory, { format: 1, partitions, salt: randomInt(2 ** 32) });
  }
  const manifest = await readManifest(directory);
  if (manifest.partitions !== partitions)
    throw new Error(
      `the log in ${directory} has ${manifest.partitions} partitions, not ${partitions}. The count is fixed for the life of a data directory: set it back, or use another directory.`,
    );
  return manifest;
}

async function create(directory: string, manifest: Manifest): Promise<void> {
  const fresh = join(directory, 'log.json.new');
  const file = await open(fresh, 'w');
  try {
    await file.writeFile(`${JSON.stringify(manifest)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(directory, 'log.json'));
  await syncDirectory(directory);
  await syncDirectory(dirname(directory));
}

function parse(text: string): Manifest | undefined {
  try {
    const { format, partitions, salt } = JSON.parse(text);
    if (format !== 1 || !Number.isInteger(partitions) || partitions < 1 || !Number.isInteger(salt))
      return undefined;
    return { format, partitions, salt };
  } catch {
    return undefined;
  }
}
