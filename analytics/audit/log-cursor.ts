import { hash } from 'node:crypto';
import { type DuckDBAppender, type DuckDBConnection, DuckDBTimestampTZValue } from '@duckdb/node-api';
import type { EventLog, LogBatch, LogRecord } from '#domain/log.ts';
import type { CorruptRange } from './audit-result.ts';

export type LogReader = Pick<EventLog, 'partitions' | 'read' | 'starts' | 'ends'>;

/** Walks one partition of the log beside its archive. */
export interface LogCursor {
  /** Replaces the table audit_log_records by the records up to position `to`, payloads as their md5. */
  load(to: number): Promise<CorruptRange[]>;
  close(): Promise<void>;
}

/** From position `first` on; must not be asked for more than is durable. */
export function logCursor(db: DuckDBConnection, log: LogReader, partition: number, first: number): LogCursor {
  const stop = new AbortController();
  const batches = log.read(partition, first - 1, stop.signal)[Symbol.asyncIterator]();
  let batch: LogBatch | undefined;
  let at = 0;
  let reached = first - 1;

  return {
    async load(to) {
      await db.run('DELETE FROM audit_log_records');
      const corrupt: CorruptRange[] = [];
      const appender = await db.createAppender('audit_log_records');
      for (;;) {
        while (batch && at < batch.records.length && batch.records[at]!.position <= to) {
          appendRecord(appender, partition, batch.records[at++]!);
        }
        if (reached >= to) break;
        const next = await batches.next();
        if (next.done) break;
        batch = next.value;
        at = 0;
        corrupt.push(...batch.corrupt.map((c) => ({ partition, ...c })));
        reached = Math.max(reached, batch.records.at(-1)?.position ?? -1, batch.corrupt.at(-1)?.to ?? -1);
      }
      appender.closeSync();
      return corrupt;
    },
    async close() {
      stop.abort();
      await batches.return?.();
      await db.run('DELETE FROM audit_log_records');
    },
  };
}

function appendRecord(appender: DuckDBAppender, partition: number, record: LogRecord): void {
  appender.appendInteger(partition);
  appender.appendBigInt(BigInt(record.position));
  appender.appendVarchar(record.type);
  appender.appendVarchar(record.deviceId);
  appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(Math.round(record.receivedAt * 1_000))));
  appender.appendVarchar(record.domain);
  appender.appendVarchar(hash('md5', record.payload));
  appender.endRow();
}
