import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { City } from '#analytics/lake/open-lake.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import type { Corruption } from '#domain/log.ts';
import type { Checkpoint } from '#domain/store.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteDoorCounts } from '#infra/sqlite/door-counts.ts';
import { holderOf, takeExclusiveLock } from '#infra/sqlite/exclusive-lock.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import type { CityState } from './city-state.ts';
import { OperatorFault } from './config.ts';
import { processingThread } from './processing-thread.ts';
import type { ProcessingWorkerData } from './processing-worker.ts';
import { deadReadingsAt } from './readmit.ts';

/** A city in its data directory: one process writes, any number read. */
export function embeddedCity(
  db: DatabaseSync,
  paths: { path: string; logPath: string; storePath: string; writerLockPath: string },
): CityState {
  const { path, logPath, storePath, writerLockPath } = paths;
  const city = (): City | undefined => {
    const row = db.prepare("SELECT value FROM meta WHERE name = 'city'").get() as
      | { value: string }
      | undefined;
    return row && JSON.parse(row.value);
  };
  return {
    registry: sqliteRegistry(db, Date.now),
    city,
    setCity: async (named) => {
      const known = city();
      if (known) mustAgree(path, known, named);
      else db.prepare("INSERT INTO meta VALUES ('city', ?)").run(JSON.stringify(named));
    },
    openLog: async ({ log: { partitions } }) => {
      const lock = takeExclusiveLock(writerLockPath, 0);
      if (!lock) {
        throw new OperatorFault(
          `another Headway writes to ${path}`,
          holderOf(writerLockPath),
          'stop it first, or choose another directory with --data',
          3,
        );
      }
      try {
        const log = await openSegmentLog({ directory: logPath, partitions });
        return {
          ...log,
          close: async () => {
            await log.close();
            lock.release();
          },
        };
      } catch (error) {
        lock.release();
        throw new OperatorFault(
          `could not open the log of ${path}`,
          (error as Error).message,
          '`headway config check` shows what is in force; nothing in the log was changed',
          3,
        );
      }
    },
    readLog: async () => (existsSync(logPath) ? readSegmentLog({ directory: logPath }) : undefined),
    checkpoints: async () =>
      db.prepare('SELECT partition, position FROM checkpoints').all() as unknown as Checkpoint[],
    ledgerTotals: async () =>
      db
        .prepare(
          'SELECT outcome, reason, sum(readings) AS readings, sum(late) AS late FROM ledger GROUP BY outcome, reason',
        )
        .all() as unknown as Pick<LedgerRow, 'outcome' | 'reason' | 'readings' | 'late'>[],
    deadReadings: async (places) => deadReadingsAt(db, places),
    corrupt: async () =>
      db
        .prepare('SELECT partition, from_position AS "from", to_position AS "to", detail FROM corrupt')
        .all() as unknown as (Corruption & { partition: number })[],
    snapshot: async () => {
      const snapshot = openDatabase(storePath, { durable: false });
      snapshot.exec('BEGIN');
      return { ...sqliteExportSource(snapshot), close: async () => snapshot.close() };
    },
    startProcessing: ({ processing }, timezone) =>
      processingThread(new URL('./processing-worker.ts', import.meta.url), {
        logPath,
        storePath,
        timezone,
        processing,
      } satisfies ProcessingWorkerData),
    doorCounts: () => {
      // A connection of its own that hardly waits: the door never stands still for processing's commit.
      const doorDb = openDatabase(storePath, { durable: false, waitMs: 20 });
      const door = sqliteDoorCounts(doorDb, Date.now);
      const flush = setInterval(() => door.flush(), 1_000);
      return {
        refused: door.refused,
        close: async () => {
          clearInterval(flush);
          // Each try waits a little; a store that is busy for longer than a second keeps its own counts.
          for (let tries = 0; tries < 50 && !door.flush(); tries++);
          doorDb.close();
        },
      };
    },
    close: () => db.close(),
  };
}

/** @throws OperatorFault where the clocks of the two differ. */
export function mustAgree(where: string, known: City, named: City): void {
  if (known.timezone === named.timezone) return;
  throw new OperatorFault(
    `${where} holds the city ${known.name}, whose clocks follow ${known.timezone}`,
    `what was to be added follows ${named.timezone}; a city has one time zone`,
    'keep each city in a directory of its own: --data DIR',
  );
}
