import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventLog } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import type { ExportSource } from '#domain/store.ts';
import { exportTransitRollups, transitRollupsAreFresh } from '../transit/transit-rollups.ts';
import { exportArchive } from './export-archive.ts';
import { exportLedger } from './export-ledger.ts';
import { exportReadings } from './export-readings.ts';
import { exportWindows } from './export-windows.ts';
import { type LakeContext, lakeInstance } from './lake-context.ts';
import { type Manifest, manifestFiles, readManifest, writeManifest } from './manifest.ts';
import { makeOnDemand } from './on-demand.ts';
import { type City, createLakeViews } from './open-lake.ts';
import { exportRollups, rollupsAreFresh } from './rollups.ts';

export interface ExportOptions {
  /** DATA/lake */
  directory: string;
  log: Pick<EventLog, 'partitions' | 'read'>;
  source: ExportSource;
  registry: Pick<Registry, 'view'>;
  /** Whose clock roll-ups go by; without it there are none. */
  city?: City;
  /** Makes all roll-ups anew. */
  rebuildRollups?: boolean;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** What an export added. */
export interface Exported {
  records: number;
  readings: number;
  days: number;
}

/**
 * Copies everything processed since the last export into Parquet. One exporter at a time (the caller holds the lake's
 * lock). Safe to rerun after any interruption: nothing counts until the manifest names it.
 */
export async function exportLake(options: ExportOptions): Promise<Exported> {
  const { directory, source } = options;
  mkdirSync(directory, { recursive: true });
  const manifest = readManifest(directory);
  const before = structuredClone(manifest);
  sweep(directory, manifest);
  manifest.generation += 1;
  const instance = await lakeInstance(directory);
  const connections: DuckDBConnection[] = [];
  const connect = async (): Promise<DuckDBConnection> => {
    const connection = await instance.connect();
    connections.push(connection);
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  };
  let windows: Promise<void> = Promise.resolve();
  try {
    const context = { ...options, db: await connect(), connect, manifest };
    const checkpoints = (await source.checkpoints()).sort((a, b) => a.partition - b.partition);
    const { days, upTo } = await source.changedDays(manifest.windowsChange);
    // One is DuckDB's work, the other mostly the store's: together they use both cores.
    windows = exportWindows({ ...context, db: await connect() }, days);
    windows.catch(() => {});
    const records = await exportArchive(context, checkpoints);
    const readings = await exportReadings(context);
    await windows;
    manifest.windowsChange = upTo;
    await exportLedger(context);
    if (options.city) await rollUp(context, options.city);
    writeManifest(directory, manifest);
    return { records, readings, days: days.length };
  } catch (error) {
    for (const path of manifestFiles(manifest)) {
      if (!manifestFiles(before).includes(path)) rmSync(join(directory, path), { force: true });
    }
    throw error;
  } finally {
    await windows.catch(() => {});
    for (const connection of connections) connection.closeSync();
  }
}

async function rollUp(context: LakeContext, city: City): Promise<void> {
  const { directory, manifest } = context;
  if (context.rebuildRollups) manifest.rollups = {};
  const registry = await context.registry.view();
  const circumstances = { registry, timezone: city.timezone };
  const isTransitFresh = transitRollupsAreFresh(manifest, city.timezone);
  const areFresh = rollupsAreFresh(manifest, circumstances);
  if (isTransitFresh && areFresh) return;
  const db = await context.connect();
  makeOnDemand(db);
  await createLakeViews(db, directory, manifest, { registry, city });
  if (!isTransitFresh)
    await exportTransitRollups({ db, directory, manifest }, city.timezone, context.onProgress);
  if (!areFresh) await exportRollups({ ...context, db }, circumstances);
}

/** A reader may still hold the files of the manifest before; what is older is left over. */
const SWEEP_AFTER_MS = 10 * 60_000;

function sweep(directory: string, manifest: Manifest): void {
  const named = new Set(manifestFiles(manifest));
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.parquet(\.tmp)?$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    if (named.has(relative(directory, path))) continue;
    if (Date.now() - statSync(path).mtimeMs > SWEEP_AFTER_MS) rmSync(path, { force: true });
  }
}
