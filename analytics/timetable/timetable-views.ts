import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetRows, quoted } from '../lake/lake-context.ts';
import { defineViews } from '../lake/on-demand.ts';
import { byAge, type TimetableTable, type TimetableVersion, timetableTables } from './timetable-version.ts';

/**
 * The views of docs/timetables.md over all versions, `timetable_trips` and so on, and the table `timetables`, which says
 * for each version from when to when it holds. The views of what was scheduled are in `scheduled-views.sql`.
 */
export async function createTimetableViews(
  db: DuckDBConnection,
  directory: string,
  versions: readonly TimetableVersion[],
): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE timetables (timetable VARCHAR, feed VARCHAR, version INTEGER, valid_from DATE, valid_to DATE, timezone VARCHAR)',
  );
  const ordered = [...versions].sort(byAge);
  for (const [i, v] of ordered.entries()) {
    const next = ordered.slice(i + 1).find((later) => later.feed === v.feed);
    await db.run(
      `INSERT INTO timetables VALUES (${quoted(`${v.feed}/${v.version}`)}, ${quoted(v.feed)}, ${v.version},
        DATE ${quoted(v.validFrom)}, DATE ${quoted(next?.validFrom ?? '9999-12-31')}, ${quoted(v.timezone)})`,
    );
  }
  for (const [table, columns] of Object.entries(timetableTables)) {
    const paths = versions.flatMap((v) => v.files[table as TimetableTable] ?? []);
    const rows =
      paths.length > 0
        ? `SELECT * FROM ${parquetRows(directory, paths)}`
        : `SELECT NULL::VARCHAR AS timetable, ${columns
            .split(', ')
            .map((column) => `NULL::${column.split(' ')[1]} AS ${column.split(' ')[0]}`)
            .join(', ')} WHERE false`;
    await defineViews(db, `CREATE OR REPLACE TEMP VIEW timetable_${table} AS ${rows}`);
  }
  await defineViews(db, scheduledViewsSql());
}

/** What was to run on the asked dates: views on those of the timetables. */
export function scheduledViewsSql(): string {
  return readFileSync(join(import.meta.dirname, 'scheduled-views.sql'), 'utf8');
}

/** What the later of two versions ('FEED/VERSION') changes. */
export function timetableDiffSql(a: string, b: string): string {
  const sql = readFileSync(join(import.meta.dirname, 'diff.sql'), 'utf8');
  return `SET VARIABLE version_a = ${quoted(a)}; SET VARIABLE version_b = ${quoted(b)};\n${sql}`;
}
