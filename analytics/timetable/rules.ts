import type { Finding } from './finding.ts';

/** What is looked for in a feed. `ids` is SQL over raw and typed tables: one row for each thing that breaks the rule. */
export interface Rule extends Pick<Finding, 'code' | 'severity' | 'file' | 'detail'> {
  ids: string;
}

/** A stop nobody could reach in the time: faster than any train between two stops. */
const FASTEST_KMH = 350;
/** A stop farther from its shape is one of them wrong. */
const FAR_FROM_SHAPE_M = 150;

export const rules: readonly Rule[] = [
  error(
    'duplicate-id',
    'routes',
    'only the first row of the id is taken',
    'SELECT route_id AS id FROM raw_routes GROUP BY 1 HAVING count(*) > 1',
  ),
  error(
    'duplicate-id',
    'stops',
    'only the first row of the id is taken',
    'SELECT stop_id AS id FROM raw_stops GROUP BY 1 HAVING count(*) > 1',
  ),
  error(
    'duplicate-id',
    'trips',
    'only the first row of the id is taken',
    'SELECT trip_id AS id FROM raw_trips GROUP BY 1 HAVING count(*) > 1',
  ),
  error(
    'duplicate-id',
    'stop_times',
    'only the first row of trip and stop_sequence is taken',
    "SELECT trip_id || ' ' || stop_sequence AS id FROM raw_stop_times GROUP BY trip_id, stop_sequence HAVING count(*) > 1",
  ),
  error(
    'dangling-route',
    'trips',
    'left out: no such route',
    'SELECT trip_id AS id FROM raw_trips ANTI JOIN routes USING (route_id)',
  ),
  error(
    'dangling-service',
    'trips',
    'never run: no such service in calendar.txt or calendar_dates.txt',
    `SELECT trip_id AS id FROM raw_trips
     ANTI JOIN (SELECT service_id FROM raw_calendar UNION SELECT service_id FROM raw_calendar_dates) USING (service_id)`,
  ),
  error(
    'dangling-shape',
    'trips',
    'taken as without a shape: no such shape',
    'SELECT trip_id AS id FROM raw_trips ANTI JOIN raw_shapes USING (shape_id) WHERE shape_id IS NOT NULL',
  ),
  error(
    'dangling-trip',
    'stop_times',
    'left out: no such trip',
    'SELECT trip_id AS id FROM raw_stop_times ANTI JOIN raw_trips USING (trip_id)',
  ),
  error(
    'dangling-stop',
    'stop_times',
    'left out: no such stop',
    "SELECT trip_id || ' ' || coalesce(stop_id, '') AS id FROM raw_stop_times ANTI JOIN stops USING (stop_id)",
  ),
  error(
    'dangling-station',
    'stops',
    'no such parent_station',
    'SELECT stop_id AS id FROM stops WHERE parent_station IS NOT NULL AND parent_station NOT IN (SELECT stop_id FROM stops)',
  ),
  error(
    'parent-is-no-station',
    'stops',
    'parent_station is no station (location_type 1)',
    `SELECT s.stop_id AS id FROM stops s JOIN stops p ON p.stop_id = s.parent_station
     WHERE p.location_type <> CASE WHEN s.location_type = 4 THEN 0 ELSE 1 END`,
  ),
  error(
    'dangling-trip',
    'frequencies',
    'left out: no such trip',
    'SELECT trip_id AS id FROM raw_frequencies ANTI JOIN raw_trips USING (trip_id)',
  ),
  error(
    'dangling-stop',
    'transfers',
    'no such stop',
    `SELECT concat(from_stop_id, ' ', to_stop_id) AS id FROM raw_transfers
     WHERE from_stop_id NOT IN (SELECT stop_id FROM stops) OR to_stop_id NOT IN (SELECT stop_id FROM stops)`,
  ),
  error(
    'bad-time',
    'stop_times',
    'no time: taken as left out',
    'SELECT trip_id AS id FROM call_rows WHERE bad_time',
  ),
  error(
    'bad-date',
    'calendar',
    'no date, or the end before the start: left out',
    `SELECT service_id AS id FROM raw_calendar
     WHERE coalesce(gtfs_date(end_date) - gtfs_date(start_date), -1) NOT BETWEEN 0 AND 15000`,
  ),
  error(
    'bad-date',
    'calendar_dates',
    'no date: left out',
    'SELECT service_id AS id FROM raw_calendar_dates WHERE gtfs_date(date) IS NULL',
  ),
  error(
    'bad-position',
    'stops',
    'no position, or 0, 0, where vehicles stop',
    `SELECT stop_id AS id FROM stops
     WHERE location_type IN (0, 4) AND (lat IS NULL OR lon IS NULL OR lat = 0 AND lon = 0 OR abs(lat) > 90 OR abs(lon) > 180)`,
  ),
  error(
    'negative-dwell',
    'stop_times',
    'departure before arrival: arrival counts for both',
    'SELECT trip_id AS id FROM call_rows WHERE departure_s < arrival_s',
  ),
  error(
    'time-goes-back',
    'stop_times',
    'arrival before the departure from the stop before',
    `SELECT trip_id AS id FROM (SELECT trip_id, arrival_s,
       lag(departure_s IGNORE NULLS) OVER (PARTITION BY trip_id ORDER BY position) AS before_s FROM calls) WHERE arrival_s < before_s`,
  ),
  error(
    'untimed-end',
    'stop_times',
    'no time at the first or last stop: left out where times can not be filled in',
    `SELECT trip_id AS id FROM timed_calls WHERE arrival_s IS NULL GROUP BY 1`,
  ),
  error(
    'too-few-stops',
    'trips',
    'left out: fewer than two stop times that can be used',
    'SELECT trip_id AS id FROM raw_trips ANTI JOIN ways USING (trip_id)',
  ),
  error(
    'bad-headway',
    'frequencies',
    'left out: headway_secs under 10',
    'SELECT trip_id AS id FROM raw_frequencies WHERE coalesce(try_cast(headway_secs AS INTEGER), 0) < 10',
  ),
  error(
    'overlapping-frequencies',
    'frequencies',
    'the same trip runs by two headways at once',
    `SELECT trip_id AS id FROM (SELECT trip_id, gtfs_seconds(start_time) AS start_s,
       lag(gtfs_seconds(end_time)) OVER (PARTITION BY trip_id ORDER BY gtfs_seconds(start_time)) AS ended_s FROM raw_frequencies)
     WHERE start_s < ended_s`,
  ),
  warning(
    'stop-at-station',
    'stop_times',
    'vehicles stop at platforms (location_type 0), not at stations',
    `SELECT DISTINCT stop_id AS id FROM calls JOIN stops USING (stop_id) WHERE location_type NOT IN (0, 4)`,
  ),
  warning(
    'no-shape',
    'trips',
    'straight lines from stop to stop stand in',
    'SELECT trip_id AS id FROM base_trips WHERE shape_id IS NULL',
  ),
  warning(
    'stop-off-shape',
    'shapes',
    `stops of the pattern lie over ${FAR_FROM_SHAPE_M} m from its shape, or not in their order along it`,
    `SELECT pattern_id AS id FROM patterns WHERE shape_id IS NOT NULL AND (way_basis = 'straight' OR farthest_m > ${FAR_FROM_SHAPE_M})`,
  ),
  warning(
    'too-fast',
    'stop_times',
    `over ${FASTEST_KMH} km/h from the stop before, at the ends of their minutes`,
    `SELECT DISTINCT trip_id AS id FROM (SELECT trip_id, arrival_s, along_m,
       lag(departure_s) OVER t AS before_s, lag(along_m) OVER t AS before_m FROM timed_calls WINDOW t AS (PARTITION BY trip_id ORDER BY position))
     WHERE (along_m - before_m) / (arrival_s - before_s + 60) > ${FASTEST_KMH} / 3.6`,
  ),
  warning(
    'no-dates',
    'calendar',
    'a service that never runs',
    'SELECT DISTINCT service_id AS id FROM raw_trips ANTI JOIN service_dates USING (service_id)',
  ),
  warning(
    'after-two-days',
    'stop_times',
    'times past 48:00:00',
    'SELECT DISTINCT trip_id AS id FROM calls WHERE departure_s >= 48 * 3600',
  ),
  warning(
    'unused-stop',
    'stops',
    'no trip calls here',
    'SELECT stop_id AS id FROM stops ANTI JOIN calls USING (stop_id) WHERE location_type = 0',
  ),
  note(
    'past-midnight',
    'stop_times',
    'trips with times past 24:00:00: they belong to the service day on which they began',
    'SELECT DISTINCT trip_id AS id FROM calls WHERE departure_s >= 24 * 3600',
  ),
  note(
    'untimed-stops',
    'stop_times',
    'trips with times filled in by distance',
    'SELECT DISTINCT trip_id AS id FROM timed_calls WHERE interpolated AND arrival_s IS NOT NULL',
  ),
  note(
    'loop',
    'trips',
    'patterns that call at a stop twice',
    'SELECT pattern_id AS id FROM pattern_ways WHERE len(list_distinct(stop_ids)) < len(stop_ids)',
  ),
  note(
    'frequencies',
    'frequencies',
    'trips that run by headway: each run is a trip of its own, TRIP@HH:MM:SS',
    'SELECT DISTINCT trip_id AS id FROM raw_frequencies SEMI JOIN raw_trips USING (trip_id)',
  ),
  note(
    'stations',
    'stops',
    'stations with platforms',
    'SELECT DISTINCT parent_station AS id FROM stops WHERE parent_station IS NOT NULL AND location_type = 0',
  ),
  note(
    'transfers',
    'transfers',
    'transfers between stops',
    "SELECT concat(from_stop_id, ' ', to_stop_id) AS id FROM raw_transfers",
  ),
];

function error(code: string, file: string, detail: string, ids: string): Rule {
  return { code, severity: 'error', file, detail, ids };
}

function warning(code: string, file: string, detail: string, ids: string): Rule {
  return { code, severity: 'warning', file, detail, ids };
}

function note(code: string, file: string, detail: string, ids: string): Rule {
  return { code, severity: 'note', file, detail, ids };
}
