import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { defineViews } from '../lake/on-demand.ts';

/**
 * Gives a session of the lake the views `feed_findings`, `feed_checks` and `feed_quality`. Trips and stops are looked up
 * in the timetables that the session has views of, ways in its `trips_performed`; without any, nothing is called unknown or off
 * its shape.
 */
export async function createFeedQualityViews(db: DuckDBConnection): Promise<void> {
  for (const thing of ['trip', 'stop']) {
    const source = (await hasTable(db, `timetable_${thing}s`))
      ? `SELECT DISTINCT ${thing}_id FROM timetable_${thing}s WHERE ${thing}_id IS NOT NULL`
      : `SELECT NULL::VARCHAR AS ${thing}_id WHERE false`;
    await defineViews(db, `CREATE OR REPLACE TEMP VIEW feed_known_${thing}s AS ${source}`);
  }
  const matched = (await hasTable(db, 'trips_performed'))
    ? 'FROM trips_performed WHERE pattern_id IS NOT NULL'
    : 'SELECT NULL::VARCHAR AS vehicle_id, NULL::VARCHAR AS trip_id, NULL::TIMESTAMPTZ AS first_seen_at, 0::BIGINT AS positions, 0::BIGINT AS off_way WHERE false';
  await defineViews(db, `CREATE OR REPLACE TEMP VIEW feed_matched_trips AS ${matched}`);
  await defineViews(db, readFileSync(join(import.meta.dirname, 'feed-quality-views.sql'), 'utf8'));
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
