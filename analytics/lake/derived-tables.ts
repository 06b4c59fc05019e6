import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '#domain/instant.ts';
import { feedDaysTable } from '../feed-quality/feed-days-table.ts';
import { detectorDays } from '../health/detector-days.ts';
import { imputed } from '../imputation/imputed.ts';
import { passengerCountsTable, stopVisitsTable, tripsPerformedTable } from '../transit/transit-tables.ts';
import { parquetRows, quoted, writeParquet } from './lake-context.ts';
import { type DerivedFile, type Manifest, writeManifest } from './manifest.ts';
import { defineViews } from './on-demand.ts';

/** Tables worked out from the lake's own, one file a local date. */
export interface DerivedTable {
  name: string;
  /** Counts changes of the formula. */
  version: number;
  /** Names and types of DuckDB. */
  columns: string;
}

export const derivedTables: readonly DerivedTable[] = [
  detectorDays,
  imputed,
  tripsPerformedTable,
  stopVisitsTable,
  passengerCountsTable,
  feedDaysTable,
];

/** Tells whether a file rests on windows, or on a formula, that are no longer those in force. */
export function staleness(manifest: Manifest): (table: DerivedTable, file: DerivedFile) => boolean {
  const current = new Set([
    ...Object.values(manifest.windows),
    ...Object.values(manifest.derived).flatMap((files) => Object.values(files).map((f) => f.path)),
    ...manifest.timetables.flatMap((v) => Object.values(v.files)),
  ]);
  return (table, file) => file.version !== table.version || file.restsOn.some((path) => !current.has(path));
}

/**
 * The files of windows that can hold a local date, in any time zone: those of the UTC dates around it. Windows of other
 * dates are history, and make nothing stale.
 */
export function windowsOfDay(manifest: Manifest, date: string): string[] {
  return [-1, 0, 1].flatMap((shift) => {
    const day = new Date(Date.parse(date) + shift * DAY_MS).toISOString().slice(0, 10);
    return manifest.windows[day] ?? [];
  });
}

/** A view of each derived table, with the version it was made by and whether it is stale. */
export async function createDerivedViews(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE derived_days (name VARCHAR, date DATE, version INTEGER, stale BOOLEAN)',
  );
  const stale = staleness(manifest);
  for (const table of derivedTables) {
    const files = Object.entries(manifest.derived[table.name] ?? {});
    const none = `SELECT * FROM (SELECT ${table.columns
      .split(/,(?![^(]*\))/)
      .map(nullColumn)
      .join(', ')}) WHERE false`;
    const rows =
      files.length === 0
        ? none
        : // Files of an earlier version may lack columns.
          `${none} UNION ALL BY NAME SELECT * FROM ${parquetRows(
            directory,
            files.map(([, file]) => file.path),
          )}`;
    if (files.length > 0) {
      const days = files.map(
        ([date, file]) =>
          `(${quoted(table.name)}, DATE ${quoted(date)}, ${file.version}, ${stale(table, file)})`,
      );
      await db.run(`INSERT INTO derived_days VALUES ${days.join(', ')}`);
    }
    await defineViews(
      db,
      `CREATE OR REPLACE TEMP VIEW ${table.name} AS
      SELECT t.*, d.version AS formula_version, d.stale
      FROM (${rows}) t JOIN derived_days d ON d.date = t.date AND d.name = ${quoted(table.name)}`,
    );
  }
}

function nullColumn(column: string): string {
  const [name, ...type] = column.trim().split(' ');
  return `NULL::${type.join(' ')} AS ${name}`;
}

/**
 * Writes a table's file of a local date and names it in the manifest, in place of the one before. Returns its path. The
 * caller holds the lake's lock.
 */
export async function writeDerived(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  table: DerivedTable,
  date: string,
  query: string,
  restsOn: readonly string[],
  noted: Pick<DerivedFile, 'ledger' | 'seen'> = {},
): Promise<string> {
  manifest.generation += 1;
  const path = `${table.name}/month=${date.slice(0, 7)}/${date}-g${manifest.generation}.parquet`;
  try {
    await writeParquet({ db, directory }, path, query);
    const written = await db.runAndReadAll(`SELECT count(*)::INTEGER FROM ${parquetRows(directory, [path])}`);
    const rows = Number(written.getRows()[0]![0]);
    manifest.derived[table.name] = {
      ...manifest.derived[table.name],
      [date]: { path, version: table.version, restsOn: [...restsOn], rows, ...noted },
    };
    writeManifest(directory, manifest);
    return path;
  } catch (error) {
    rmSync(join(directory, path), { force: true });
    throw error;
  }
}
