import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { defineViews } from '../lake/on-demand.ts';
import { feedDaysTable } from './feed-days-table.ts';

/**
 * Gives a session of the lake the views of docs/feeds.md: `feed_findings`, `feed_quality` and what they stand on. Trips and
 * stops are looked up in the timetables that the session has views of, ways in its `trips_performed`; without any, nothing is
 * called unknown or off its shape. Needs the lake's macros.
 */
export async function createFeedQualityViews(db: DuckDBConnection): Promise<void> {
  for (const thing of ['trip', 'stop']) {
    const source = (await hasTable(db, `timetable_${thing}s`))
      ? `SELECT DISTINCT ${thing}_id, valid_from, valid_to FROM timetable_${thing}s JOIN timetables USING (timetable) WHERE ${thing}_id IS NOT NULL`
      : `SELECT NULL::VARCHAR AS ${thing}_id, NULL::DATE AS valid_from, NULL::DATE AS valid_to WHERE false`;
    await defineViews(db, `CREATE OR REPLACE TEMP VIEW feed_known_${thing}s AS ${source}`);
  }
  const matched = (await hasTable(db, 'trips_performed'))
    ? 'FROM trips_performed WHERE pattern_id IS NOT NULL'
    : 'SELECT NULL::DATE AS date, NULL::VARCHAR AS vehicle_id, NULL::VARCHAR AS trip_id, NULL::TIMESTAMPTZ AS first_seen_at, 0::BIGINT AS positions, 0::BIGINT AS off_way WHERE false';
  await defineViews(db, `CREATE OR REPLACE TEMP VIEW feed_matched_trips AS ${matched}`);
  if (!(await hasTable(db, feedDaysTable.name))) {
    await db.run(
      `CREATE TEMP TABLE ${feedDaysTable.name} (${feedDaysTable.columns}, formula_version INTEGER, stale BOOLEAN)`,
    );
  }
  for (const file of ['feed-macros.sql', 'clock-behind.sql', 'feed-quality-views.sql', 'feed-sums.sql']) {
    await defineViews(db, textOf(file));
  }
}

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}

async function hasTable(db: DuckDBConnection, name: string): Promise<boolean> {
  try {
    (await db.prepare(`FROM ${name}`)).destroySync();
    return true;
  } catch (error) {
    // Only what is not there: a table that can not be read is not to pass for none.
    if (error instanceof Error && error.message.startsWith('Catalog Error')) return false;
    throw error;
  }
}
