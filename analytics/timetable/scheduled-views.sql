-- What was to run, by the version of the timetable that held on each service date. Stands on the views timetable_* and on the
-- table `timetables`. Session variables from_at and to_at say which dates are asked for; a service day goes on past midnight.

-- Noon less 12 hours of a service date: midnight, but for days on which clocks change.
CREATE OR REPLACE TEMP MACRO service_day_start(date, zone) AS
  timezone(zone, date::TIMESTAMP + INTERVAL 12 HOUR) - INTERVAL 12 HOUR;

-- A stop, or the stops of a station, where the session variable `stop` names one: asked before anything is joined to them.
CREATE OR REPLACE TEMP MACRO asked_stop(asked_stop_id) AS CASE WHEN getvariable('stop') IS NULL THEN true ELSE asked_stop_id IN (
  SELECT getvariable('stop')::VARCHAR UNION ALL SELECT s.stop_id FROM timetable_stops s WHERE s.parent_station = getvariable('stop')::VARCHAR) END;

CREATE OR REPLACE TEMP VIEW asked_service_dates AS
  SELECT t.timetable, t.timezone, d.date AS service_date, service_day_start(d.date, t.timezone) AS day_start_at
  FROM timetables t JOIN (SELECT DISTINCT timetable, date FROM timetable_service_dates) d USING (timetable)
  WHERE d.date >= t.valid_from AND d.date < t.valid_to
    AND service_day_start(d.date, t.timezone) < coalesce(getvariable('to_at')::TIMESTAMPTZ, TIMESTAMPTZ 'infinity')
    AND service_day_start(d.date, t.timezone) > coalesce(getvariable('from_at')::TIMESTAMPTZ - INTERVAL 48 HOUR, TIMESTAMPTZ '-infinity')
    AND CASE WHEN getvariable('service_date') IS NULL THEN true ELSE d.date = getvariable('service_date')::DATE END;

CREATE OR REPLACE TEMP VIEW scheduled_trips AS
  SELECT a.timetable, a.service_date, a.day_start_at, t.* EXCLUDE (timetable, service_id),
    a.day_start_at + to_seconds(t.start_s) AS start_at, a.day_start_at + to_seconds(t.end_s) AS end_at
  FROM asked_service_dates a
  JOIN timetable_service_dates d ON d.timetable = a.timetable AND d.date = a.service_date
  JOIN timetable_trips t ON t.timetable = a.timetable AND t.service_id = d.service_id;

CREATE OR REPLACE TEMP VIEW scheduled_visits AS
  SELECT t.timetable, t.service_date, t.trip_id, t.route_id, t.direction_id, t.pattern_id, t.timing, s.position, s.stop_sequence,
    s.stop_id, s.along_m, s.timepoint, s.position = 1 AS is_first, s.position = p.stops AS is_last,
    t.day_start_at + to_seconds(s.arrival_s + t.shift_s) AS arrival_at,
    t.day_start_at + to_seconds(s.departure_s + t.shift_s) AS departure_at
  FROM scheduled_trips t
  JOIN (FROM timetable_stop_times WHERE asked_stop(stop_id)) s ON s.timetable = t.timetable AND s.times_id = t.times_id
  JOIN timetable_patterns p ON p.timetable = t.timetable AND p.pattern_id = t.pattern_id;
