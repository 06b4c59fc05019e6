import type { DuckDBConnection } from '@duckdb/node-api';
import type { CityTime } from '#domain/city-time.ts';
import type { Instant } from '#domain/instant.ts';
import { resolveTrip, type TripsByDate } from './resolve-trip.ts';

/**
 * Makes `skipped_calls` (trip_id of the timetable, stop_sequence, stop_id): calls of a service date of which the last that a trip
 * update said is that the trip leaves them out. `span` is a condition on `observed_at`.
 */
export async function skippedCalls(
  db: DuckDBConnection,
  span: string,
  { date, trips, time }: { date: string; trips: TripsByDate; time: CityTime },
): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE skipped_calls (trip_id VARCHAR, stop_sequence INTEGER, stop_id VARCHAR)',
  );
  const reader = await db.runAndReadAll(`
    WITH updates AS (
      SELECT trip_id, route_id, direction_id::DOUBLE AS direction_id, service_date, start_time, observed_at, stops,
        concat_ws('|', trip_id, route_id, direction_id, service_date, start_time) AS trip
      FROM readings WHERE kind = 'trip-update' AND outcome IN ('counted', 'restated') AND ${span}
    ), calls AS (
      SELECT * EXCLUDE (stops), unnest(from_json(stops, '[{"stopId": "VARCHAR", "stopSequence": "BIGINT", "relationship": "VARCHAR"}]')) AS call
      FROM updates WHERE trip IN (SELECT trip FROM updates WHERE contains(stops, 'skipped'))
    )
    SELECT trip_id, any_value(route_id) AS route_id, any_value(direction_id) AS direction_id, any_value(service_date) AS service_date,
      any_value(start_time) AS start_time, epoch_ms(max(observed_at))::DOUBLE AS at,
      call."stopSequence"::DOUBLE AS stop_sequence, call."stopId" AS stop_id
    FROM calls GROUP BY trip, trip_id, call."stopSequence", call."stopId"
    HAVING arg_max(coalesce(call.relationship, 'scheduled'), observed_at) = 'skipped'
    ORDER BY ALL`);
  const appender = await db.createAppender('skipped_calls');
  for (const row of reader.getRowObjectsJS()) {
    const { scheduled, serviceDate } = resolveTrip(
      {
        at: row.at as Instant,
        tripId: (row.trip_id as string | null) ?? undefined,
        routeId: (row.route_id as string | null) ?? undefined,
        directionId: (row.direction_id as number | null) ?? undefined,
        serviceDate: (row.service_date as string | null) ?? undefined,
        startTime: (row.start_time as string | null) ?? undefined,
      },
      trips,
      time,
    );
    if (scheduled === undefined || serviceDate !== date) continue;
    appender.appendVarchar(scheduled.tripId);
    if (row.stop_sequence === null) appender.appendNull();
    else appender.appendInteger(row.stop_sequence as number);
    if (row.stop_id === null) appender.appendNull();
    else appender.appendVarchar(row.stop_id as string);
    appender.endRow();
  }
  appender.closeSync();
}
