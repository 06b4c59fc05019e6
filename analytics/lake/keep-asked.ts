import type { DuckDBConnection } from '@duckdb/node-api';
import { remembered } from './remembered.ts';

const stateSql = `
  SELECT rolled_dates() OR whole_dates() AND has_filled() AS rolled, asked_is_kept() AS "isKept", filled() AS filled,
    getvariable('free_flow_kept')::VARCHAR IS NOT DISTINCT FROM free_flow_asked() AS "withFreeFlow"`;

/**
 * Of a lake that answers from roll-ups, which no session sees change, works out once what every measure of a period asks for
 * again: what came and what was promised of each device and site, and free-flow speeds. The session's variables are set.
 */
export async function keepAsked(connection: DuckDBConnection, freeFlow: boolean): Promise<void> {
  const { rolled, isKept, filled, withFreeFlow } = await remembered(connection, stateSql, async () => {
    const reader = await connection.runAndReadAll(stateSql);
    return reader.getRowObjectsJson()[0] as Record<'rolled' | 'isKept' | 'filled' | 'withFreeFlow', boolean>;
  });
  if (!rolled) return;
  // Observed and filled values each have their own, for a report asks for both in turn.
  const kept = filled ? 'kept_filled' : 'kept';
  if (!isKept) {
    await connection.run(`
      CREATE OR REPLACE TEMP TABLE ${kept}_device_day_parts AS
      SELECT kind, device_id, site_id, direction, lane, min(date) AS date, min(first_at) AS first_at, max(last_at) AS last_at,
        sum(windows)::BIGINT AS windows, sum(kept_s)::BIGINT AS kept_s, sum(count)::BIGINT AS count, sum(count_s)::BIGINT AS count_s,
        sum(hourly_count_s)::BIGINT AS hourly_count_s, sum(speed_windows)::BIGINT AS speed_windows,
        sum(occupancy_s)::BIGINT AS occupancy_s, sum(by_vehicles_windows)::BIGINT AS by_vehicles_windows,
        sum(by_time_windows)::BIGINT AS by_time_windows, sum(class_windows)::BIGINT AS class_windows,
        sum(drivers_windows)::BIGINT AS drivers_windows, sum(interval_windows)::BIGINT AS interval_windows,
        max(longest_count_s) AS longest_count_s
      FROM worked_device_day_parts GROUP BY kind, device_id, site_id, direction, lane;
      CREATE OR REPLACE TEMP TABLE ${kept}_promised_months AS SELECT * FROM worked_promised_months;
      SET VARIABLE any_coarse = (SELECT count(*) > 0 FROM ${kept}_device_day_parts WHERE kind = 'traffic-flow' AND longest_count_s > 900);
      SET VARIABLE asked_${kept} = keep_text()`);
  }
  if (freeFlow && !withFreeFlow) {
    await connection.run(`
      CREATE OR REPLACE TEMP TABLE kept_free_flow AS SELECT * FROM worked_free_flow;
      SET VARIABLE free_flow_kept = free_flow_asked()`);
  }
}
