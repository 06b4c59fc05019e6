import type { FileHandle } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';

/** A file of a zip archive, as its central directory has it. */
export interface ZipEntry {
  name: string;
  /** Of the content, unpacked. */
  bytes: number;
  packedBytes: number;
  method: number;
  checksum: number;
  headerAt: number;
}

/** What makes an archive unusable, in a sentence. */
export class ZipFault extends Error {}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const STORED = 0;
const DEFLATED = 8;
/** Zip's own word for "see the 64-bit record". */
const IN_ZIP64 = 0xffff_ffff;

/**
 * The files that an archive's central directory names. Zip64 and split archives are not read: a timetable of 4 GB is none.
 * @throws ZipFault
 */
export async function zipEntries(file: FileHandle): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - END_BYTES - LONGEST_COMMENT), size);
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new ZipFault('it is no zip archive, or was cut short: it has no directory at its end');
  const directoryBytes = tail.readUInt32LE(end + 12);
  const directoryAt = tail.readUInt32LE(end + 16);
  if (directoryAt === IN_ZIP64) throw new ZipFault('it is a zip64 archive');
  if (directoryAt + directoryBytes > size) throw new ZipFault('its directory lies beyond its end');
  const directory = await readAt(file, directoryAt, directoryAt + directoryBytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new ZipFault('its directory is damaged');
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      method: directory.readUInt16LE(at + 10),
      checksum: directory.readUInt32LE(at + 16),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerAt: directory.readUInt32LE(at + 42),
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** A file's content. @throws ZipFault where it is damaged, encrypted, or packed by a method other than deflate. */
export async function unzipped(file: FileHandle, entry: ZipEntry): Promise<Buffer> {
  const header = await readAt(file, entry.headerAt, entry.headerAt + 30);
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL_HEADER) {
    throw new ZipFault(`${entry.name} is not where the directory says`);
  }
  if (header.readUInt16LE(6) & 1) throw new ZipFault(`${entry.name} is encrypted`);
  // The local header's own extra field may be longer than the directory's.
  const from = entry.headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await readAt(file, from, from + entry.packedBytes);
  const content = unpacked(packed, entry);
  if (content.length !== entry.bytes || crc32(content) !== entry.checksum) {
    throw new ZipFault(`${entry.name} is damaged: its checksum is another`);
  }
  return content;
}

function unpacked(packed: Buffer, entry: ZipEntry): Buffer {
  if (entry.method === STORED) return packed;
  if (entry.method !== DEFLATED)
    throw new ZipFault(`${entry.name} is packed by method ${entry.method}, not deflate`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.bytes) });
  } catch {
    throw new ZipFault(`${entry.name} is damaged: it does not unpack to the ${entry.bytes} bytes promised`);
  }
}

async function readAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}
