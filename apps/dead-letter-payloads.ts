import { existsSync } from 'node:fs';
import { openLake } from '#analytics/lake/open-lake.ts';
import { type EventLogReader, readSegmentLog } from '#infra/log/read-segment-log.ts';
import type { DataDirectory } from './data-directory.ts';

export interface Place {
  partition: number;
  position: number;
}

/** Payloads by `partition/position`: from the log while it has them, else from the lake's archive. */
export async function payloadsAt(
  data: DataDirectory,
  places: readonly Place[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  if (places.length === 0) return found;
  if (existsSync(data.logPath)) await readLogs(data.logPath, places, found);
  const missing = places.filter((p) => !found.has(`${p.partition}/${p.position}`));
  if (missing.length > 0) await readArchive(data, missing, found);
  return found;
}

async function readLogs(
  directory: string,
  places: readonly Place[],
  found: Map<string, Uint8Array>,
): Promise<void> {
  const log = await readSegmentLog({ directory });
  try {
    const byPartition = Map.groupBy(places, (p) => p.partition);
    for (const [partition, own] of byPartition) await readLog(log, partition, positionsOf(own), found);
  } finally {
    await log.close();
  }
}

function positionsOf(places: readonly Place[]): number[] {
  return [...new Set(places.map((p) => p.position))].sort((a, b) => a - b);
}

/** Positions further apart than this are looked for one by one: in between is more to read than it is worth. */
const NEAR = 20_000;

async function readLog(
  log: EventLogReader,
  partition: number,
  positions: readonly number[],
  found: Map<string, Uint8Array>,
): Promise<void> {
  const [starts, ends] = [await log.starts(), await log.ends()];
  const kept = positions.filter((p) => p >= starts[partition]! && p <= ends[partition]!);
  for (let i = 0; i < kept.length; ) {
    const stop = new AbortController();
    for await (const batch of log.read(partition, kept[i]! - 1, stop.signal)) {
      const last = batch.records.at(-1)?.position ?? batch.corrupt.at(-1)?.to ?? Number.POSITIVE_INFINITY;
      const records = new Map(batch.records.map((r) => [r.position, r.payload]));
      for (; i < kept.length && kept[i]! <= last; i++) {
        const payload = records.get(kept[i]!);
        if (payload) found.set(`${partition}/${kept[i]}`, payload.slice());
      }
      if (i >= kept.length || kept[i]! - last > NEAR) break;
    }
    stop.abort();
  }
}

async function readArchive(
  data: DataDirectory,
  places: readonly Place[],
  found: Map<string, Uint8Array>,
): Promise<void> {
  const city = data.city() ?? { name: '', timezone: 'UTC' };
  const db = await openLake({ directory: data.lakePath, registry: await data.registry.view(), city });
  const list = places.map((p) => `(${Number(p.partition)}, ${Number(p.position)})`).join(', ');
  const rows = await db.runAndReadAll(
    `SELECT partition, position::DOUBLE AS position, payload FROM archive
     JOIN (VALUES ${list}) AS wanted(p, n) ON partition = p AND position = n`,
  );
  for (const row of rows.getRowObjectsJS()) {
    found.set(`${row.partition}/${row.position}`, row.payload as Uint8Array);
  }
}

/** The reading at an index of a payload as JSON text; the whole payload where it is not JSON. */
export function readingAt(payload: Uint8Array, index: number): string {
  const text = Buffer.from(payload).toString('utf8');
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (JSON.stringify(parsed[index]) ?? text) : text;
  } catch {
    return text;
  }
}
