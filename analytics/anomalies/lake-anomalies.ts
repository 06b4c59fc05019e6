import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS, type Instant } from '#domain/instant.ts';
import { seasonalBaseline } from './baseline.ts';
import { type Alert, detectAnomalies, type SpeedWindow } from './detect-anomalies.ts';

/** Weeks of windows that a baseline stands on. */
export const BASELINE_WEEKS = 6;

/** Alerts in [from, to) against what was usual in the weeks before `from`. Sets the session's period. */
export async function lakeAnomalies(db: DuckDBConnection, from: Instant, to: Instant): Promise<Alert[]> {
  const past = Map.groupBy(await speeds(db, from - BASELINE_WEEKS * 7 * DAY_MS, from), (w) => w.siteId);
  const now = Map.groupBy(await speeds(db, from, to), (w) => w.siteId);
  return [...now]
    .flatMap(([siteId, windows]) => detectAnomalies(windows, seasonalBaseline(past.get(siteId) ?? [])))
    .sort((a, b) => a.raisedAt - b.raisedAt || (a.siteId < b.siteId ? -1 : 1));
}

async function speeds(db: DuckDBConnection, from: Instant, to: Instant): Promise<SpeedWindow[]> {
  await db.run(
    `SET VARIABLE from_at = make_timestamptz(${from * 1_000}); SET VARIABLE to_at = make_timestamptz(${to * 1_000})`,
  );
  const rows = await db.runAndReadAll(readFileSync(join(import.meta.dirname, 'site-speeds.sql'), 'utf8'));
  return rows.getRows().map(([siteId, startAt, slot, speedKmh]) => ({
    siteId: siteId as string,
    startAt: startAt as number,
    slot: slot as number,
    speedKmh: speedKmh as number,
  }));
}
