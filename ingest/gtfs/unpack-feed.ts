import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unzipped, type ZipEntry, ZipFault, zipEntries } from './zip-entries.ts';

/** The text files of a static GTFS feed, as UTF-8 on disk. */
export interface UnpackedFeed {
  /** Path by name, `stop_times.txt`. */
  files: Map<string, string>;
  /** SHA-256 over names and contents as they came: the same feed zipped anew has the same. */
  fingerprint: string;
  /** What was odd about the container, by name. */
  findings: { code: string; file: string; detail: string }[];
}

/** A feed that can not be opened, in a sentence. */
export class FeedFault extends Error {}

const LARGEST_FILE_BYTES = 1_900_000_000;

/**
 * Puts a feed's files (of a zip archive or a folder) into an empty directory.
 * @throws FeedFault
 */
export async function unpackFeed(path: string, into: string): Promise<UnpackedFeed> {
  const feed: UnpackedFeed = { files: new Map(), fingerprint: '', findings: [] };
  const hash = createHash('sha256');
  for await (const { name, content } of contents(path, feed)) {
    hash.update(`${name}\0${content.length}\0`).update(content);
    const target = join(into, name);
    await writeFile(target, asUtf8(name, content, feed));
    feed.files.set(name, target);
  }
  feed.fingerprint = hash.digest('hex');
  return feed;
}

async function* contents(
  path: string,
  feed: UnpackedFeed,
): AsyncGenerator<{ name: string; content: Buffer }> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => {
      throw new FeedFault('there is no such file or folder');
    },
  );
  if (isFolder) {
    for (const name of (await readdir(path)).sort()) {
      if (name.endsWith('.txt')) yield { name, content: await readFile(join(path, name)) };
    }
    return;
  }
  const file = await open(path);
  try {
    for (const entry of textFiles(await zipEntries(file), feed)) {
      if (entry.bytes > LARGEST_FILE_BYTES)
        throw new FeedFault(`${entry.name} says it has ${entry.bytes} bytes`);
      yield { name: basename(entry.name), content: await unzipped(file, entry) };
    }
  } catch (error) {
    throw error instanceof ZipFault ? new FeedFault(error.message) : error;
  } finally {
    await file.close();
  }
}

/** In order of their names; those that lie in the topmost folder that holds any. */
function textFiles(entries: readonly ZipEntry[], feed: UnpackedFeed): ZipEntry[] {
  const found = entries.filter((e) => e.name.endsWith('.txt') && !/(^|\/)(__MACOSX|\.)/.test(e.name));
  const depth = (e: ZipEntry) => e.name.split('/').length;
  const top = Math.min(...found.map(depth));
  if (found.length > 0 && top > 1) {
    feed.findings.push({
      code: 'files-in-folder',
      file: '',
      detail: `the files lie in ${found[0]!.name.split('/').slice(0, -1).join('/')}, not at the top of the archive`,
    });
  }
  return found.filter((e) => depth(e) === top).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function asUtf8(name: string, content: Buffer, feed: UnpackedFeed): Buffer {
  if (isUtf8(content)) return content;
  feed.findings.push({ code: 'not-utf8', file: name, detail: 'read as ISO 8859-1' });
  return Buffer.from(content.toString('latin1'), 'utf8');
}
