import { type DuckDBAppender, DuckDBTimestampTZValue } from '@duckdb/node-api';
import type { LogRecord } from '#domain/log.ts';
import type { Checkpoint } from '#domain/store.ts';
import { type LakeContext, parquetRows, writeParquet } from './lake-context.ts';
import type { RangeFile } from './manifest.ts';

/** A file holds at most about this much payload, so that memory stays bounded. */
const FILE_BYTES = 192 * 1024 * 1024;
/** A file with fewer records than this is joined with what comes next: live exports would leave thousands. */
const SMALL_RECORDS = 50_000;

/** Copies every record of the log up to the checkpoints, verbatim. Returns how many. */
export async function exportArchive(
  context: LakeContext,
  checkpoints: readonly Checkpoint[],
): Promise<number> {
  await context.db.run(`CREATE TEMP TABLE new_records (
    partition INTEGER, position BIGINT, type VARCHAR, device_id VARCHAR, received_at TIMESTAMPTZ, domain VARCHAR,
    payload BLOB)`);
  let total = 0;
  for (const { partition, position } of checkpoints) {
    const after = context.manifest.exportedTo[partition] ?? -1;
    if (position > after) total += await exportPartition(context, partition, after, position);
    context.manifest.exportedTo[partition] = Math.max(after, position);
  }
  return total;
}

async function exportPartition(
  context: LakeContext,
  partition: number,
  after: number,
  upTo: number,
): Promise<number> {
  const stop = new AbortController();
  let records = 0;
  let bytes = 0;
  let from = after + 1;
  let appender = await context.db.createAppender('new_records');
  try {
    for await (const batch of context.log.read(partition, after, stop.signal)) {
      for (const record of batch.records) {
        if (record.position > upTo) break;
        append(appender, partition, record);
        records += 1;
        bytes += record.payload.length + 100;
        if (bytes >= FILE_BYTES) {
          appender.closeSync();
          await writeRange(context, partition, from, record.position);
          from = record.position + 1;
          bytes = 0;
          appender = await context.db.createAppender('new_records');
        }
      }
      context.onProgress?.('archive', (batch.records.at(-1)?.position ?? after) - after, upTo - after);
      const last = batch.records.at(-1)?.position ?? batch.corrupt.at(-1)?.to ?? -1;
      if (last >= upTo) break;
    }
  } finally {
    stop.abort();
    appender.closeSync();
  }
  if (from <= upTo) await writeRange(context, partition, from, upTo);
  return records;
}

function append(appender: DuckDBAppender, partition: number, record: LogRecord): void {
  appender.appendInteger(partition);
  appender.appendBigInt(BigInt(record.position));
  appender.appendVarchar(record.type);
  appender.appendVarchar(record.deviceId);
  appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(Math.round(record.receivedAt * 1_000))));
  appender.appendVarchar(record.domain);
  appender.appendBlob(record.payload);
  appender.endRow();
}

/** One file for each month received, so that a month can be dropped or moved as a folder. */
async function writeRange(context: LakeContext, partition: number, from: number, to: number): Promise<void> {
  const { db, manifest, directory } = context;
  const last = manifest.archive.findLast((f) => f.partition === partition);
  const joined = last && last.rows < SMALL_RECORDS && last.to === from - 1 ? last : undefined;
  // In the order of the log as they stand: sorting payloads would cost more than writing them.
  const rows = joined
    ? `(SELECT * EXCLUDE (payload_md5) FROM ${parquetRows(directory, [joined.path])} UNION ALL SELECT * FROM new_records)`
    : 'new_records';
  const start = joined?.from ?? from;
  const months = await db.runAndReadAll(
    `SELECT strftime(received_at, '%Y-%m') AS month, count(*)::INTEGER AS n, min(position)::DOUBLE AS low, max(position)::DOUBLE AS high,
       sum(octet_length(payload))::DOUBLE AS bytes
     FROM ${rows} GROUP BY 1 ORDER BY low`,
  );
  const files: RangeFile[] = [];
  for (const { month, n, low, high, bytes } of months.getRowObjectsJS() as unknown as MonthRow[]) {
    const path = `archive/month=${month}/p${partition}-${low}-${high}-g${manifest.generation}.parquet`;
    await writeParquet(
      context,
      path,
      `SELECT *, md5(payload) AS payload_md5 FROM ${rows} WHERE strftime(received_at, '%Y-%m') = '${month}'`,
      rowGroupRows(n, bytes),
    );
    files.push({ path, partition, from: low, to: high, rows: n });
  }
  if (joined) manifest.archive = manifest.archive.filter((f) => f !== joined);
  // The files of one range cover it together, positions without a record included.
  if (files.length === 1) files[0] = { ...files[0]!, from: start, to };
  manifest.archive.push(...files);
  await db.run('DELETE FROM new_records');
}

/** Row groups of about 8 MB are compressed, and read again, on all cores. */
function rowGroupRows(records: number, bytes: number): number {
  const rows = Math.floor((8 * 1024 * 1024) / Math.max(64, bytes / records));
  return Math.min(122_880, Math.max(2_048, rows - (rows % 2_048)));
}

interface MonthRow {
  month: string;
  n: number;
  low: number;
  high: number;
  bytes: number;
}
