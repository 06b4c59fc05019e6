import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Exported, type ExportOptions, exportLake } from '#analytics/lake/export.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { type ExclusiveLock, holderOf, takeExclusiveLock } from '#infra/sqlite/exclusive-lock.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

const LAKE_WAIT_MS = 120_000;

/** Brings the lake up to the newest checkpoint, from whichever process asks; one at a time. */
export async function refreshLake(
  data: DataDirectory,
  onProgress?: ExportOptions['onProgress'],
): Promise<Exported> {
  if (!existsSync(data.logPath)) return { records: 0, readings: 0, days: 0 };
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
    return await exportSnapshot(data, onProgress);
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

async function exportSnapshot(
  data: DataDirectory,
  onProgress?: ExportOptions['onProgress'],
): Promise<Exported> {
  const log = await readSegmentLog({ directory: data.logPath });
  // One snapshot of the store, so that records, readings, windows and ledger are of one moment.
  const snapshot = openDatabase(data.storePath, { durable: false });
  try {
    snapshot.exec('BEGIN');
    return await exportLake({
      directory: data.lakePath,
      log,
      source: sqliteExportSource(snapshot),
      registry: data.registry,
      ...(onProgress ? { onProgress } : {}),
    });
  } finally {
    snapshot.close();
    await log.close();
  }
}

/** A DuckDB session over everything that is stored now. */
export async function lakeSession(data: DataDirectory): Promise<DuckDBConnection> {
  await refreshLake(data);
  const city = data.city() ?? { name: 'an empty city', timezone: 'UTC' };
  const view = await data.registry.view();
  try {
    return await openLake({ directory: data.lakePath, registry: view, city });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!/IO Error|No files found|Invalid Input Error/.test(message)) throw error;
    throw new OperatorFault(
      `the lake in ${data.lakePath} can not be read`,
      message.split('\n')[0]!,
      'restore the file, or move the lake away and run `headway lake`: it is made again from the log, as far as that reaches',
      3,
    );
  }
}
