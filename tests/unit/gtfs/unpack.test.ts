import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { unpackFeed } from '#ingest/gtfs/unpack-feed.ts';
import { recording } from '../../shared-data.ts';
import { removeTemporaryFolders, temporaryFolder } from './small-feed.ts';

afterEach(removeTemporaryFolders);

/** A zip archive by the letter of APPNOTE.TXT 6.3: local headers, directory, end. */
function zip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = deflateRawSync(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(Buffer.byteLength(text), 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, tail, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, entries, end]);
}

function fileOf(content: Buffer): string {
  const path = join(temporaryFolder(), 'feed.zip');
  writeFileSync(path, content);
  return path;
}

describe('unpacking', () => {
  it('finds the same in a folder and in an archive of it', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'stops.txt'), 'stop_id\nA\n');
    writeFileSync(join(folder, 'readme.md'), 'x');
    const archive = fileOf(zip({ 'stops.txt': 'stop_id\nA\n' }));
    const one = await unpackFeed(folder, temporaryFolder());
    const other = await unpackFeed(archive, temporaryFolder());
    expect(other.fingerprint).toBe(one.fingerprint);
    expect(readFileSync(other.files.get('stops.txt')!, 'utf8')).toBe('stop_id\nA\n');
    expect([...one.files.keys()]).toEqual(['stops.txt']);
  });

  it('steps into the one folder that holds the files, and says so', async () => {
    const archive = zip({
      'gtfs/stops.txt': 'a',
      '__MACOSX/gtfs/._stops.txt': 'b',
      'gtfs/old/stops.txt': 'c',
    });
    const feed = await unpackFeed(fileOf(archive), temporaryFolder());
    expect(feed.findings.map((f) => f.code)).toEqual(['files-in-folder']);
    expect(readFileSync(feed.files.get('stops.txt')!, 'utf8')).toBe('a');
  });

  it('writes nothing outside the folder it was given', async () => {
    const into = temporaryFolder();
    const inner = join(into, 'inner');
    mkdirSync(inner);
    const feed = await unpackFeed(fileOf(zip({ '../stops.txt': 'a' })), inner);
    expect(feed.files.size).toBe(0);
  });

  it.each([
    ['no zip archive', Buffer.from('<html>not found</html>')],
    ['no zip archive', zip({ 'stops.txt': 'stop_id' }).subarray(0, 40)],
    ['damaged', Buffer.from(zip({ 'stops.txt': 'aaaa,bbbb,cccc' }).map((b, i) => (i === 43 ? b ^ 0xff : b)))],
  ])('says what is wrong: %s', async (words, content) => {
    await expect(unpackFeed(fileOf(content), temporaryFolder())).rejects.toThrow(words);
  });

  it('reads an archive that somebody else made', async (context) => {
    const path = recording(context, 'gtfs-static/caltrain/caltrain.zip');
    const feed = await unpackFeed(path, temporaryFolder());
    expect(feed.files.size).toBe(17);
    expect(readFileSync(feed.files.get('routes.txt')!, 'utf8')).toContain('route_long_name');
  });
});
