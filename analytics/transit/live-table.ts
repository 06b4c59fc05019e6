import type { DuckDBConnection } from '@duckdb/node-api';
import { formatInstant, type Instant } from '#domain/instant.ts';
import { quoted } from '../lake/lake-context.ts';
import { defineViews } from '../lake/on-demand.ts';
import type { LiveVisit } from './open-trip.ts';
import type { DueTimes } from './scheduled-times.ts';

const told = {
  date: 'DATE',
  trip_id: 'VARCHAR',
  vehicle_id: 'VARCHAR',
  route_id: 'VARCHAR',
  direction_id: 'INTEGER',
  pattern_id: 'VARCHAR',
  relationship: 'VARCHAR',
  position: 'INTEGER',
  stop_sequence: 'INTEGER',
  stop_id: 'VARCHAR',
  is_first: 'BOOLEAN',
  is_last: 'BOOLEAN',
  timepoint: 'BOOLEAN',
  along_m: 'DOUBLE',
  arrival_at: 'TIMESTAMPTZ',
  arrival_method: 'VARCHAR',
  arrival_within_s: 'DOUBLE',
  departure_at: 'TIMESTAMPTZ',
  departure_method: 'VARCHAR',
  departure_within_s: 'DOUBLE',
  passed: 'BOOLEAN',
  reported_load: 'INTEGER',
  boardings: 'INTEGER',
  alightings: 'INTEGER',
  scheduled_arrival_at: 'TIMESTAMPTZ',
  scheduled_departure_at: 'TIMESTAMPTZ',
  revision: 'INTEGER',
  withdrawn: 'BOOLEAN',
  known_at: 'TIMESTAMPTZ',
} as const;

/** A line of the file of a service date; `due` is what the timetable has for a scheduled trip. */
export function liveVisitLine(live: LiveVisit, knownAt: Instant, due: DueTimes | undefined): string {
  const { trip, vehicleId, stops, visit, reportedLoad, counted, revision, withdrawn } = live;
  const moment = (at: Instant | undefined) => (at === undefined ? null : formatInstant(at));
  const row: Record<keyof typeof told, unknown> = {
    date: trip.serviceDate,
    trip_id: trip.tripId,
    vehicle_id: vehicleId,
    route_id: trip.scheduled?.routeId,
    direction_id: trip.scheduled?.directionId,
    pattern_id: trip.scheduled?.patternId,
    relationship: trip.relationship,
    position: visit.call.position,
    stop_sequence: visit.call.stopSequence,
    stop_id: visit.call.stopId,
    is_first: visit.call.position === 1,
    is_last: visit.call.position === stops,
    timepoint: due?.timepoint,
    along_m: visit.call.alongM,
    arrival_at: moment(visit.arrivalAt),
    arrival_method: visit.arrivalMethod,
    arrival_within_s: visit.arrivalWithinS,
    departure_at: moment(visit.departureAt),
    departure_method: visit.departureMethod,
    departure_within_s: visit.departureWithinS,
    passed: visit.passed,
    reported_load: reportedLoad,
    boardings: counted?.boardings,
    alightings: counted?.alightings,
    scheduled_arrival_at: moment(due?.arrivalAt),
    scheduled_departure_at: moment(due?.departureAt),
    revision,
    withdrawn,
    known_at: formatInstant(knownAt),
  };
  return `${JSON.stringify(row)}\n`;
}

/**
 * Gives a session of the lake the view `live_stop_visits`: of every visit in these files what was told of it last, beside the
 * timetable, but for service dates whose `stop_visits` are worked out and still hold.
 */
export async function createLiveVisitsView(db: DuckDBConnection, files: readonly string[]): Promise<void> {
  await defineViews(
    db,
    `CREATE OR REPLACE TEMP VIEW live_stop_visits AS
    WITH last_told AS (
      FROM (${toldSql(files)}) t WHERE date NOT IN (SELECT date FROM derived_days WHERE name = 'stop_visits' AND NOT stale)
      QUALIFY row_number() OVER (PARTITION BY date, trip_id, vehicle_id, position ORDER BY known_at DESC, revision DESC) = 1
    )
    SELECT * EXCLUDE (withdrawn) FROM last_told WHERE NOT withdrawn`,
  );
}

/** All that was told, line by line. */
export function toldSql(files: readonly string[]): string {
  const columns = Object.entries(told);
  // A line that is being written is no line yet.
  return files.length === 0
    ? `SELECT ${columns.map(([name, type]) => `NULL::${type} AS ${name}`).join(', ')} WHERE false`
    : `FROM read_json([${files.map(quoted).join(', ')}], format = 'newline_delimited', ignore_errors = true,
        columns = {${columns.map(([name, type]) => `${name}: '${type}'`).join(', ')}})`;
}
