import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { damagedFile } from '#analytics/lake/damaged-file.ts';
import { type Exported, type ExportOptions, exportLake } from '#analytics/lake/export.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { createLiveVisitsView } from '#analytics/transit/live-table.ts';
import { type ExclusiveLock, holderOf, takeExclusiveLock } from '#infra/sqlite/exclusive-lock.ts';
import type { LogReader } from './city-state.ts';
import { OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { liveVisitFiles } from './live-files.ts';

const emptyCity = { name: 'an empty city', timezone: 'UTC' };
const LAKE_WAIT_MS = 120_000;

/** Brings the lake up to the newest checkpoint, from whichever process asks; one at a time. */
export async function refreshLake(
  data: DataDirectory,
  onProgress?: ExportOptions['onProgress'],
  rebuildRollups = false,
): Promise<Exported> {
  const log = await data.readLog();
  if (!log) return { records: 0, readings: 0, days: 0 };
  try {
    return await withLakeLock(data, () => exportSnapshot(data, log, onProgress, rebuildRollups));
  } finally {
    await log.close();
  }
}

/** Runs work that changes the lake; one at a time, whichever process asks. @throws OperatorFault when it stays taken. */
export async function withLakeLock<T>(data: DataDirectory, work: () => Promise<T>): Promise<T> {
  const lock = await lakeLock(data.lakeLockPath);
  if (!lock) {
    throw new OperatorFault(
      'could not bring the lake up to date',
      `its lock is held by ${holderOf(data.lakeLockPath)}`,
      'an export is under way; try again when it has ended',
      3,
    );
  }
  try {
    return await (data.withSharedLake?.(work) ?? work());
  } finally {
    lock.release();
  }
}

/** Waits without blocking the thread: the door, and perhaps the export that holds the lock, run in it. */
async function lakeLock(path: string): Promise<ExclusiveLock | undefined> {
  const giveUpAt = performance.now() + LAKE_WAIT_MS;
  for (;;) {
    const lock = takeExclusiveLock(path, 0);
    if (lock || performance.now() > giveUpAt) return lock;
    await sleep(20 + 40 * Math.random());
  }
}

/** One snapshot of the store, so that records, readings, windows and ledger are of one moment. */
async function exportSnapshot(
  data: DataDirectory,
  log: LogReader,
  onProgress: ExportOptions['onProgress'],
  rebuildRollups: boolean,
): Promise<Exported> {
  const source = await data.snapshot();
  try {
    return await exportLake({
      directory: data.lakePath,
      log,
      source,
      registry: data.registry,
      city: data.city() ?? emptyCity,
      ...(rebuildRollups ? { rebuildRollups } : {}),
      ...(onProgress ? { onProgress } : {}),
    });
  } finally {
    await source.close();
  }
}

/** A DuckDB session over everything that is stored now. */
export async function lakeSession(data: DataDirectory): Promise<DuckDBConnection> {
  await refreshLake(data);
  return openSession(data);
}

/** A DuckDB session over the lake as it was last exported. */
export async function openSession(data: DataDirectory): Promise<DuckDBConnection> {
  const city = data.city() ?? emptyCity;
  const view = await data.registry.view();
  const damage = damagedFile(data.lakePath, readManifest(data.lakePath));
  if (damage !== undefined) {
    throw new OperatorFault(
      `the lake in ${data.lakePath} can not be read`,
      damage,
      'restore the file, or move the lake away and run `headway lake`: it is made again from the log, as far as that reaches',
      3,
    );
  }
  const db = await openLake({ directory: data.lakePath, registry: view, city });
  await createLiveVisitsView(db, liveVisitFiles(data));
  return db;
}
