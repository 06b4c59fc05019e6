import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cityTime } from '#domain/city-time.ts';
import { formatInstant, type Instant, SECOND_MS } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { LIVE, type LogBatch, type LogRecord } from '#domain/log.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import type { Commit, Store } from '#domain/store.ts';
import type { WindowRow } from '#domain/window.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { sqliteStore, toLedgerRow } from '#infra/sqlite/store.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { processor, usualClosing } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';

/** 2026-03-02T08:00:00Z, a Monday. */
export const START: Instant = Date.UTC(2026, 2, 2, 8);

/** A partition's log in memory, a real store on disk, and a registry: what the runner meets, without a door. */
export function smallCity(zone = 'UTC') {
  const directory = mkdtempSync(join(tmpdir(), 'headway-processing-'));
  const db = openDatabase(join(directory, 'store.db'), { durable: false });
  const registry = sqliteRegistry(db, () => START);
  const records: LogRecord[] = [];

  const send = (
    deviceId: string,
    readings: unknown,
    options: { receivedAt?: Instant; type?: LogRecord['type']; domain?: string } = {},
  ): LogRecord => {
    const record: LogRecord = {
      type: options.type ?? 'telemetry',
      deviceId,
      receivedAt: options.receivedAt ?? START + 5 * 60_000,
      domain: options.domain ?? LIVE,
      payload: Buffer.from(typeof readings === 'string' ? readings : JSON.stringify(readings)),
      position: records.length,
    };
    records.push(record);
    return record;
  };

  /** Processes what the log holds now, `batch` records at a time, until it is stored or `store` fails. */
  const run = async (
    options: {
      batch?: number;
      liveTime?: Instant;
      store?: (real: Store) => Store;
      closing?: typeof usualClosing;
      /** Instead of a commit after each batch. */
      pace?: { nowMs: () => number; commitEveryMs: number };
    } = {},
  ): Promise<void> => {
    const stop = new AbortController();
    const end = records.length - 1;
    const log = {
      async *read(partition: number, after: number): AsyncGenerator<LogBatch> {
        const size = options.batch ?? 10;
        for (let from = after + 1; from < records.length; from += size) {
          yield { partition, records: records.slice(from, from + size), corrupt: [] };
        }
      },
    };
    const real = sqliteStore(db);
    const { liveTime } = options;
    const step = processor(options.closing ?? usualClosing);
    await runPartition(
      {
        log,
        store: options.store?.(real) ?? real,
        registry,
        admission: admission(usualClockBounds, cityTime(zone).offsetAt),
        processor:
          liveTime === undefined
            ? step
            : {
                ...step,
                onTime: (state, tick) => step.onTime(state, tick ?? liveTime),
              },
        partition: 0,
        nowMs: () => 0,
        commitEveryMs: 1_000_000,
        commitEveryReadings: options.pace ? 1_000_000 : 1,
        ...options.pace,
      },
      stop.signal,
    );
    if ((await real.checkpoint(0)).position !== end) throw new Error('the runner stopped short');
  };

  return {
    db,
    registry,
    records,
    send,
    run,
    register: (changes: readonly NewRegistryChange[]) => registry.change(changes),
    windows: async (deviceId: string): Promise<WindowRow[]> => {
      const keys = db
        .prepare(
          'SELECT DISTINCT start_at, kind, subject, direction, lane, window_s FROM windows WHERE device_id = ? ORDER BY start_at, direction, lane',
        )
        .all(deviceId) as {
        start_at: number;
        kind: string;
        subject: string;
        direction: string;
        lane: number;
        window_s: number;
      }[];
      return sqliteStore(db).loadWindows(
        0,
        keys.map((k) => ({ ...k, deviceId, startAt: k.start_at, windowS: k.window_s })),
      );
    },
    ledger: (): LedgerRow[] =>
      db
        .prepare('SELECT * FROM ledger')
        .all()
        .map((r) => toLedgerRow(r as never)),
    /** Readings by outcome, with the reason where there is one. */
    sums: (): Record<string, number> => {
      const rows = db
        .prepare(
          "SELECT outcome || CASE reason WHEN '' THEN '' ELSE ' ' || reason END AS name, sum(readings) AS n FROM ledger GROUP BY 1 HAVING n > 0",
        )
        .all() as { name: string; n: number }[];
      return Object.fromEntries(rows.map((r) => [r.name, r.n]));
    },
    close: () => {
      db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type SmallCity = ReturnType<typeof smallCity>;

export function registered(
  deviceId: string,
  options: { siteId?: string; periodS?: number; lanes?: number[]; validFrom?: Instant } = {},
): NewRegistryChange[] {
  const { siteId = `site of ${deviceId}`, periodS = 60, lanes, validFrom = ALWAYS } = options;
  return [
    { kind: 'site', id: siteId, validFrom, body: { siteId } },
    {
      kind: 'device',
      id: deviceId,
      validFrom,
      body: { deviceId, domain: LIVE, role: 'sensor', key: 'aw==' },
    },
    {
      kind: 'installation',
      id: deviceId,
      validFrom,
      body: { deviceId, siteId, periodS, ...(lanes ? { lanes } : {}) },
    },
  ];
}

/** A traffic-flow reading so many seconds after START. */
export function flow(afterS: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    kind: 'traffic-flow',
    observedAt: formatInstant(START + afterS * SECOND_MS),
    periodS: 60,
    count: 10,
    speedKmh: 50,
    ...fields,
  };
}

/** A store that dies at its n-th commit, before or after writing. */
export function dyingAt(n: number, moment: 'before' | 'after'): (real: Store) => Store {
  let commits = 0;
  return (real) => ({
    ...real,
    commit: async (commit: Commit) => {
      commits += 1;
      if (commits === n && moment === 'before') throw new Error('killed');
      await real.commit(commit);
      if (commits === n) throw new Error('killed');
    },
  });
}
