import { type FileHandle, open } from 'node:fs/promises';
import type { Corruption, LogBatch, LogRecord } from '#domain/log.ts';
import type { DurableEnd } from './durable-end.ts';
import type { DurableWatch } from './durable-watch.ts';
import { findRecord } from './find-record.ts';
import { type Cursor, claimedBytesAt, MAX_RECORD_BYTES, recordDecoder } from './record.ts';
import { listSegments, readAt, segmentPath } from './segment-files.ts';

const READ_BYTES = 1024 * 1024;
const BATCH_RECORDS = 4096;

export interface ReadPartitionOptions {
  partition: number;
  partitionDirectory: string;
  salt: number;
  watch: DurableWatch;
  after: number;
  signal: AbortSignal;
}

/** An open segment and where reading stands in it. */
interface Place {
  file: FileHandle;
  base: number;
  offset: number;
  /** Of the record at `offset`. */
  position: number;
  /** Once the writer has gone on to another segment. */
  sealed?: Bound;
  /** Being read while the consumer works on the batch before. */
  ahead?: { offset: number; chunk: Promise<Buffer> } | undefined;
}

/** Bytes of a segment that may be read now, and the position that comes after them. */
interface Bound {
  limit: number;
  nextPosition: number;
}

/**
 * A partition from `after` on, in batches of up to 4,096 records or about 1 MiB. Each batch's payloads are views on
 * one buffer, which is not used again.
 */
export async function* readPartition(options: ReadPartitionOptions): AsyncGenerator<LogBatch, void, void> {
  const { partition, partitionDirectory, salt, watch, after, signal } = options;
  const decoder = recordDecoder(salt);
  let floor = after + 1;
  /** A reader that asks for the oldest kept does not miss what expired before it came. */
  let missesExpired = after >= 0;
  let place = await enterAtEnd(partitionDirectory, floor, watch.end());

  const lost = (from: number, to: number, where: string): Corruption[] =>
    to < Math.max(from, floor) ? [] : [{ from: Math.max(from, floor), to, detail: where }];
  const lostBatch = (corrupt: Corruption[]): LogBatch => ({ partition, records: [], corrupt });

  try {
    for (;;) {
      const end = await watch.reached(Math.max(place?.position ?? 0, floor), signal);
      if (end === undefined) return;
      if (place === undefined) {
        place = await enter(partitionDirectory, floor, end);
        if (place === undefined) continue;
        const gone = lost(floor, place.position - 1, `segments before ${pathOf(place)} are gone`);
        if (missesExpired && gone.length > 0) yield lostBatch(gone);
        missesExpired = true;
      }
      const bound = await boundOf(place, end, partitionDirectory);
      if (place.offset < bound.limit) {
        yield* readUpTo(place, bound);
        continue;
      }
      const missing = lost(
        place.position,
        bound.nextPosition - 1,
        `${pathOf(place)} from byte ${place.offset} on`,
      );
      if (missing.length > 0) yield lostBatch(missing);
      floor = Math.max(floor, bound.nextPosition);
      place.position = bound.nextPosition;
      if (place.base === end.base) continue;
      await leave(place);
      place = await openPlace(partitionDirectory, bound.nextPosition);
    }
  } finally {
    await leave(place);
  }

  function pathOf(at: Place): string {
    return segmentPath(partitionDirectory, at.base);
  }

  /** One read's worth of batches. Leaves the place after what was read or stepped over. */
  async function* readUpTo(at: Place, bound: Bound): AsyncGenerator<LogBatch, void, void> {
    const chunk = await chunkAt(at, bound);
    const cursor: Cursor = { offset: 0, position: at.position };
    const start = at.offset;
    for (;;) {
      const records: LogRecord[] = [];
      const found = decoder.decode(chunk, cursor, floor, records, BATCH_RECORDS);
      at.offset = start + cursor.offset;
      at.position = cursor.position;
      const sound = found === 'full' || (cursor.offset > 0 && found !== 'bad');
      const corrupt = sound ? [] : await stepOver(at, bound);
      if (found !== 'full') readAhead(at, bound);
      if (records.length > 0 || corrupt.length > 0) yield { partition, records, corrupt };
      if (found !== 'full' || signal.aborted) return;
    }
  }

  /** Moves the place from damage to the next sound record, or to the bound; names the positions lost. */
  async function stepOver(at: Place, bound: Bound): Promise<Corruption[]> {
    const next = await findRecord(at.file, at.offset, bound.limit, at.position, salt);
    const offset = next?.offset ?? bound.limit;
    const position = next?.position ?? Math.max(bound.nextPosition, at.position);
    const corrupt = lost(at.position, position - 1, `${pathOf(at)} from byte ${at.offset} to ${offset}`);
    at.offset = offset;
    at.position = position;
    return corrupt;
  }
}

/** Bytes from the place on: a window's, or those of a single record that is longer. */
async function chunkAt(place: Place, bound: Bound): Promise<Buffer> {
  const { file, offset, ahead } = place;
  const left = bound.limit - offset;
  const chunk = await (ahead?.offset === offset
    ? ahead.chunk
    : readAt(file, offset, Math.min(left, READ_BYTES)));
  place.ahead = undefined;
  const wanted = Math.min(claimedBytesAt(chunk, 0), MAX_RECORD_BYTES, left);
  return chunk.length < wanted ? readAt(file, offset, wanted) : chunk;
}

function readAhead(place: Place, bound: Bound): void {
  const { file, offset } = place;
  if (offset >= bound.limit) return;
  const chunk = readAt(file, offset, Math.min(bound.limit - offset, READ_BYTES));
  chunk.catch(() => {}); // thrown where it is awaited
  place.ahead = { offset, chunk };
}

async function leave(place: Place | undefined): Promise<void> {
  await place?.ahead?.chunk.catch(() => {});
  await place?.file.close();
}

/** The durable end, where that is what is asked for: no search. */
async function enterAtEnd(
  partitionDirectory: string,
  floor: number,
  end: DurableEnd,
): Promise<Place | undefined> {
  if (floor !== end.position + 1 || floor === 0) return undefined;
  const place = await openPlace(partitionDirectory, end.base);
  return place && { ...place, offset: end.offset, position: floor };
}

/** The segment that holds `floor`, from its start, or the oldest. Undefined: it has just expired, look again. */
async function enter(partitionDirectory: string, floor: number, end: DurableEnd): Promise<Place | undefined> {
  const bases = await listSegments(partitionDirectory);
  const base = bases.findLast((candidate) => candidate <= floor) ?? bases[0];
  if (base === undefined)
    throw new Error(`${partitionDirectory} has no segments, but is durable up to position ${end.position}`);
  return openPlace(partitionDirectory, base);
}

async function openPlace(partitionDirectory: string, base: number): Promise<Place | undefined> {
  try {
    const file = await open(segmentPath(partitionDirectory, base), 'r');
    return { file, base, offset: 0, position: base };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function boundOf(place: Place, end: DurableEnd, partitionDirectory: string): Promise<Bound> {
  if (place.base === end.base) return { limit: end.offset, nextPosition: end.position + 1 };
  if (place.sealed !== undefined) return place.sealed;
  const { size } = await place.file.stat();
  const bases = await listSegments(partitionDirectory);
  place.sealed = { limit: size, nextPosition: bases.find((base) => base > place.base) ?? end.base };
  return place.sealed;
}
