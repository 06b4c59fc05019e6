import type { DuckDBConnection } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import { changesSince, type LiveBoardings, visitKey } from './live-boardings.ts';
import { toldSql } from './live-table.ts';

/** Goes on from the files of stop visits that were told before a restart. */
export async function resumeBoardings(
  boardings: LiveBoardings,
  db: DuckDBConnection,
  files: readonly string[],
  now: Instant,
): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE told_visits AS
    SELECT date::VARCHAR AS date, trip_id, vehicle_id, position, coalesce(route_id, '') AS route_id,
      coalesce(direction_id, 0) AS direction_id, epoch_ms(coalesce(departure_at, arrival_at))::DOUBLE AS seen_at, boardings, alightings
    FROM (FROM (${toldSql(files)}) t
      QUALIFY row_number() OVER (PARTITION BY date, trip_id, vehicle_id, position ORDER BY known_at DESC, revision DESC) = 1)
    WHERE NOT withdrawn`);
  const rows = async (sql: string) => (await db.runAndReadAll(sql)).getRowObjectsJS();
  const since = changesSince(now);
  const told = await rows(`FROM told_visits WHERE seen_at >= ${since}`);
  const sums = await rows(`
    SELECT date, route_id, direction_id, min(seen_at) AS since, count(*)::DOUBLE AS visits, count(coalesce(boardings, alightings))::DOUBLE AS counted,
      coalesce(sum(boardings), 0)::DOUBLE AS boardings, coalesce(sum(alightings), 0)::DOUBLE AS alightings
    FROM told_visits WHERE seen_at < ${since} GROUP BY ALL`);
  await db.run('DROP TABLE told_visits');
  const route = (r: Record<string, unknown>) => ({
    date: r.date as string,
    routeId: r.route_id as string,
    directionId: r.direction_id as number,
  });
  boardings.resume(
    told.map((r) => ({
      ...route(r),
      key: visitKey(r.date as string, r.trip_id as string, r.vehicle_id as string, r.position as number),
      seenAt: r.seen_at as number,
      boardings: (r.boardings as number | null) ?? undefined,
      alightings: (r.alightings as number | null) ?? undefined,
    })),
    sums.map((r) => ({
      ...route(r),
      since: r.since as number,
      visits: r.visits as number,
      countedVisits: r.counted as number,
      boardings: r.boardings as number,
      alightings: r.alightings as number,
    })),
  );
}
