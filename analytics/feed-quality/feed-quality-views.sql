-- What is wrong with the feeds in the asked period, by name: views on `readings`, so on what was received, used or not.
-- source: the rules of the GTFS-Realtime validator that help an agency (stale header W008, stale vehicle W002, times that
--   run back E022, impossible speed W004), those its users ask for (issues 62, 77, 162), and what our feeds count.
-- Session variables, each with its default: stale_feed_s 65, silent_feed_s 300, stale_vehicle_s 90, frozen_min 10,
-- stuck_min 20, max_kmh 150, behind_s 300.

CREATE OR REPLACE TEMP MACRO feed_limit(given, usual) AS coalesce(given::DOUBLE, usual::DOUBLE);

-- Metres between two positions on a sphere of 6,371 km. (`least` alone would make a missing one the antipodes.)
CREATE OR REPLACE TEMP MACRO feed_metres(lat_a, lon_a, lat_b, lon_b) AS
  CASE WHEN lat_a IS NOT NULL AND lat_b IS NOT NULL THEN
    12742000 * asin(sqrt(least(1, sin(radians(lat_b - lat_a) / 2) ** 2
      + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ** 2))) END;

CREATE OR REPLACE TEMP VIEW feed_readings AS
SELECT * FROM readings
WHERE received_at >= coalesce(getvariable('from_at')::TIMESTAMPTZ, TIMESTAMPTZ '-infinity')
  AND received_at < coalesce(getvariable('to_at')::TIMESTAMPTZ, TIMESTAMPTZ 'infinity');

CREATE OR REPLACE TEMP VIEW feed_devices AS
SELECT DISTINCT device_id FROM feed_readings WHERE kind IN ('feed-status', 'vehicle-position', 'trip-update', 'service-alert');

CREATE OR REPLACE TEMP VIEW feed_vehicle_readings AS
SELECT device_id, vehicle_id, observed_at, received_at, partition, position, index, outcome, reason, lat, lon, speed_kmh,
  odometer_m, trip_id, service_date, start_time, stop_id, stop_sequence, status
FROM feed_readings WHERE kind = 'vehicle-position';

-- One row a vehicle and moment that counts, with the one before it.
CREATE OR REPLACE TEMP VIEW feed_steps AS
SELECT *, lag(observed_at) OVER w AS before_at,
  (trip_id, stop_sequence) IS DISTINCT FROM (lag(trip_id) OVER w, lag(stop_sequence) OVER w) AS names_another,
  (epoch_ms(observed_at) - epoch_ms(lag(observed_at) OVER w)) / 1e3 AS step_s,
  feed_metres(lag(lat) OVER w, lag(lon) OVER w, lat, lon) AS step_m
FROM (
  SELECT device_id, vehicle_id, observed_at, arg_max(lat, (position, index)) AS lat, arg_max(lon, (position, index)) AS lon,
    max(speed_kmh) AS speed_kmh, any_value(odometer_m) AS odometer_m, any_value(trip_id) AS trip_id,
    any_value(stop_id) AS stop_id, any_value(stop_sequence) AS stop_sequence
  FROM feed_vehicle_readings
  WHERE outcome IN ('counted', 'restated') AND lat IS NOT NULL AND lon IS NOT NULL
  GROUP BY device_id, vehicle_id, observed_at)
WINDOW w AS (PARTITION BY device_id, vehicle_id ORDER BY observed_at);

-- How late a vehicle's reports come, by the hour. What was held back and sent later comes ever less late; what comes equally late,
-- report by report, is told by a clock that is behind.
CREATE OR REPLACE TEMP VIEW feed_lags AS
SELECT device_id, vehicle_id, min(observed_at) AS from_at, count(*) AS reports, median(lag_s) AS lag_s,
  quantile_cont(lag_s, 0.9) - quantile_cont(lag_s, 0.1) AS spread_s
FROM (
  SELECT device_id, vehicle_id, observed_at, (epoch_ms(received_at) - epoch_ms(observed_at)) / 1e3 AS lag_s
  FROM feed_vehicle_readings WHERE outcome IN ('counted', 'restated'))
GROUP BY device_id, vehicle_id, date_trunc('hour', observed_at)
HAVING count(*) >= 10;

-- Trips of which some positions were too far from their way to be on it (analytics/transit), with the device that told them.
CREATE OR REPLACE TEMP VIEW feed_ways AS
SELECT d.device_id, t.vehicle_id, t.trip_id, t.first_seen_at, t.positions, t.off_way
FROM feed_matched_trips t
JOIN (SELECT vehicle_id, any_value(device_id) AS device_id FROM feed_vehicle_readings GROUP BY vehicle_id) d USING (vehicle_id)
WHERE t.first_seen_at >= coalesce(getvariable('from_at')::TIMESTAMPTZ, TIMESTAMPTZ '-infinity')
  AND t.first_seen_at < coalesce(getvariable('to_at')::TIMESTAMPTZ, TIMESTAMPTZ 'infinity');

CREATE OR REPLACE TEMP VIEW feed_statuses AS
SELECT device_id, observed_at, try_cast(upper(header_at) AS TIMESTAMPTZ) AS header_at, heard, used, unusable,
  lag(observed_at) OVER of_feed AS before_at, lag(try_cast(upper(header_at) AS TIMESTAMPTZ)) OVER of_feed AS header_before_at
FROM feed_readings WHERE kind = 'feed-status' AND outcome = 'counted'
WINDOW of_feed AS (PARTITION BY device_id ORDER BY observed_at);

CREATE OR REPLACE TEMP VIEW feed_calls AS
SELECT device_id, observed_at, coalesce(trip_id, vehicle_id) AS trip_id, vehicle_id, i,
  call."stopId" AS stop_id, call."arrivalAt"::TIMESTAMPTZ AS arrival_at, call."departureAt"::TIMESTAMPTZ AS departure_at
FROM (
  SELECT device_id, observed_at, trip_id, vehicle_id, unnest(calls) AS call, unnest(range(len(calls))) AS i
  FROM (
    SELECT *, from_json(stops, '[{"stopId":"VARCHAR","arrivalAt":"VARCHAR","departureAt":"VARCHAR"}]') AS calls
    FROM feed_readings WHERE kind = 'trip-update' AND outcome IN ('counted', 'restated')));

-- Trips and stops that somebody named. A trip that the feed itself calls added is none to look for.
CREATE OR REPLACE TEMP VIEW feed_named AS
SELECT device_id, vehicle_id, observed_at, trip_id, stop_id FROM feed_readings
WHERE kind IN ('vehicle-position', 'stop-event', 'trip-update') AND outcome IN ('counted', 'restated')
  AND (trip_id IS NOT NULL OR stop_id IS NOT NULL)
  AND coalesce(schedule_relationship, 'scheduled') IN ('scheduled', 'canceled', 'deleted');

-- Each thing found: the rule, whose it is, when, and what.
CREATE OR REPLACE TEMP VIEW feed_findings AS
WITH steps AS MATERIALIZED (
  -- A run begins where the vehicle moves, or names another stop of its trip as the next.
  SELECT *, sum((step_m IS DISTINCT FROM 0)::INTEGER) OVER so_far AS still_run, sum(names_another::INTEGER) OVER so_far AS stop_run
  FROM feed_steps WINDOW so_far AS (PARTITION BY device_id, vehicle_id ORDER BY observed_at ROWS UNBOUNDED PRECEDING)
), still_runs AS (
  -- To the last digit at one place. An odometer may begin anew with each trip.
  SELECT device_id, vehicle_id, min(from_at) AS from_at, max(to_at) AS to_at, max(speed_kmh) AS speed_kmh, max(driven_m) AS driven_m,
    len(list_distinct(flatten(list(stops)))) AS stops
  FROM (
    SELECT device_id, vehicle_id, still_run, min(observed_at) AS from_at, max(observed_at) AS to_at, max(speed_kmh) AS speed_kmh,
      max(odometer_m) - min(odometer_m) AS driven_m, list(DISTINCT stop_id) FILTER (stop_id IS NOT NULL) AS stops
    FROM steps GROUP BY device_id, vehicle_id, still_run, trip_id)
  GROUP BY device_id, vehicle_id, still_run
), stop_runs AS (
  SELECT device_id, vehicle_id, trip_id, stop_sequence, min(observed_at) AS from_at, max(observed_at) AS to_at, sum(step_m) AS moved_m
  FROM steps WHERE trip_id IS NOT NULL AND stop_sequence IS NOT NULL
  GROUP BY device_id, vehicle_id, trip_id, stop_sequence, stop_run
)
SELECT 'stale-feed' AS rule, device_id, NULL::VARCHAR AS vehicle_id, observed_at AS found_at,
  format('made {:d} s before it came', ((epoch_ms(observed_at) - epoch_ms(header_at)) // 1000)::BIGINT) AS detail, 1::BIGINT AS found
FROM feed_statuses
WHERE epoch_ms(observed_at) - epoch_ms(header_at) > 1e3 * feed_limit(getvariable('stale_feed_s'), 65)
UNION ALL
SELECT 'frozen-feed', device_id, NULL, observed_at, format('still as made at {}', strftime(header_at, '%Y-%m-%dT%H:%M:%SZ')), 1
FROM feed_statuses WHERE header_at <= header_before_at
UNION ALL
SELECT 'silent-feed', device_id, NULL, before_at, format('nothing for {:d} s', ((epoch_ms(observed_at) - epoch_ms(before_at)) // 1000)::BIGINT), 1
FROM feed_statuses
WHERE epoch_ms(observed_at) - epoch_ms(before_at) > 1e3 * feed_limit(getvariable('silent_feed_s'), 300)
UNION ALL
SELECT 'unusable', device_id, NULL, observed_at, e.key, e.value
FROM (
  SELECT device_id, observed_at, unnest(map_entries(from_json(unusable, '"MAP(VARCHAR, BIGINT)"'))) AS e
  FROM feed_statuses WHERE unusable IS NOT NULL)
UNION ALL
SELECT 'clock-ahead', device_id, vehicle_id, received_at,
  format('says {}', strftime(observed_at, '%Y-%m-%dT%H:%M:%SZ')), 1
FROM feed_vehicle_readings WHERE outcome = 'quarantined' AND reason = 'ahead'
UNION ALL
SELECT 'stale-vehicle', device_id, vehicle_id, received_at,
  format('{:d} s old', ((epoch_ms(received_at) - epoch_ms(observed_at)) // 1000)::BIGINT), 1
FROM feed_vehicle_readings
WHERE epoch_ms(received_at) - epoch_ms(observed_at) > 1e3 * feed_limit(getvariable('stale_vehicle_s'), 90)
UNION ALL
SELECT 'clock-behind', device_id, vehicle_id, from_at,
  format('{:d} reports in a row {:d} s old when they came', reports, lag_s::BIGINT), 1
FROM feed_lags WHERE lag_s > feed_limit(getvariable('behind_s'), 300) AND spread_s <= 60
UNION ALL
SELECT 'off-shape', device_id, vehicle_id, first_seen_at, format('{}: {:d} of {:d} positions', trip_id, off_way, positions), off_way
FROM feed_ways WHERE off_way > 0
UNION ALL
SELECT 'no-position', device_id, vehicle_id, received_at, 'no position', 1
FROM feed_vehicle_readings WHERE lat IS NULL AND lon IS NULL AND outcome IN ('counted', 'restated')
UNION ALL
SELECT 'zero-position', device_id, vehicle_id, received_at, '0, 0', 1
FROM feed_vehicle_readings WHERE lat = 0 AND lon = 0
UNION ALL
SELECT 'position-off-earth', device_id, vehicle_id, received_at, format('{}, {}', lat, lon), 1
FROM feed_vehicle_readings WHERE abs(lat) > 90 OR abs(lon) > 180
UNION ALL
SELECT 'conflicting-duplicate', device_id, vehicle_id, observed_at, 'other content of the same vehicle and moment', 1
FROM feed_vehicle_readings WHERE outcome = 'restated'
UNION ALL
SELECT 'impossible-jump', device_id, vehicle_id, observed_at,
  format('{:d} m in {:d} s', step_m::BIGINT, step_s::BIGINT), 1
FROM steps
WHERE step_m > 200 AND step_m * 3.6 > step_s * feed_limit(getvariable('max_kmh'), 150)
UNION ALL
SELECT 'frozen-vehicle', device_id, vehicle_id, from_at,
  format('one place for {:d} min, though it drove', ((epoch_ms(to_at) - epoch_ms(from_at)) // 60000)::BIGINT), 1
FROM still_runs
WHERE epoch_ms(to_at) - epoch_ms(from_at) >= 6e4 * feed_limit(getvariable('frozen_min'), 10)
  AND (speed_kmh > 5 OR driven_m > 100 OR stops > 2)
UNION ALL
SELECT 'stuck-sequence', device_id, vehicle_id, from_at,
  format('stop {:d} of {} for {:d} min and {:d} m', stop_sequence, trip_id,
    ((epoch_ms(to_at) - epoch_ms(from_at)) // 60000)::BIGINT, moved_m::BIGINT), 1
FROM stop_runs
WHERE epoch_ms(to_at) - epoch_ms(from_at) >= 6e4 * feed_limit(getvariable('stuck_min'), 20) AND moved_m > 2000
UNION ALL
SELECT 'two-vehicles-on-one-trip', device_id, NULL, min(observed_at),
  format('{}: {}', trip_id, string_agg(DISTINCT vehicle_id, ', ' ORDER BY vehicle_id)), 1
FROM feed_vehicle_readings
WHERE outcome IN ('counted', 'restated') AND trip_id IS NOT NULL
GROUP BY device_id, trip_id, service_date, start_time, epoch_ms(observed_at) // 300000
HAVING count(DISTINCT vehicle_id) > 1
UNION ALL
SELECT 'one-vehicle-on-two-trips', device_id, vehicle_id, observed_at,
  string_agg(DISTINCT trip_id, ', ' ORDER BY trip_id), 1
FROM feed_vehicle_readings
WHERE outcome IN ('counted', 'restated') AND trip_id IS NOT NULL
GROUP BY device_id, vehicle_id, observed_at
HAVING count(DISTINCT trip_id) > 1
UNION ALL
SELECT 'times-run-back', device_id, vehicle_id, observed_at, format('{} at {}', trip_id, stop_id), 1
FROM (
  SELECT *, max(coalesce(departure_at, arrival_at)) OVER (
    PARTITION BY device_id, observed_at, trip_id, vehicle_id ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_at
  FROM feed_calls)
WHERE departure_at < arrival_at OR coalesce(arrival_at, departure_at) < latest_at
UNION ALL
SELECT 'unknown-trip', device_id, vehicle_id, observed_at, trip_id, 1
FROM feed_named
WHERE trip_id IS NOT NULL AND trip_id NOT IN (FROM feed_known_trips) AND EXISTS (FROM feed_known_trips)
UNION ALL
SELECT 'unknown-stop', device_id, vehicle_id, observed_at, stop_id, 1
FROM (
  SELECT device_id, vehicle_id, observed_at, stop_id FROM feed_named
  UNION ALL
  SELECT device_id, vehicle_id, observed_at, stop_id FROM feed_calls)
WHERE stop_id IS NOT NULL AND stop_id NOT IN (FROM feed_known_stops) AND EXISTS (FROM feed_known_stops);

-- How many things each rule looked at: a rule without anything to look at says nothing.
CREATE OR REPLACE TEMP VIEW feed_checks AS
SELECT unnest(['stale-feed', 'frozen-feed']) AS rule, device_id, count(header_at)::BIGINT AS checked FROM feed_statuses GROUP BY device_id
UNION ALL
SELECT 'silent-feed', device_id, count(*) FROM feed_statuses GROUP BY device_id
UNION ALL
SELECT 'unusable', device_id, sum(heard)::BIGINT FROM feed_statuses GROUP BY device_id
UNION ALL
SELECT unnest(['clock-ahead', 'stale-vehicle', 'no-position', 'zero-position', 'position-off-earth', 'conflicting-duplicate']),
  device_id, count(*) FROM feed_vehicle_readings GROUP BY device_id
UNION ALL
SELECT 'clock-behind', device_id, count(*) FROM feed_lags GROUP BY device_id
UNION ALL
SELECT 'off-shape', device_id, sum(positions)::BIGINT FROM feed_ways GROUP BY device_id
UNION ALL
SELECT unnest(['impossible-jump', 'frozen-vehicle', 'stuck-sequence']), device_id, unnest([count(step_m),
  count(*) FILTER (step_m IS DISTINCT FROM 0), count(*) FILTER (names_another AND trip_id IS NOT NULL AND stop_sequence IS NOT NULL)])
FROM feed_steps GROUP BY device_id
UNION ALL
SELECT 'two-vehicles-on-one-trip', device_id, count(DISTINCT (trip_id, service_date, start_time, epoch_ms(observed_at) // 300000))
FROM feed_vehicle_readings WHERE trip_id IS NOT NULL GROUP BY device_id
UNION ALL
SELECT 'one-vehicle-on-two-trips', device_id, count(DISTINCT (vehicle_id, observed_at))
FROM feed_vehicle_readings WHERE trip_id IS NOT NULL GROUP BY device_id
UNION ALL
SELECT 'times-run-back', device_id, count(*) FROM feed_calls GROUP BY device_id
UNION ALL
SELECT 'unknown-trip', device_id, count(trip_id) FROM feed_named WHERE EXISTS (FROM feed_known_trips) GROUP BY device_id
UNION ALL
SELECT 'unknown-stop', device_id, count(stop_id)
FROM (SELECT device_id, stop_id FROM feed_named UNION ALL SELECT device_id, stop_id FROM feed_calls)
WHERE EXISTS (FROM feed_known_stops) GROUP BY device_id;

-- By feed and rule; findings of none are there too, where something was looked at.
CREATE OR REPLACE TEMP VIEW feed_quality AS
SELECT c.device_id, c.rule, c.checked, coalesce(f.findings, 0)::BIGINT AS findings,
  coalesce(f.findings, 0) / c.checked AS share, coalesce(f.vehicles, 0)::BIGINT AS vehicles, f.first_at, f.last_at, f.examples
FROM feed_checks c
LEFT JOIN (
  SELECT device_id, rule, sum(found)::BIGINT AS findings, count(DISTINCT vehicle_id) AS vehicles, min(found_at) AS first_at,
    max(found_at) AS last_at, array_to_string(list_sort(list(DISTINCT coalesce(vehicle_id || ': ', '') || detail))[:3], '; ') AS examples
  FROM feed_findings GROUP BY device_id, rule) f USING (device_id, rule)
WHERE c.checked > 0;
