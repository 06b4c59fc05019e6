import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Row, rowsOf } from '#analytics/measures/rows.ts';
import { matchDate } from '#analytics/transit/match-date.ts';
import { type FeedText, importPath, importText, smallFeed, temporaryFolder } from '../gtfs/small-feed.ts';

/** A reading as it is on the wire; received when it was observed, unless `receivedAt` says otherwise. */
export type WireReading = { kind: string; observedAt: string } & Record<string, unknown>;

export interface TransitLake {
  db: DuckDBConnection;
  rows(sql: string): Promise<Row[]>;
  /** The rows of `trips_performed`, `stop_visits` and `passenger_counts` of a date, as `matched_trips`, `_visits`, `_counts`. */
  match(date: string, zone: string): Promise<void>;
}

/** A session with a timetable (a path, or files as text) and these readings, all counted, in the order of the log. */
export async function transitLake(
  feed: string | FeedText | undefined,
  readings: readonly WireReading[],
): Promise<TransitLake> {
  const imported =
    typeof feed === 'string' ? await importPath(feed) : await importText(feed ?? { ...smallFeed });
  const db = await imported.open();
  if (feed === undefined) await db.run('DELETE FROM timetables');
  const file = join(temporaryFolder(), 'readings.ndjson');
  const lines = readings.map((r, position) =>
    JSON.stringify({
      ...Object.fromEntries(columns.map(([wire, column]) => [column, r[wire] ?? null])),
      position,
    }),
  );
  writeFileSync(file, lines.join('\n'));
  const spec = columns.map(([, column, type]) => `${column}: '${type}'`).join(', ');
  await db.run(`CREATE TEMP TABLE readings AS SELECT 0 AS partition, 0 AS index, 'feed' AS device_id, 'counted' AS outcome, NULL::VARCHAR AS reason,
    NULL::BIGINT AS via, * REPLACE (coalesce(received_at, observed_at) AS received_at) FROM read_json('${file}', columns = {${spec}, position: 'BIGINT'}, format = 'newline_delimited')`);
  return {
    db,
    rows: (sql) => rowsOf(db, sql),
    match: (date, zone) => matchDate(db, date, zone),
  };
}

const columns: readonly (readonly [wire: string, column: string, type: string])[] = [
  ['kind', 'kind', 'VARCHAR'],
  ['observedAt', 'observed_at', 'TIMESTAMPTZ'],
  ['receivedAt', 'received_at', 'TIMESTAMPTZ'],
  ['vehicleId', 'vehicle_id', 'VARCHAR'],
  ['event', 'event', 'VARCHAR'],
  ['lat', 'lat', 'DOUBLE'],
  ['lon', 'lon', 'DOUBLE'],
  ['speedKmh', 'speed_kmh', 'DOUBLE'],
  ['stopId', 'stop_id', 'VARCHAR'],
  ['stopSequence', 'stop_sequence', 'BIGINT'],
  ['status', 'status', 'VARCHAR'],
  ['tripId', 'trip_id', 'VARCHAR'],
  ['routeId', 'route_id', 'VARCHAR'],
  ['directionId', 'direction_id', 'BIGINT'],
  ['serviceDate', 'service_date', 'VARCHAR'],
  ['startTime', 'start_time', 'VARCHAR'],
  ['scheduleRelationship', 'schedule_relationship', 'VARCHAR'],
  ['journey', 'journey', 'VARCHAR'],
  ['stops', 'stops', 'JSON'],
  ['headingDeg', 'heading_deg', 'DOUBLE'],
  ['odometerM', 'odometer_m', 'DOUBLE'],
  ['delayS', 'delay_s', 'DOUBLE'],
  ['door', 'door', 'DOUBLE'],
  ['boarded', 'boarded', 'DOUBLE'],
  ['alighted', 'alighted', 'DOUBLE'],
  ['load', 'load', 'DOUBLE'],
];
