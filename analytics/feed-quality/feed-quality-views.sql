-- What is wrong with the feeds in the asked period, by name: views on `readings`, so on what was received, used or not. Each local
-- date of receipt (`date`) is looked at by itself, so that dates add up: what lasts over midnight is looked at in two parts. Only
-- a feed's statuses are held against those of the date before as well, or no silence of a night would be found.
-- source: the rules of the GTFS-Realtime validator that help an agency (stale header W008, stale vehicle W002, times that
--   run back E022, impossible speed W004), those its users ask for (issues 62, 77, 162), and what our feeds count.

CREATE OR REPLACE TEMP VIEW feed_readings AS
SELECT *, feed_date(received_at, asked_from(), asked_to()) AS date FROM readings
WHERE received_at >= asked_from() AND received_at < asked_to();

CREATE OR REPLACE TEMP VIEW feed_devices AS
SELECT DISTINCT date, device_id FROM feed_readings
WHERE kind IN ('feed-status', 'vehicle-position', 'trip-update', 'service-alert');

CREATE OR REPLACE TEMP VIEW feed_vehicle_readings AS
SELECT date, device_id, vehicle_id, observed_at, received_at, partition, position, index, outcome, reason, lat, lon, speed_kmh,
  odometer_m, trip_id, service_date, start_time, stop_id, stop_sequence, status
FROM feed_readings WHERE kind = 'vehicle-position';

-- One row a vehicle and moment that counts, with the one before it.
CREATE OR REPLACE TEMP VIEW feed_steps AS
SELECT *, lag(observed_at) OVER w AS before_at,
  (trip_id, stop_sequence) IS DISTINCT FROM (lag(trip_id) OVER w, lag(stop_sequence) OVER w) AS names_another,
  (epoch_ms(observed_at) - epoch_ms(lag(observed_at) OVER w)) / 1e3 AS step_s,
  feed_metres(lag(lat) OVER w, lag(lon) OVER w, lat, lon) AS step_m
FROM (
  SELECT date, device_id, vehicle_id, observed_at, arg_max(lat, (position, index)) AS lat, arg_max(lon, (position, index)) AS lon,
    max(speed_kmh) AS speed_kmh, any_value(odometer_m) AS odometer_m, any_value(trip_id) AS trip_id,
    any_value(stop_id) AS stop_id, any_value(stop_sequence) AS stop_sequence
  FROM feed_vehicle_readings
  WHERE outcome IN ('counted', 'restated') AND lat IS NOT NULL AND lon IS NOT NULL AND feed_of_piece(vehicle_id)
  GROUP BY date, device_id, vehicle_id, observed_at)
WINDOW w AS (PARTITION BY date, device_id, vehicle_id ORDER BY observed_at);

-- A run begins where the vehicle moves, or names another stop of its trip as the next.
CREATE OR REPLACE TEMP VIEW worked_feed_runs AS
SELECT *, sum((step_m IS DISTINCT FROM 0)::INTEGER) OVER so_far AS still_run, sum(names_another::INTEGER) OVER so_far AS stop_run
FROM feed_steps WINDOW so_far AS (PARTITION BY date, device_id, vehicle_id ORDER BY observed_at ROWS UNBOUNDED PRECEDING);
CREATE OR REPLACE TEMP VIEW feed_runs AS
FROM query(CASE WHEN getvariable('feed_runs_kept') IS NOT NULL THEN 'FROM kept_feed_runs' ELSE 'FROM worked_feed_runs' END);

-- How late a vehicle's reports come, by the hour (clock-behind.sql).
CREATE OR REPLACE TEMP VIEW feed_lags AS
SELECT date, device_id, vehicle_id, min(observed_at) AS from_at, count(*) AS reports, median(lag_s) AS lag_s,
  most_within(lag_s) AS spread_s
FROM (
  SELECT date, device_id, vehicle_id, observed_at, report_lag_s(received_at, observed_at) AS lag_s
  FROM feed_vehicle_readings WHERE outcome IN ('counted', 'restated') AND feed_of_piece(vehicle_id))
GROUP BY date, device_id, vehicle_id, date_trunc('hour', observed_at)
HAVING are_enough_reports(count(*), most_within(epoch_ms(observed_at) / 1e3));

-- Trips of which some positions were too far from their way to be on it (analytics/transit), by service date, with the device that told them.
CREATE OR REPLACE TEMP VIEW feed_ways AS
SELECT t.date, d.device_id, t.vehicle_id, t.trip_id, t.first_seen_at, t.positions, t.off_way
FROM feed_matched_trips t
JOIN (SELECT date, vehicle_id, min(device_id) AS device_id FROM feed_vehicle_readings GROUP BY date, vehicle_id) d
  ON d.date = t.date AND d.vehicle_id = t.vehicle_id
WHERE feed_whole_dates() OR (t.first_seen_at >= asked_from() AND t.first_seen_at < asked_to());

CREATE OR REPLACE TEMP VIEW feed_statuses AS
SELECT * REPLACE (CASE WHEN before_date >= date - 1 THEN before_at END AS before_at,
  CASE WHEN before_date >= date - 1 THEN header_before_at END AS header_before_at)
FROM (
  SELECT feed_date(received_at, asked_from() - INTERVAL 50 hour, asked_to()) AS date, device_id, observed_at, received_at,
    try_cast(upper(header_at) AS TIMESTAMPTZ) AS header_at, heard, used, unusable,
    lag(feed_date(received_at, asked_from() - INTERVAL 50 hour, asked_to())) OVER of_feed AS before_date,
    lag(observed_at) OVER of_feed AS before_at, lag(try_cast(upper(header_at) AS TIMESTAMPTZ)) OVER of_feed AS header_before_at
  FROM readings
  WHERE kind = 'feed-status' AND outcome = 'counted' AND received_at >= asked_from() - INTERVAL 50 hour AND received_at < asked_to()
  WINDOW of_feed AS (PARTITION BY device_id ORDER BY observed_at))
WHERE received_at >= asked_from();

CREATE OR REPLACE TEMP VIEW feed_calls AS
SELECT date, device_id, observed_at, coalesce(trip_id, vehicle_id) AS trip_id, vehicle_id, i,
  call."stopId" AS stop_id, call."arrivalAt"::TIMESTAMPTZ AS arrival_at, call."departureAt"::TIMESTAMPTZ AS departure_at
FROM (
  SELECT date, device_id, observed_at, trip_id, vehicle_id, unnest(calls) AS call, unnest(range(len(calls))) AS i
  FROM (
    SELECT *, from_json(stops, '[{"stopId":"VARCHAR","arrivalAt":"VARCHAR","departureAt":"VARCHAR"}]') AS calls
    FROM feed_readings WHERE kind = 'trip-update' AND outcome IN ('counted', 'restated')));

-- Trips and stops that somebody named. A trip that the feed itself calls added is none to look for.
CREATE OR REPLACE TEMP VIEW feed_named AS
SELECT date, device_id, vehicle_id, observed_at, trip_id, stop_id FROM feed_readings
WHERE kind IN ('vehicle-position', 'stop-event', 'trip-update') AND outcome IN ('counted', 'restated')
  AND (trip_id IS NOT NULL OR stop_id IS NOT NULL)
  AND coalesce(schedule_relationship, 'scheduled') IN ('scheduled', 'canceled', 'deleted');

CREATE OR REPLACE TEMP VIEW feed_named_stops AS
SELECT date, device_id, vehicle_id, observed_at, stop_id FROM feed_named
UNION ALL
SELECT date, device_id, vehicle_id, observed_at, stop_id FROM feed_calls;

-- Those that no timetable has which holds on the date, the day before or the day after: of a service date are trips before and after it.
CREATE OR REPLACE TEMP VIEW feed_unknown_trips AS
SELECT n.date, n.trip_id FROM (SELECT DISTINCT date, trip_id FROM feed_named WHERE trip_id IS NOT NULL) n
SEMI JOIN (SELECT DISTINCT valid_from, valid_to FROM feed_known_trips) v ON v.valid_from <= n.date + 1 AND v.valid_to > n.date - 1
ANTI JOIN feed_known_trips k ON k.trip_id = n.trip_id AND k.valid_from <= n.date + 1 AND k.valid_to > n.date - 1;

CREATE OR REPLACE TEMP VIEW feed_unknown_stops AS
SELECT n.date, n.stop_id FROM (SELECT DISTINCT date, stop_id FROM feed_named_stops WHERE stop_id IS NOT NULL) n
SEMI JOIN (SELECT DISTINCT valid_from, valid_to FROM feed_known_stops) v ON v.valid_from <= n.date + 1 AND v.valid_to > n.date - 1
ANTI JOIN feed_known_stops k ON k.stop_id = n.stop_id AND k.valid_from <= n.date + 1 AND k.valid_to > n.date - 1;

-- Each thing found: the rule, whose it is, when, and what. By what is looked at: statuses, reports, how late they come, ways, runs of
-- reports, trips, moments, calls, names.

CREATE OR REPLACE TEMP VIEW feed_status_findings AS
SELECT date, 'stale-feed' AS rule, device_id, NULL::VARCHAR AS vehicle_id, observed_at AS found_at,
  format('made {:d} s before it came', ((epoch_ms(observed_at) - epoch_ms(header_at)) // 1000)::BIGINT) AS detail, 1::BIGINT AS found
FROM feed_statuses
WHERE epoch_ms(observed_at) - epoch_ms(header_at) > 1e3 * feed_limit(getvariable('stale_feed_s'), 65)
UNION ALL
SELECT date, 'frozen-feed', device_id, NULL, observed_at, format('still as made at {}', strftime(header_at, '%Y-%m-%dT%H:%M:%SZ')), 1
FROM feed_statuses WHERE header_at <= header_before_at
UNION ALL
SELECT date, 'silent-feed', device_id, NULL, before_at, format('nothing for {:d} s', ((epoch_ms(observed_at) - epoch_ms(before_at)) // 1000)::BIGINT), 1
FROM feed_statuses
WHERE epoch_ms(observed_at) - epoch_ms(before_at) > 1e3 * feed_limit(getvariable('silent_feed_s'), 300)
UNION ALL
SELECT date, 'unusable', device_id, NULL, observed_at, e.key, e.value
FROM (
  SELECT date, device_id, observed_at, unnest(map_entries(from_json(unusable, '"MAP(VARCHAR, BIGINT)"'))) AS e
  FROM feed_statuses WHERE unusable IS NOT NULL);

CREATE OR REPLACE TEMP VIEW feed_report_findings AS
SELECT date, 'clock-ahead' AS rule, device_id, vehicle_id, received_at AS found_at,
  format('says {}', strftime(observed_at, '%Y-%m-%dT%H:%M:%SZ')) AS detail, 1::BIGINT AS found
FROM feed_vehicle_readings WHERE outcome = 'quarantined' AND reason = 'ahead'
UNION ALL
SELECT date, 'stale-vehicle', device_id, vehicle_id, received_at,
  format('{:d} s old', ((epoch_ms(received_at) - epoch_ms(observed_at)) // 1000)::BIGINT), 1
FROM feed_vehicle_readings
WHERE epoch_ms(received_at) - epoch_ms(observed_at) > 1e3 * feed_limit(getvariable('stale_vehicle_s'), 90)
UNION ALL
SELECT date, 'no-position', device_id, vehicle_id, received_at, 'no position', 1
FROM feed_vehicle_readings WHERE lat IS NULL AND lon IS NULL AND outcome IN ('counted', 'restated')
UNION ALL
SELECT date, 'zero-position', device_id, vehicle_id, received_at, '0, 0', 1
FROM feed_vehicle_readings WHERE lat = 0 AND lon = 0
UNION ALL
SELECT date, 'position-off-earth', device_id, vehicle_id, received_at, format('{}, {}', lat, lon), 1
FROM feed_vehicle_readings WHERE abs(lat) > 90 OR abs(lon) > 180
UNION ALL
SELECT date, 'conflicting-duplicate', device_id, vehicle_id, observed_at, 'other content of the same vehicle and moment', 1
FROM feed_vehicle_readings WHERE outcome = 'restated';

CREATE OR REPLACE TEMP VIEW feed_lag_findings AS
SELECT date, 'clock-behind' AS rule, device_id, vehicle_id, from_at AS found_at,
  format('{:d} reports in a row {:d} s old when they came', reports, lag_s::BIGINT) AS detail, 1::BIGINT AS found
FROM feed_lags WHERE clock_is_behind(lag_s, spread_s, feed_limit(getvariable('behind_s'), 300));

CREATE OR REPLACE TEMP VIEW feed_way_findings AS
SELECT date, 'off-shape' AS rule, device_id, vehicle_id, first_seen_at AS found_at,
  format('{}: {:d} of {:d} positions', trip_id, off_way, positions) AS detail, off_way AS found
FROM feed_ways WHERE off_way > 0;

CREATE OR REPLACE TEMP VIEW feed_run_findings AS
WITH still_runs AS (
  -- To the last digit at one place. An odometer may begin anew with each trip.
  SELECT date, device_id, vehicle_id, min(from_at) AS from_at, max(to_at) AS to_at, max(speed_kmh) AS speed_kmh, max(driven_m) AS driven_m,
    len(list_distinct(flatten(list(stops)))) AS stops
  FROM (
    SELECT date, device_id, vehicle_id, still_run, min(observed_at) AS from_at, max(observed_at) AS to_at, max(speed_kmh) AS speed_kmh,
      max(odometer_m) - min(odometer_m) AS driven_m, list(DISTINCT stop_id) FILTER (stop_id IS NOT NULL) AS stops
    FROM feed_runs GROUP BY date, device_id, vehicle_id, still_run, trip_id)
  GROUP BY date, device_id, vehicle_id, still_run
), stop_runs AS (
  SELECT date, device_id, vehicle_id, trip_id, stop_sequence, min(observed_at) AS from_at, max(observed_at) AS to_at, sum(step_m) AS moved_m
  FROM feed_runs WHERE trip_id IS NOT NULL AND stop_sequence IS NOT NULL
  GROUP BY date, device_id, vehicle_id, trip_id, stop_sequence, stop_run
)
SELECT date, 'impossible-jump' AS rule, device_id, vehicle_id, observed_at AS found_at,
  format('{:d} m in {:d} s', step_m::BIGINT, step_s::BIGINT) AS detail, 1::BIGINT AS found
FROM feed_runs
WHERE step_m > 200 AND step_m * 3.6 > step_s * feed_limit(getvariable('max_kmh'), 150)
UNION ALL
SELECT date, 'frozen-vehicle', device_id, vehicle_id, from_at,
  format('one place for {:d} min, though it drove', ((epoch_ms(to_at) - epoch_ms(from_at)) // 60000)::BIGINT), 1
FROM still_runs
WHERE epoch_ms(to_at) - epoch_ms(from_at) >= 6e4 * feed_limit(getvariable('frozen_min'), 10)
  AND (speed_kmh > 5 OR driven_m > 100 OR stops > 2)
UNION ALL
SELECT date, 'stuck-sequence', device_id, vehicle_id, from_at,
  format('stop {:d} of {} for {:d} min and {:d} m', stop_sequence, trip_id,
    ((epoch_ms(to_at) - epoch_ms(from_at)) // 60000)::BIGINT, moved_m::BIGINT), 1
FROM stop_runs
WHERE epoch_ms(to_at) - epoch_ms(from_at) >= 6e4 * feed_limit(getvariable('stuck_min'), 20) AND moved_m > 2000;

CREATE OR REPLACE TEMP VIEW feed_trip_findings AS
SELECT date, 'two-vehicles-on-one-trip' AS rule, device_id, NULL::VARCHAR AS vehicle_id, min(observed_at) AS found_at,
  format('{}: {}', trip_id, string_agg(DISTINCT vehicle_id, ', ' ORDER BY vehicle_id)) AS detail, 1::BIGINT AS found
FROM feed_vehicle_readings
WHERE outcome IN ('counted', 'restated') AND trip_id IS NOT NULL AND feed_of_piece(trip_id)
GROUP BY date, device_id, trip_id, service_date, start_time, epoch_ms(observed_at) // 300000
HAVING count(DISTINCT vehicle_id) > 1;

CREATE OR REPLACE TEMP VIEW feed_moment_findings AS
WITH torn AS (
  SELECT date, device_id, vehicle_id, observed_at FROM feed_vehicle_readings
  WHERE outcome IN ('counted', 'restated') AND trip_id IS NOT NULL AND feed_of_piece(vehicle_id)
  GROUP BY date, device_id, vehicle_id, observed_at HAVING min(trip_id) <> max(trip_id)
)
SELECT date, 'one-vehicle-on-two-trips' AS rule, device_id, vehicle_id, observed_at AS found_at,
  string_agg(DISTINCT trip_id, ', ' ORDER BY trip_id) AS detail, 1::BIGINT AS found
FROM feed_vehicle_readings SEMI JOIN torn USING (date, device_id, vehicle_id, observed_at)
WHERE outcome IN ('counted', 'restated') AND trip_id IS NOT NULL
GROUP BY date, device_id, vehicle_id, observed_at;

CREATE OR REPLACE TEMP VIEW feed_call_findings AS
SELECT date, 'times-run-back' AS rule, device_id, vehicle_id, observed_at AS found_at,
  format('{} at {}', trip_id, stop_id) AS detail, 1::BIGINT AS found
FROM (
  SELECT *, max(coalesce(departure_at, arrival_at)) OVER (
    PARTITION BY date, device_id, observed_at, trip_id, vehicle_id ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_at
  FROM feed_calls)
WHERE departure_at < arrival_at OR coalesce(arrival_at, departure_at) < latest_at;

CREATE OR REPLACE TEMP VIEW feed_name_findings AS
SELECT n.date, 'unknown-trip' AS rule, n.device_id, n.vehicle_id, n.observed_at AS found_at, n.trip_id AS detail, 1::BIGINT AS found
FROM feed_named n JOIN feed_unknown_trips u ON u.date = n.date AND u.trip_id = n.trip_id
UNION ALL
SELECT n.date, 'unknown-stop', n.device_id, n.vehicle_id, n.observed_at, n.stop_id, 1
FROM feed_named_stops n JOIN feed_unknown_stops u ON u.date = n.date AND u.stop_id = n.stop_id;

CREATE OR REPLACE TEMP VIEW feed_findings AS
FROM feed_status_findings
UNION ALL
FROM feed_report_findings
UNION ALL
FROM feed_lag_findings
UNION ALL
FROM feed_way_findings
UNION ALL
FROM feed_run_findings
UNION ALL
FROM feed_trip_findings
UNION ALL
FROM feed_moment_findings
UNION ALL
FROM feed_call_findings
UNION ALL
FROM feed_name_findings;

-- How many things each rule looked at on a date: a rule without anything to look at says nothing.

CREATE OR REPLACE TEMP VIEW feed_status_checks AS
SELECT date, unnest(['stale-feed', 'frozen-feed']) AS rule, device_id, count(header_at)::BIGINT AS checked FROM feed_statuses GROUP BY date, device_id
UNION ALL
SELECT date, 'silent-feed', device_id, count(*) FROM feed_statuses GROUP BY date, device_id
UNION ALL
SELECT date, 'unusable', device_id, sum(heard)::BIGINT FROM feed_statuses GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_report_checks AS
SELECT date, unnest(['clock-ahead', 'stale-vehicle', 'no-position', 'zero-position', 'position-off-earth', 'conflicting-duplicate']) AS rule,
  device_id, count(*) AS checked FROM feed_vehicle_readings GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_lag_checks AS
SELECT date, 'clock-behind' AS rule, device_id, count(*) AS checked FROM feed_lags GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_way_checks AS
SELECT date, 'off-shape' AS rule, device_id, sum(positions)::BIGINT AS checked FROM feed_ways GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_run_checks AS
SELECT date, unnest(['impossible-jump', 'frozen-vehicle', 'stuck-sequence']) AS rule, device_id, unnest([count(step_m),
  count(*) FILTER (step_m IS DISTINCT FROM 0), count(*) FILTER (names_another AND trip_id IS NOT NULL AND stop_sequence IS NOT NULL)]) AS checked
FROM feed_runs GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_trip_checks AS
SELECT date, 'two-vehicles-on-one-trip' AS rule, device_id, count(*) AS checked
FROM (
  SELECT DISTINCT date, device_id, trip_id, service_date, start_time, epoch_ms(observed_at) // 300000 AS five_minutes
  FROM feed_vehicle_readings WHERE trip_id IS NOT NULL AND feed_of_piece(trip_id))
GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_moment_checks AS
SELECT date, 'one-vehicle-on-two-trips' AS rule, device_id, count(*) AS checked
FROM (SELECT DISTINCT date, device_id, vehicle_id, observed_at FROM feed_vehicle_readings WHERE trip_id IS NOT NULL AND feed_of_piece(vehicle_id))
GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_call_checks AS
SELECT date, 'times-run-back' AS rule, device_id, count(*) AS checked FROM feed_calls GROUP BY date, device_id;

CREATE OR REPLACE TEMP VIEW feed_name_checks AS
SELECT n.date, 'unknown-trip' AS rule, n.device_id, n.checked
FROM (SELECT date, device_id, count(trip_id) AS checked FROM feed_named GROUP BY date, device_id) n
SEMI JOIN (SELECT DISTINCT valid_from, valid_to FROM feed_known_trips) v ON v.valid_from <= n.date + 1 AND v.valid_to > n.date - 1
UNION ALL
SELECT n.date, 'unknown-stop', n.device_id, n.checked
FROM (SELECT date, device_id, count(stop_id) AS checked FROM feed_named_stops GROUP BY date, device_id) n
SEMI JOIN (SELECT DISTINCT valid_from, valid_to FROM feed_known_stops) v ON v.valid_from <= n.date + 1 AND v.valid_to > n.date - 1;

CREATE OR REPLACE TEMP VIEW feed_date_checks AS
FROM feed_status_checks
UNION ALL
FROM feed_report_checks
UNION ALL
FROM feed_lag_checks
UNION ALL
FROM feed_way_checks
UNION ALL
FROM feed_run_checks
UNION ALL
FROM feed_trip_checks
UNION ALL
FROM feed_moment_checks
UNION ALL
FROM feed_call_checks
UNION ALL
FROM feed_name_checks;

-- What was found by vehicle and hour, with up to three examples each: of a view of findings.
CREATE OR REPLACE TEMP MACRO feed_found_of(findings) AS TABLE
SELECT date, device_id, rule, vehicle_id, date_trunc('hour', found_at) AS hour_at, sum(found)::BIGINT AS found, min(found_at) AS first_at,
  max(found_at) AS last_at, list_sort(list(DISTINCT coalesce(vehicle_id || ': ', '') || detail))[:3] AS examples
FROM query_table(findings) GROUP BY date, device_id, rule, vehicle_id, date_trunc('hour', found_at);
CREATE OR REPLACE TEMP VIEW feed_found_pieces AS
FROM query(CASE WHEN getvariable('feed_pieces_kept') IS NOT NULL THEN 'FROM kept_feed_found' ELSE 'FROM feed_found_of(''feed_findings'')' END);
CREATE OR REPLACE TEMP VIEW feed_check_pieces AS
FROM query(CASE WHEN getvariable('feed_pieces_kept') IS NOT NULL THEN 'FROM kept_feed_checks' ELSE 'FROM feed_date_checks' END);

-- All of this by feed and date, as the lake keeps it (feed-days.ts).
CREATE OR REPLACE TEMP VIEW worked_feed_days AS
WITH found_hours AS (
  SELECT date, device_id, list({'rule': rule, 'vehicle_id': vehicle_id, 'hour_at': hour_at, 'found': found, 'first_at': first_at, 'last_at': last_at}
    ORDER BY rule, vehicle_id, hour_at) AS found
  FROM (
    SELECT date, device_id, rule, vehicle_id, hour_at, sum(found)::BIGINT AS found, min(first_at) AS first_at, max(last_at) AS last_at
    FROM feed_found_pieces GROUP BY date, device_id, rule, vehicle_id, hour_at)
  GROUP BY date, device_id
), examples AS (
  SELECT date, device_id, rule, min(example, 3) AS examples
  FROM (SELECT DISTINCT date, device_id, rule, unnest(examples) AS example FROM feed_found_pieces) GROUP BY date, device_id, rule
), checks AS (
  SELECT c.date, c.device_id, list({'rule': c.rule, 'checked': c.checked, 'examples': e.examples} ORDER BY c.rule) AS rules
  FROM (SELECT date, device_id, rule, sum(checked)::BIGINT AS checked FROM feed_check_pieces GROUP BY date, device_id, rule) c
  LEFT JOIN examples e USING (date, device_id, rule)
  WHERE c.checked > 0
  GROUP BY c.date, c.device_id
), told AS (
  SELECT date, device_id, count(*) AS statuses, sum(heard)::BIGINT AS heard, sum(used)::BIGINT AS used, min(observed_at) AS first_at,
    max(observed_at) AS last_at
  FROM feed_statuses GROUP BY date, device_id
), of_vehicles AS (
  SELECT date, device_id, vehicle_id, max(feed) AS made_by, count(*) FILTER (kind = 'vehicle-position') AS reports,
    count(*) FILTER (kind IS DISTINCT FROM 'feed-status') AS readings,
    count(*) FILTER (outcome IN ('counted', 'restated') AND kind <> 'feed-status') AS counted,
    count(*) FILTER (outcome = 'rejected') AS rejected, count(*) FILTER (outcome = 'quarantined') AS quarantined
  FROM feed_readings GROUP BY date, device_id, vehicle_id
), sent AS (
  SELECT date, device_id, max(made_by) AS made_by, sum(readings)::BIGINT AS readings, sum(counted)::BIGINT AS counted,
    sum(rejected)::BIGINT AS rejected, sum(quarantined)::BIGINT AS quarantined,
    list({'vehicle_id': vehicle_id, 'reports': reports} ORDER BY vehicle_id) FILTER (vehicle_id IS NOT NULL OR reports > 0) AS vehicles
  FROM of_vehicles GROUP BY date, device_id
)
SELECT date, device_id, made_by, coalesce(statuses, 0)::BIGINT AS statuses, heard, used, first_at, last_at, readings, counted, rejected,
  quarantined, coalesce(vehicles, []) AS vehicles, coalesce(rules, []) AS rules, coalesce(found, []) AS found
FROM feed_devices
JOIN sent USING (date, device_id)
LEFT JOIN told USING (date, device_id)
LEFT JOIN checks USING (date, device_id)
LEFT JOIN found_hours USING (date, device_id);
