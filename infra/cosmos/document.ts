import { createHash } from 'node:crypto';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { counts, type PartitionHead } from '#infra/blob/partition-head.ts';

/** What one commit made of a document; `value` null removed it. */
export type Version<T> = [generation: number, commit: number, value: T | null];

export interface DocumentName {
  id: string;
  partitionKey: string;
}

/**
 * As it is stored. It remembers, newest first, the version before the newest one as well: the newest counts only once
 * its commit has reached the checkpoint.
 */
export interface StoredDocument {
  id: string;
  /** Of the log: whose checkpoint decides which version counts. */
  partition: number;
  versions?: Version<unknown>[];
  /** Versions that are long: base64 of gzip. */
  packed?: string;
  /** CRC-32 of the versions' text: what another hand changed is told. */
  sum: number;
  _etag?: string;
}

/** The newest version that counts, as of a checkpoint. */
export function versionAt<T>(versions: readonly Version<T>[], head: PartitionHead): Version<T> | undefined {
  return versions.find(([generation, commit]) => counts(head, { generation, commit }));
}

/** Longer texts are packed: request units go by the kilobyte. */
const PACK_FROM_CHARS = 2_048;
/** The service takes 2 MB. */
const MOST_CHARS = 2_000_000;

/** @throws where it is more than one document can hold. */
export function sealed(
  name: DocumentName,
  partition: number,
  versions: readonly Version<unknown>[],
): Pick<StoredDocument, 'id' | 'partition' | 'versions' | 'packed' | 'sum'> {
  const text = JSON.stringify(versions);
  const sum = crc32(text);
  // Half a character pair, which a device may well send, is an escape in JSON: packed, it comes back as it was.
  if (text.length < PACK_FROM_CHARS && !text.includes('\\ud'))
    return { id: name.id, partition, versions: [...versions], sum };
  const packed = gzipSync(text, { level: 1 }).toString('base64');
  if (packed.length > MOST_CHARS) {
    throw new Error(
      `document ${name.id} of ${name.partitionKey} would have ${packed.length} characters, and Cosmos DB takes 2 MB`,
    );
  }
  return { id: name.id, partition, packed, sum };
}

/** @throws where somebody else has changed it. */
export function opened<T>(container: string, document: StoredDocument): Version<T>[] {
  const { id, versions, packed, sum } = document;
  try {
    const text =
      packed === undefined ? JSON.stringify(versions) : gunzipSync(Buffer.from(packed, 'base64')).toString();
    if (crc32(text) === sum && typeof document.partition === 'number') {
      return versions ? (versions as Version<T>[]) : JSON.parse(text);
    }
  } catch {
    // What can not be read is told below, as is what reads otherwise.
  }
  throw new Error(
    `document ${id} in the container ${container} was changed by another hand: its content is not what its sum says; restore it, or delete it if its readings may be lost`,
  );
}

/** The service takes ids of 1,023 characters. */
const MOST_ID_CHARS = 900;

/** A name made of parts: what a document's id may not hold, or what parts them, is escaped, and a long one cut short. */
export function documentId(...parts: readonly (string | number)[]): string {
  const id = parts.map((part) => String(part).replace(/[^\w.:-]/gu, escaped)).join('|');
  if (id.length <= MOST_ID_CHARS) return id;
  return `${id.slice(0, MOST_ID_CHARS / 2)}~~${createHash('sha256').update(id).digest('hex')}`;
}

function escaped(character: string): string {
  return `~${character.codePointAt(0)!.toString(16)}~`;
}
