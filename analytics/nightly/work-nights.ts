import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '#domain/instant.ts';
import { detectorDays } from '../health/detector-days.ts';
import { judgeDay, loadHistory } from '../health/judge-day.ts';
import { imputeDay, imputedSql } from '../imputation/impute-day.ts';
import { imputed } from '../imputation/imputed.ts';
import { derivedTables, staleness, windowsOfDay, writeDerived } from '../lake/derived-tables.ts';
import { exportFilledRollups } from '../lake/filled-rollups.ts';
import { readManifest, writeManifest } from '../lake/manifest.ts';
import { matchNight } from '../transit/match-nights.ts';

export interface NightlyOptions {
  /** A session of the lake as it stands; the caller holds the lake's lock, and closes it. */
  db: DuckDBConnection;
  /** DATA/lake */
  directory: string;
  /** Local dates (ISO), ascending. */
  dates: readonly string[];
  /** Asked after each day; true ends the work early, with the days so far. */
  enough?: () => boolean;
}

/** What a city's nights have left to do: dates with windows whose verdicts are missing or stale, ascending. */
export function datesDue(directory: string, from: string, to: string): string[] {
  const manifest = readManifest(directory);
  const isStale = staleness(manifest);
  const dates: string[] = [];
  for (let day = Date.parse(from); day < Date.parse(to); day += DAY_MS) {
    const date = new Date(day).toISOString().slice(0, 10);
    if (!manifest.windows[date]) continue;
    const isDone = derivedTables.every((table) => {
      const file = manifest.derived[table.name]?.[date];
      return file !== undefined && !isStale(table, file);
    });
    if (!isDone) dates.push(date);
  }
  return dates;
}

/**
 * Judges the detectors of these days, fills their gaps, and writes both into the lake, with what that changes about its
 * roll-ups. Returns the dates done.
 */
export async function workNights({ db, directory, dates, enough }: NightlyOptions): Promise<string[]> {
  await db.run(`SET memory_limit = '${MEMORY_LIMIT}'`);
  const done: string[] = [];
  let before: string | undefined;
  for (const date of dates) {
    if (before === undefined || Date.parse(date) - Date.parse(before) !== DAY_MS) await loadHistory(db, date);
    await judgeDay(db, date);
    await imputeDay(db);
    const manifest = readManifest(directory);
    const windows = windowsOfDay(manifest, date);
    const verdicts = await writeDerived(
      db,
      directory,
      manifest,
      detectorDays,
      date,
      'FROM health_verdicts',
      windows,
    );
    await writeDerived(db, directory, manifest, imputed, date, imputedSql(date), [...windows, verdicts]);
    await matchNight(db, directory, manifest, date);
    done.push(date);
    before = date;
    if (enough?.()) break;
  }
  const manifest = readManifest(directory);
  await exportFilledRollups({ db, directory, manifest });
  writeManifest(directory, manifest);
  return done;
}

/** Of DuckDB; what does not fit is spilled beside the lake. */
const MEMORY_LIMIT = '500MB';
