import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from '../lake/lake-context.ts';
import { rowsOf } from '../measures/rows.ts';

/** As feed quality has it by default (`behind_s`). */
const BEHIND_S = 300;

const macros = readFileSync(join(import.meta.dirname, '../feed-quality/clock-behind.sql'), 'utf8');

/**
 * Finds the vehicles and hours that feed quality names `clock-behind`, within a span (SQL on `observed_at`). Returns SQL that is
 * true of their readings; a trip update is not of a vehicle's clock. Where most vehicles of a feed are as late in an hour it is the
 * feed that is late: what they told is true.
 */
export async function clocksBehind(db: DuckDBConnection, span: string, zone: string): Promise<string> {
  await db.run(`${macros}
    CREATE OR REPLACE TEMP TABLE clocks_behind AS
    WITH positions AS (
      SELECT device_id, vehicle_id, date_trunc('hour', observed_at) AS hour_at, received_at, epoch_ms(observed_at) / 1e3 AS made_s,
        report_lag_s(received_at, observed_at) AS lag_s
      FROM readings WHERE kind = 'vehicle-position' AND outcome IN ('counted', 'restated') AND ${span}
    ), late AS (SELECT DISTINCT device_id, vehicle_id, hour_at FROM positions WHERE lag_s > ${BEHIND_S}
    ), behind AS (
      SELECT device_id, vehicle_id, hour_at, min(received_at) AS from_at, max(received_at) AS to_at
      FROM positions SEMI JOIN late USING (device_id, vehicle_id, hour_at)
      GROUP BY device_id, vehicle_id, hour_at, timezone(${quoted(zone)}, received_at)::DATE
      HAVING are_enough_reports(count(*), most_within(made_s)) AND clock_is_behind(median(lag_s), most_within(lag_s), ${BEHIND_S})
    ), feeds AS (
      SELECT device_id, hour_at, count(DISTINCT vehicle_id) AS vehicles FROM positions
      SEMI JOIN behind USING (device_id, hour_at) GROUP BY device_id, hour_at
    ), late_feeds AS (
      SELECT device_id, hour_at FROM behind JOIN feeds USING (device_id, hour_at)
      GROUP BY device_id, hour_at HAVING any_value(vehicles) > 1 AND 2 * count(DISTINCT vehicle_id) > any_value(vehicles)
    )
    FROM behind ANTI JOIN late_feeds USING (device_id, hour_at)`);
  const [found] = await rowsOf(db, 'SELECT count(*)::INTEGER AS hours FROM clocks_behind');
  if (found!.hours === 0) return 'false';
  return `(kind <> 'trip-update' AND EXISTS (FROM clocks_behind b WHERE b.device_id = readings.device_id AND b.vehicle_id = readings.vehicle_id
    AND b.hour_at = date_trunc('hour', observed_at) AND received_at BETWEEN b.from_at AND b.to_at))`;
}
