import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS, type Instant } from '#domain/instant.ts';
import { createHealthViews } from './health-views.ts';
import { HEALTH_VERSION } from './judge-day.ts';

export type HealthRow = Record<string, unknown>;

export interface HealthAnswer {
  version: number;
  /** Detector-days. */
  sum: { days: number; healthy: number; flawed: number; bad: number };
  /** Detector-days whose windows or rules have changed since they were judged. */
  stale: number;
  verdicts: HealthRow[];
  /** What to mend, first what brings back most. */
  repairs: HealthRow[];
}

/** The verdicts that are in the lake for local dates [from, to), and the work list. Sets the session's period. */
export async function healthAnswer(db: DuckDBConnection, from: string, to: string): Promise<HealthAnswer> {
  await db.run(
    `SET VARIABLE from_at = city_moment(DATE '${from}'); SET VARIABLE to_at = city_moment(DATE '${to}')`,
  );
  await createHealthViews(db);
  const rows = async (sql: string) => (await db.runAndReadAll(sql)).getRowObjectsJson() as HealthRow[];
  const ofPeriod = `FROM detector_days WHERE date >= DATE '${from}' AND date < DATE '${to}'`;
  const [sum] = await rows(`
    SELECT count(*)::DOUBLE AS days, count(*) FILTER (verdict = 'healthy')::DOUBLE AS healthy,
      count(*) FILTER (verdict = 'flawed')::DOUBLE AS flawed, count(*) FILTER (verdict = 'bad')::DOUBLE AS bad,
      count(*) FILTER (stale)::DOUBLE AS stale
    ${ofPeriod}`);
  const { stale, ...days } = sum as HealthAnswer['sum'] & { stale: number };
  return {
    version: HEALTH_VERSION,
    sum: days,
    stale,
    verdicts:
      await rows(`SELECT * REPLACE (expected_s::DOUBLE AS expected_s, observed_s::DOUBLE AS observed_s,
      longest_gap_s::DOUBLE AS longest_gap_s, vehicles::DOUBLE AS vehicles, usual_vehicles::DOUBLE AS usual_vehicles,
      stuck_s::DOUBLE AS stuck_s, quarantined::DOUBLE AS quarantined)
      ${ofPeriod} ORDER BY date, site_id, device_id, direction, lane`),
    repairs: await rows(
      `SELECT * REPLACE (rank::DOUBLE AS rank, devices::DOUBLE AS devices, days::DOUBLE AS days)
       FROM health_repairs ORDER BY rank`,
    ),
  };
}

/** The end of the newest window of the lake's last two days; undefined where there is none. */
export async function lastMoment(db: DuckDBConnection): Promise<Instant | undefined> {
  const result = await db.runAndReadAll(`
    SELECT max(epoch_ms(start_at) + window_s * 1000)::DOUBLE AS last_at FROM windows
    WHERE kind = 'traffic-flow' AND start_at >= (SELECT max(hour_at) FROM hourly) - INTERVAL ${(2 * DAY_MS) / 3_600_000} hour`);
  const { last_at } = result.getRowObjectsJS()[0] as { last_at: number | null };
  return last_at ?? undefined;
}
