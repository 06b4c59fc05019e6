import type { DatabaseSync } from 'node:sqlite';
import { DAY_MS, mod } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import type { Outcome } from '#domain/outcome.ts';
import {
  type Commit,
  type DeadLetter,
  type OutcomeChunk,
  type Store,
  StoreUnavailable,
} from '#domain/store.ts';
import { transaction } from './database.ts';
import { windowRows } from './window-rows.ts';

/** "No hour observed" as SQLite keeps it: a key column can not be null and still be unique. */
const NO_HOUR = -1;

/** The embedded store: outputs, ledger, state and checkpoint in one SQLite transaction. */
export function sqliteStore(db: DatabaseSync): Store {
  const windows = windowRows(db);
  const write = {
    checkpoint: db.prepare('INSERT OR REPLACE INTO checkpoints (partition, position) VALUES (?, ?)'),
    ledger: db.prepare('INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    outcomes: db.prepare('INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?)'),
    deadLetter: db.prepare('INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?)'),
    deadLetterSettled: db.prepare(
      'DELETE FROM dead_letters WHERE partition = ? AND position = ? AND reason = ?',
    ),
    readmission: db.prepare('INSERT OR REPLACE INTO readmissions VALUES (?, ?, ?, ?, ?)'),
    corrupt: db.prepare('INSERT OR REPLACE INTO corrupt VALUES (?, ?, ?, ?)'),
    stream: db.prepare('INSERT OR REPLACE INTO streams VALUES (?, ?, ?)'),
    streamGone: db.prepare('DELETE FROM streams WHERE partition = ? AND key = ?'),
    change: db.prepare(
      "INSERT INTO meta VALUES ('change', '1') ON CONFLICT DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) RETURNING CAST(value AS INTEGER) AS change",
    ),
    changedDay: db.prepare('INSERT OR REPLACE INTO changed_days VALUES (?, ?)'),
  };
  const read = {
    checkpoint: db.prepare('SELECT position FROM checkpoints WHERE partition = ?'),
    streams: db.prepare('SELECT key, value FROM streams WHERE partition = ?'),
    ledger: db.prepare('SELECT * FROM ledger WHERE partition = ? AND device_id = ? AND hour_received = ?'),
    outcomes: db.prepare(
      'SELECT * FROM outcomes WHERE partition = ? AND to_position >= ? ORDER BY to_position LIMIT 1',
    ),
    deadLetters: db.prepare('SELECT * FROM dead_letters WHERE partition = ? AND position = ?'),
  };

  const commit = (c: Commit): void => {
    const { partition } = c.checkpoint;
    const days = new Set<number>();
    for (const row of c.windows) {
      windows.write(row);
      days.add(row.startAt - mod(row.startAt, DAY_MS));
    }
    if (days.size > 0) {
      const { change } = write.change.get() as { change: number };
      for (const day of days) write.changedDay.run(day, change);
    }
    for (const r of c.ledger) {
      const hourObserved = r.hourObserved ?? NO_HOUR;
      write.ledger.run(
        partition,
        r.deviceId,
        r.hourReceived,
        hourObserved,
        r.outcome,
        r.reason,
        r.readings,
        r.late,
      );
    }
    for (const o of c.outcomes) write.outcomes.run(o.partition, o.to, o.from, o.registryVersion, o.bytes);
    for (const d of c.deadLetters) {
      if (d.indices.length === 0) write.deadLetterSettled.run(d.partition, d.position, d.reason);
      else {
        const indices = JSON.stringify(d.indices);
        write.deadLetter.run(d.partition, d.position, d.reason, d.deviceId, d.receivedAt, indices, d.detail);
      }
    }
    for (const r of c.readmissions)
      write.readmission.run(r.partition, r.position, r.index, r.via, r.registryVersion);
    for (const r of c.corrupt) write.corrupt.run(partition, r.from, r.to, r.detail);
    for (const s of c.state) {
      if (s.value === null) write.streamGone.run(partition, s.key);
      else write.stream.run(partition, s.key, s.value);
    }
    write.checkpoint.run(partition, c.checkpoint.position);
  };

  return {
    checkpoint: async (partition) => {
      const row = read.checkpoint.get(partition) as { position: number } | undefined;
      return { partition, position: row?.position ?? -1 };
    },
    loadState: async (partition) => read.streams.all(partition) as { key: string; value: string }[],
    loadWindows: async (_partition, keys) => keys.flatMap(windows.load),
    loadLedger: async (partition, keys) =>
      keys.flatMap(({ deviceId, hourReceived }) =>
        (read.ledger.all(partition, deviceId, hourReceived) as unknown as StoredLedger[]).map(toLedgerRow),
      ),
    loadOutcomes: async (partition, position) => {
      const row = read.outcomes.get(partition, position) as StoredOutcomes | undefined;
      return row && row.from_position <= position ? toChunk(row) : undefined;
    },
    loadDeadLetters: async (partition, position) =>
      (read.deadLetters.all(partition, position) as unknown as StoredDeadLetter[]).map(toDeadLetter),
    commit: async (c) => {
      try {
        transaction(db, () => commit(c));
      } catch (error) {
        windows.forget();
        throw isOutside(error) ? new StoreUnavailable((error as Error).message, { cause: error }) : error;
      }
    },
  };
}

/** SQLITE_BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN: the world's fault, not the statement's. */
const outsideCodes = new Set([5, 6, 7, 10, 13, 14]);

function isOutside(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && outsideCodes.has(errcode & 0xff);
}

interface StoredLedger {
  partition: number;
  device_id: string;
  hour_received: number;
  hour_observed: number;
  outcome: string;
  reason: string;
  readings: number;
  late: number;
}

export function toLedgerRow(row: StoredLedger): LedgerRow {
  return {
    partition: row.partition,
    deviceId: row.device_id,
    hourReceived: row.hour_received,
    hourObserved: row.hour_observed === NO_HOUR ? null : row.hour_observed,
    outcome: row.outcome as Outcome['outcome'],
    reason: row.reason as Outcome['reason'],
    readings: row.readings,
    late: row.late,
  };
}

interface StoredOutcomes {
  partition: number;
  from_position: number;
  to_position: number;
  registry_version: number;
  bytes: Uint8Array;
}

export function toChunk(row: StoredOutcomes): OutcomeChunk {
  return {
    partition: row.partition,
    from: row.from_position,
    to: row.to_position,
    registryVersion: row.registry_version,
    bytes: row.bytes,
  };
}

interface StoredDeadLetter {
  partition: number;
  position: number;
  reason: string;
  device_id: string;
  received_at: number;
  indices: string;
  detail: string;
}

export function toDeadLetter(row: StoredDeadLetter): DeadLetter {
  return {
    partition: row.partition,
    position: row.position,
    reason: row.reason as DeadLetter['reason'],
    deviceId: row.device_id,
    receivedAt: row.received_at,
    indices: JSON.parse(row.indices),
    detail: row.detail,
  };
}
