import type { DuckDBConnection } from '@duckdb/node-api';
import { readSql } from './check-file.ts';
import { type LogReader, logCursor } from './log-cursor.ts';
import { noteCorrupt } from './note-corrupt.ts';

/** Positions looked at together: a bounded number of records in memory. */
const STRETCH_POSITIONS = 500_000;

/**
 * Calls `check` for each stretch of the archive, with its records in audit_archived and what the log still holds of it
 * in audit_log_records. Returns how many records of the log are newer than the archive.
 */
export async function overStretches(
  db: DuckDBConnection,
  log: LogReader | undefined,
  check: (share: number) => Promise<void>,
): Promise<number> {
  const starts = (await log?.starts()) ?? [];
  const ends = (await log?.ends()) ?? [];
  const partitions = await partitionRanges(db, starts);
  const total = partitions.reduce((sum, p) => sum + p.to - p.from + 1, 0);
  let done = 0;
  for (const { partition, from, to } of partitions) {
    const start = Math.max(starts[partition] ?? 0, from);
    const end = Math.min(ends[partition] ?? -1, to);
    const cursor = log && start <= end ? logCursor(db, log, partition, start) : undefined;
    try {
      for (let first = from; first <= to; first += STRETCH_POSITIONS) {
        const last = Math.min(to, first + STRETCH_POSITIONS - 1);
        if (cursor) await noteCorrupt(db, await cursor.load(Math.min(last, end)));
        await db.run(
          `SET VARIABLE audit_partition = ${partition}; SET VARIABLE audit_from = ${first}; SET VARIABLE audit_to = ${last};
           SET VARIABLE audit_log_from = ${start}; SET VARIABLE audit_log_to = ${end}`,
        );
        await db.run(readSql('archive-stretch'));
        done += last - first + 1;
        await check(done / total);
      }
    } finally {
      await cursor?.close();
    }
  }
  const reach = new Map(partitions.map((p) => [p.partition, p.to]));
  return ends.reduce((sum, end, partition) => sum + Math.max(0, end - (reach.get(partition) ?? -1)), 0);
}

interface PartitionRange {
  partition: number;
  from: number;
  to: number;
}

/** Where there are archived records or outcomes, or should be. */
async function partitionRanges(db: DuckDBConnection, starts: readonly number[]): Promise<PartitionRange[]> {
  const rows = await db.runAndReadAll(`
    SELECT partition, min(low)::DOUBLE AS low, max(high)::DOUBLE AS high
    FROM (
      SELECT partition, min(position) AS low, max(position) AS high FROM archive GROUP BY partition
      UNION ALL
      SELECT partition, min(position), max(position) FROM readings GROUP BY partition
      UNION ALL
      SELECT partition, NULL, reaches FROM audit_reach
    ) GROUP BY partition ORDER BY partition`);
  return rows.getRowObjectsJson().map((row) => {
    const partition = Number(row.partition);
    const low = row.low === null ? Number.POSITIVE_INFINITY : Number(row.low);
    const from = Math.min(low, starts[partition] ?? Number.POSITIVE_INFINITY, Number(row.high));
    return { partition, from, to: Number(row.high) };
  });
}
