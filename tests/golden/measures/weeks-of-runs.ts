import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '#domain/instant.ts';

export const FIRST_MONDAY = Date.parse('2024-05-06T00:00:00Z');

/** A run of route r from A to B and one of route q from X to Y on the Wednesday of each of eight weeks. */
export async function weeksOfRuns(
  db: DuckDBConnection,
  seconds: (week: number) => { r: number; q: number },
): Promise<void> {
  await db.run('DELETE FROM stop_visits');
  const rows: string[] = [];
  for (let week = 0; week < 8; week++) {
    const at = FIRST_MONDAY + (week * 7 + 2) * DAY_MS + 8 * 3_600_000;
    const date = new Date(at).toISOString().slice(0, 10);
    const run = seconds(week);
    for (const [route, from, to, s] of [
      ['r', 'A', 'B', run.r],
      ['q', 'X', 'Y', run.q],
    ] as const) {
      const visit = (position: number, stop: string, ms: number) =>
        `(DATE '${date}', '${route}', '${route}', ${position}, '${stop}', ${position * 1_000}, make_timestamptz(${Math.round(ms)} * 1000))`;
      rows.push(visit(1, from, at), visit(2, to, at + s * 1_000));
    }
  }
  await db.run(`INSERT INTO stop_visits BY NAME SELECT * EXCLUDE (visit_at), visit_at AS arrival_at, visit_at AS departure_at,
      'v' AS vehicle_id, true AS counts, 'scheduled' AS relationship, 0 AS direction_id, 'p' AS pattern_id, 1.0 AS arrival_within_s,
      1.0 AS departure_within_s
    FROM (VALUES ${rows.join(', ')}) AS t(date, trip_id, route_id, position, stop_id, along_m, visit_at)`);
}
