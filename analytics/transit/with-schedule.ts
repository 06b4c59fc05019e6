import { stopVisitsTable, tripsPerformedTable } from './transit-tables.ts';

/**
 * SQL that puts the timetable of the day beside what was seen: `matched_trips` and `matched_visits`, of `raw_trips_performed`,
 * `raw_visits` and `skipped_calls`. Of two vehicles on one trip the one that was at more stops counts,
 * else the one that was there first.
 */
export function withSchedule(date: string): string {
  const scheduled = `
    SELECT t.trip_id, t.route_id, t.direction_id, t.pattern_id, t.times_id, t.shift_s, t.start_s, t.end_s, t.timetable, p.stops, p.length_m,
      service_day_start(DATE '${date}', v.timezone) AS day_start_at
    FROM timetables v JOIN timetable_trips t USING (timetable) JOIN timetable_service_dates d USING (timetable, service_id)
    JOIN timetable_patterns p USING (timetable, pattern_id)
    WHERE d.date = DATE '${date}' AND DATE '${date}' >= v.valid_from AND DATE '${date}' < v.valid_to
    QUALIFY row_number() OVER (PARTITION BY t.trip_id ORDER BY v.feed, v.version DESC) = 1`;
  const names = (columns: string) =>
    columns
      .split(',')
      .map((column) => column.trim().split(' ')[0])
      .join(', ');
  return `
    CREATE OR REPLACE TEMP TABLE scheduled_today AS ${scheduled};
    CREATE OR REPLACE TEMP TABLE skipped_today AS
      SELECT DISTINCT k.trip_id, c.position FROM skipped_calls k JOIN scheduled_today s USING (trip_id)
      JOIN timetable_stop_times c ON c.timetable = s.timetable AND c.times_id = s.times_id
        AND CASE WHEN k.stop_sequence IS NULL THEN c.stop_id = k.stop_id ELSE c.stop_sequence = k.stop_sequence END;
    -- Who only drove by where the feed said that the trip does not call was not at the stop.
    DELETE FROM raw_visits v USING skipped_today k
      WHERE v.relationship = 'scheduled' AND v.trip_id = k.trip_id AND v.position = k.position
        AND coalesce(v.arrival_method, v.departure_method) IN ('position', 'forecast') AND coalesce(v.departure_method, v.arrival_method) IN ('position', 'forecast');
    CREATE OR REPLACE TEMP TABLE matched_trips AS
      SELECT ${names(tripsPerformedTable.columns)} FROM (
        SELECT DATE '${date}' AS date, r.* REPLACE (from_json(r.unknown_stops, '["VARCHAR"]') AS unknown_stops),
          coalesce(s.route_id, r.told_route_id) AS route_id, coalesce(s.direction_id, r.told_direction_id) AS direction_id, s.pattern_id, s.stops, s.length_m AS way_m,
          r.relationship <> 'deadrun' AND row_number() OVER (PARTITION BY r.trip_id, r.relationship = 'deadrun'
            ORDER BY r.relationship = 'canceled', r.stops_visited DESC, r.first_seen_at, r.vehicle_id) = 1 AS counts,
          f.along_m AS from_m, l.along_m AS to_m,
          (SELECT list(k.position ORDER BY k.position) FROM skipped_today k WHERE k.trip_id = r.scheduled_id AND r.relationship = 'scheduled') AS skipped,
          CASE WHEN r.relationship IN ('scheduled', 'canceled') THEN s.day_start_at + to_seconds(s.start_s) END AS scheduled_start_at,
          CASE WHEN r.relationship IN ('scheduled', 'canceled') THEN s.day_start_at + to_seconds(s.end_s) END AS scheduled_end_at
        FROM raw_trips_performed r
        LEFT JOIN scheduled_today s ON s.trip_id = r.scheduled_id
        LEFT JOIN timetable_pattern_stops f ON f.timetable = s.timetable AND f.pattern_id = s.pattern_id AND f.position = r.first_position
        LEFT JOIN timetable_pattern_stops l ON l.timetable = s.timetable AND l.pattern_id = s.pattern_id AND l.position = r.last_position)
      ORDER BY route_id, direction_id, first_seen_at;
    CREATE OR REPLACE TEMP TABLE matched_visits AS
      SELECT ${names(stopVisitsTable.columns)} FROM (
        SELECT DATE '${date}' AS date, v.*, t.route_id, t.direction_id, t.pattern_id, t.counts, v.position = 1 AS is_first,
          v.position = t.stops AS is_last, c.timepoint,
          CASE WHEN v.relationship = 'scheduled' THEN s.day_start_at + to_seconds(c.arrival_s + s.shift_s) END AS scheduled_arrival_at,
          CASE WHEN v.relationship = 'scheduled' THEN s.day_start_at + to_seconds(c.departure_s + s.shift_s) END AS scheduled_departure_at
        FROM raw_visits v
        JOIN matched_trips t ON t.trip_id = v.trip_id AND t.vehicle_id = v.vehicle_id AND t.relationship = v.relationship
        LEFT JOIN scheduled_today s ON s.trip_id = v.trip_id AND v.relationship = 'scheduled'
        LEFT JOIN timetable_stop_times c ON c.timetable = s.timetable AND c.times_id = s.times_id AND c.position = v.position)
      ORDER BY route_id, direction_id, stop_id, coalesce(arrival_at, departure_at)`;
}
