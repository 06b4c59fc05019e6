import type { DuckDBConnection } from '@duckdb/node-api';
import { judgeDay, loadHistory } from '#analytics/health/judge-day.ts';
import { type SmallLake, smallLake } from '../measures/small-lake.ts';

export interface Judged {
  db: DuckDBConnection;
  /** Of each detector: 'device lane' (or the device alone) -> cause, '' where it is healthy. */
  causes: Record<string, string>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

/** A small lake with the tables that health reads besides, one day of it judged. `before` fills them first. */
export async function judgedLake(
  lake: SmallLake,
  date: string,
  before: (db: DuckDBConnection) => Promise<unknown> = async () => {},
): Promise<Judged> {
  const db = await smallLake(lake);
  await db.run(`
    SET VARIABLE city_tz = '${lake.timezone ?? 'UTC'}';
    CREATE OR REPLACE TABLE readings (device_id VARCHAR, received_at TIMESTAMPTZ, observed_at TIMESTAMPTZ, kind VARCHAR,
      outcome VARCHAR, period_s BIGINT, direction VARCHAR, lane BIGINT, count BIGINT, speed_kmh DOUBLE, occupancy DOUBLE);
    CREATE TABLE IF NOT EXISTS ledger (device_id VARCHAR, hour_received TIMESTAMPTZ, hour_observed TIMESTAMPTZ,
      outcome VARCHAR, reason VARCHAR, readings BIGINT, late BIGINT);
    CREATE TABLE IF NOT EXISTS detector_days (date DATE, device_id VARCHAR, site_id VARCHAR, direction VARCHAR, lane INTEGER,
      verdict VARCHAR, cause VARCHAR, since DATE, expected_s BIGINT, observed_share DOUBLE, vehicles BIGINT)`);
  await before(db);
  await loadHistory(db, date);
  await judgeDay(db, date);
  const rows = async (sql: string) =>
    (await db.runAndReadAll(sql)).getRowObjectsJS() as Record<string, unknown>[];
  const verdicts = await rows('SELECT device_id, lane, cause FROM health_verdicts ORDER BY device_id, lane');
  const causes = Object.fromEntries(
    verdicts.map((v) => [v.lane === 0 ? v.device_id : `${v.device_id} ${v.lane}`, v.cause as string]),
  );
  return { db, causes, rows };
}
