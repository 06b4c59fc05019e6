import { hash } from 'node:crypto';
import { type DuckDBConnection, DuckDBTimestampTZValue } from '@duckdb/node-api';
import type { EventLog, LogRecord } from '#domain/log.ts';
import type { CorruptRange } from './audit-result.ts';

export type SegmentReader = Pick<EventLog, 'partitions' | 'read' | 'starts' | 'ends'>;

/** Records held in memory at once. */
const STRETCH_RECORDS = 500_000;

export interface SegmentStretch {
  partition: number;
  /** First and last position that the stretch speaks for. */
  from: number;
  to: number;
  /** Positions in it that the log can no longer read. */
  corrupt: CorruptRange[];
}

/**
 * Reads what the log still holds up to position `upTo` of each partition, and leaves each stretch, payloads as their
 * md5, in the table audit_segment_records while it is yielded.
 */
export async function* segmentStretches(
  db: DuckDBConnection,
  log: SegmentReader,
  upTo: (partition: number) => number,
): AsyncGenerator<SegmentStretch> {
  await db.run(`CREATE OR REPLACE TEMP TABLE audit_segment_records (partition INTEGER, position BIGINT, type VARCHAR,
    device_id VARCHAR, received_at TIMESTAMPTZ, domain VARCHAR, payload_md5 VARCHAR)`);
  const [starts, ends] = [await log.starts(), await log.ends()];
  for (let partition = 0; partition < log.partitions; partition++) {
    const last = Math.min(ends[partition] ?? -1, upTo(partition));
    const first = starts[partition] ?? 0;
    if (first <= last) yield* stretchesOf(db, log, partition, first, last);
  }
}

async function* stretchesOf(
  db: DuckDBConnection,
  log: SegmentReader,
  partition: number,
  first: number,
  last: number,
): AsyncGenerator<SegmentStretch> {
  const stop = new AbortController();
  let stretch: SegmentStretch = { partition, from: first, to: first - 1, corrupt: [] };
  let records = 0;
  let appender = await db.createAppender('audit_segment_records');
  try {
    for await (const batch of log.read(partition, first - 1, stop.signal)) {
      for (const record of batch.records) {
        if (record.position > last) break;
        appendRecord(appender, partition, record);
        records += 1;
      }
      for (const c of batch.corrupt) {
        if (c.from <= last) stretch.corrupt.push({ partition, ...c });
      }
      const reached = Math.max(batch.records.at(-1)?.position ?? -1, batch.corrupt.at(-1)?.to ?? -1);
      stretch.to = Math.min(last, reached);
      if (records < STRETCH_RECORDS && reached < last) continue;
      appender.closeSync();
      yield stretch;
      if (reached >= last) return;
      await db.run('DELETE FROM audit_segment_records');
      stretch = { partition, from: reached + 1, to: reached, corrupt: [] };
      records = 0;
      appender = await db.createAppender('audit_segment_records');
    }
  } finally {
    stop.abort();
    await db.run('DELETE FROM audit_segment_records');
  }
}

type Appender = Awaited<ReturnType<DuckDBConnection['createAppender']>>;

function appendRecord(appender: Appender, partition: number, record: LogRecord): void {
  appender.appendInteger(partition);
  appender.appendBigInt(BigInt(record.position));
  appender.appendVarchar(record.type);
  appender.appendVarchar(record.deviceId);
  appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(Math.round(record.receivedAt * 1_000))));
  appender.appendVarchar(record.domain);
  appender.appendVarchar(hash('md5', record.payload));
  appender.endRow();
}
