-- What transit measures stand on: stop_visits and trips_performed of the asked period, beside what was scheduled. Session
-- variables: from_at, to_at, route and stop (all where they are not set). A direction that the feed does not tell is 0.

-- A comparison with a constant, so that whole row groups of other routes are never read.
CREATE OR REPLACE TEMP MACRO asked_route(route_id) AS
  CASE WHEN getvariable('route') IS NULL THEN true ELSE route_id = getvariable('route')::VARCHAR END;

-- Service dates that can hold something of the asked period: the files of others are never read. Or the one that a roll-up is made of.
CREATE OR REPLACE TEMP MACRO asked_date(date) AS CASE WHEN getvariable('service_date') IS NOT NULL THEN date = getvariable('service_date')::DATE
  ELSE date >= coalesce(getvariable('from_at')::TIMESTAMPTZ::DATE - 2, DATE '-infinity')
    AND date <= coalesce(getvariable('to_at')::TIMESTAMPTZ::DATE + 1, DATE 'infinity') END;

-- What is within a day of the asked period: where something is told by its neighbours (the vehicle before, the next stop), these may
-- lie beyond the period's ends. What is asked for is picked afterwards.
CREATE OR REPLACE TEMP MACRO asked_nearly(moment) AS moment >= asked_from() - INTERVAL 1 DAY AND moment < asked_to() + INTERVAL 1 DAY;
CREATE OR REPLACE TEMP MACRO asked_moment(moment) AS moment >= asked_from() AND moment < asked_to();

-- Visits of the route, or at the stop, on dates that can hold something of the period; without columns that no view of transit asks for.
CREATE OR REPLACE TEMP VIEW worked_visits AS
  SELECT COLUMNS(lambda c: c NOT IN ('stop_sequence', 'timepoint', 'boardings', 'alightings', 'count_method', 'count_within_s', 'load_method',
    'load_within', 'load_withheld', 'reported_load', 'formula_version', 'stale'))
  FROM stop_visits WHERE asked_date(date) AND asked_route(route_id) AND asked_stop(stop_id);
CREATE OR REPLACE TEMP VIEW near_visits AS FROM query('FROM ' || CASE WHEN is_kept('kept_visits') THEN 'kept_visits' ELSE 'worked_visits' END);
-- All visits of its trips: of a stop alone no run could be told.
CREATE OR REPLACE TEMP VIEW trip_visits AS FROM query(CASE WHEN is_kept('kept_visits') AND getvariable('stop') IS NULL THEN 'FROM kept_visits'
  ELSE 'FROM stop_visits WHERE asked_date(date) AND asked_route(route_id)' END);

-- Calls of the timetable that were due while vehicles were watched, with what was seen of them: by the vehicle that counts for the trip.
-- `canceled`: the trip was called off, or this call of a trip that was seen is known not to have been made: the feed said that it is
-- skipped, the trip was cut short, or the vehicle was seen on a detour around it (and was never silent for five minutes). `deviation_s`:
-- whole seconds after the timetable: departure where there is one, arrival at the last stop. Where no dwell is scheduled, an arrival
-- stands in for a departure that nobody saw.
CREATE OR REPLACE TEMP VIEW worked_calls AS
  WITH calls AS (
    SELECT * EXCLUDE (timetable, stop_sequence, along_m) REPLACE (coalesce(direction_id, 0) AS direction_id), CASE WHEN is_last THEN arrival_at ELSE departure_at END AS due_at
    FROM scheduled_visits WHERE asked_route(route_id) AND asked_nearly(CASE WHEN is_last THEN arrival_at ELSE departure_at END)
      AND was_watched(CASE WHEN is_last THEN arrival_at ELSE departure_at END)
  ), visits AS (
    SELECT c.*, v.vehicle_id, v.arrival_at AS actual_arrival_at, v.departure_at AS actual_departure_at, v.trip_id IS NOT NULL AS observed,
      coalesce(p.relationship = 'canceled' OR v.trip_id IS NULL AND (p.began = 'short' AND c.position < p.first_position
        OR p.ended = 'short' AND c.position > p.last_position OR list_contains(p.skipped, c.position)
        OR p.detour AND p.longest_gap_s <= 300 AND c.position > p.first_position AND c.position < p.last_position), false) AS canceled
    FROM calls c
    LEFT JOIN (FROM near_visits WHERE counts AND relationship = 'scheduled') v ON v.date = c.service_date AND v.trip_id = c.trip_id AND v.position = c.position
    LEFT JOIN (FROM trips_performed WHERE counts AND relationship IN ('scheduled', 'canceled') AND asked_date(date) AND asked_route(route_id)) p
      ON p.date = c.service_date AND p.trip_id = c.trip_id
  )
  SELECT *, round(CASE WHEN is_last THEN epoch_ms(actual_arrival_at) - epoch_ms(arrival_at)
    WHEN actual_departure_at IS NOT NULL THEN epoch_ms(actual_departure_at) - epoch_ms(departure_at)
    WHEN departure_at = arrival_at THEN epoch_ms(actual_arrival_at) - epoch_ms(arrival_at) END / 1e3)::INTEGER AS deviation_s
  FROM visits;

CREATE OR REPLACE TEMP VIEW near_calls AS FROM query('FROM ' || CASE WHEN is_kept('kept_calls') THEN 'kept_calls' ELSE 'worked_calls' END);

-- Calls that were to be made in the asked period.
CREATE OR REPLACE TEMP VIEW call_visits AS FROM near_calls WHERE asked_moment(due_at);

-- Where a way comes by a stop again: the second pass is 2. Each pass is a series of its own, for its vehicles go elsewhere.
CREATE OR REPLACE TEMP VIEW later_passes AS
  SELECT pattern_id, position, max(pass) AS pass FROM (
    SELECT pattern_id, position, row_number() OVER (PARTITION BY timetable, pattern_id, stop_id ORDER BY position) AS pass FROM timetable_pattern_stops)
  WHERE pass > 1 GROUP BY pattern_id, position;

-- The time from the trip before at a stop, as scheduled and as it was. `spans_unobserved`: a scheduled trip between the two was
-- neither seen nor canceled, so the wait it stands for may never have been. Last stops are left out: nobody waits there.
CREATE OR REPLACE TEMP VIEW worked_headways AS
  WITH due AS (
    SELECT *, epoch_ms(departure_at) - epoch_ms(lag(departure_at) OVER due) AS scheduled_headway_ms,
      sum((NOT observed AND NOT canceled)::INTEGER) OVER due AS unseen_before,
      coalesce(actual_departure_at, actual_arrival_at) AS seen_at
    FROM (SELECT c.*, coalesce(p.pass, 1)::SMALLINT AS pass FROM near_calls c LEFT JOIN later_passes p USING (pattern_id, position)) WHERE NOT is_last
    WINDOW due AS (PARTITION BY service_date, route_id, direction_id, stop_id, pass ORDER BY departure_at, trip_id)
  ), seen AS (
    SELECT *, CASE WHEN seen_at IS NOT NULL THEN epoch_ms(seen_at) - epoch_ms(lag(seen_at) OVER seen) END AS headway_ms,
      seen_at IS NOT NULL AND unseen_before IS DISTINCT FROM lag(unseen_before) OVER seen AS spans_unobserved
    FROM due
    WINDOW seen AS (PARTITION BY service_date, route_id, direction_id, stop_id, pass, seen_at IS NULL ORDER BY seen_at, trip_id)
  )
  SELECT service_date, route_id, direction_id, stop_id, pass, trip_id, position, timing, departure_at, seen_at, observed, canceled,
    scheduled_headway_ms, headway_ms, scheduled_headway_ms / 1e3 AS scheduled_headway_s, headway_ms / 1e3 AS headway_s, spans_unobserved,
    hour(city_time(departure_at))::INTEGER AS hour
  FROM seen WHERE asked_moment(departure_at);

CREATE OR REPLACE TEMP VIEW stop_headways AS FROM query('FROM ' || CASE WHEN is_kept('kept_headways') THEN 'kept_headways' ELSE 'worked_headways' END);

-- From a vehicle to the next at a stop, as they were seen, whatever the timetable says; `lines` 'together' takes all routes that call
-- there as one. Last stops are left out where they are known.
CREATE OR REPLACE TEMP VIEW worked_passings AS
  FROM (
    SELECT *, (epoch_ms(seen_at) - epoch_ms(lag(seen_at) OVER seen)) / 1e3 AS headway_s
    FROM (SELECT date, route_id, coalesce(direction_id, 0) AS direction_id, stop_id, trip_id, vehicle_id, position, coalesce(pass, 1)::SMALLINT AS pass,
        coalesce(departure_at, arrival_at) AS seen_at,
        CASE WHEN getvariable('lines')::VARCHAR = 'together' THEN '' ELSE concat(route_id, '/', coalesce(direction_id, 0)) END AS line
      FROM near_visits LEFT JOIN later_passes USING (pattern_id, position)
      WHERE counts AND relationship <> 'deadrun' AND NOT coalesce(is_last, false) AND asked_nearly(coalesce(departure_at, arrival_at)))
    WINDOW seen AS (PARTITION BY date, stop_id, line, CASE WHEN line = '' THEN 1 ELSE pass END ORDER BY seen_at, trip_id))
  WHERE asked_moment(seen_at);

CREATE OR REPLACE TEMP VIEW seen_headways AS FROM query('FROM ' || CASE WHEN is_kept('kept_passings') AND getvariable('lines')::VARCHAR IS DISTINCT FROM 'together'
  THEN 'kept_passings' ELSE 'worked_passings' END);

-- From a stop to the next one of a trip, as it was run; `run_s` in whole seconds.
CREATE OR REPLACE TEMP VIEW worked_segments AS
  SELECT *, greatest(1, round((epoch_ms(arrival_at) - epoch_ms(departure_at)) / 1e3))::INTEGER AS run_s FROM (
    SELECT date AS service_date, trip_id, vehicle_id, route_id, coalesce(direction_id, 0) AS direction_id, pattern_id, position,
      stop_id AS from_stop, lead(stop_id) OVER run AS to_stop, lead(position) OVER run AS next_position, along_m AS from_m,
      lead(along_m) OVER run AS to_m, departure_at, lead(arrival_at) OVER run AS arrival_at, scheduled_departure_at,
      lead(scheduled_arrival_at) OVER run AS scheduled_arrival_at,
      coalesce(departure_within_s, 0) + coalesce(lead(arrival_within_s) OVER run, 0) AS within_s, departure_load
    FROM trip_visits WHERE counts AND relationship IN ('scheduled', 'added') AND asked_nearly(coalesce(departure_at, arrival_at))
    WINDOW run AS (PARTITION BY date, trip_id, vehicle_id ORDER BY position))
  WHERE next_position = position + 1 AND departure_at IS NOT NULL AND arrival_at > departure_at AND asked_moment(departure_at);

CREATE OR REPLACE TEMP VIEW run_segments AS FROM query('FROM ' || CASE WHEN is_kept('kept_segments') THEN 'kept_segments' ELSE 'worked_segments' END);

-- A trip of the timetable that was to start in the asked period and to end while vehicles were watched, and how much of its way was run,
-- was lost, or nobody saw.
CREATE OR REPLACE TEMP VIEW worked_trips AS
  SELECT *, coalesce(relationship = 'scheduled' AND stops_visited > 0, false) AS seen, coalesce(relationship = 'canceled', false) AS canceled,
    CASE WHEN relationship = 'scheduled' AND stops_visited > 0 THEN to_m - from_m ELSE 0 END AS run_m,
    CASE WHEN relationship = 'canceled' THEN way_m ELSE 0 END AS canceled_m,
    CASE WHEN relationship = 'scheduled' AND stops_visited > 0 THEN CASE WHEN began = 'short' THEN from_m ELSE 0 END
      + CASE WHEN ended = 'short' THEN way_m - to_m ELSE 0 END ELSE 0 END AS short_m
  FROM (
    SELECT s.service_date, s.route_id, s.trip_id, s.start_at, s.end_at, ways.way_m, p.vehicle_id, p.relationship, p.from_m - ways.first_m AS from_m,
      p.to_m - ways.first_m AS to_m, p.began, p.ended, p.stops_visited
    FROM scheduled_trips s
    JOIN (SELECT timetable, pattern_id, max(along_m) - min(along_m) AS way_m, min(along_m) AS first_m FROM timetable_pattern_stops GROUP BY ALL) ways
      USING (timetable, pattern_id)
    LEFT JOIN trips_performed p ON p.date = s.service_date AND p.trip_id = s.trip_id AND p.counts AND p.relationship IN ('scheduled', 'canceled')
      AND asked_date(p.date)
    WHERE asked_moment(s.start_at) AND asked_route(s.route_id) AND was_watched(s.start_at) AND was_watched(s.end_at));

-- What an alert says of a route or trip, as it was last sent, for each of the spans in which it holds.
CREATE OR REPLACE TEMP VIEW alerted AS
  WITH alerts AS (
    SELECT alert_id, arg_max(cause, observed_at) AS cause, arg_max(header, observed_at) AS header, arg_max(informs, observed_at) AS informs,
      arg_max(active_periods, observed_at) AS active_periods, min(observed_at) AS first_sent_at, max(observed_at) AS last_sent_at
    FROM readings WHERE kind = 'service-alert' AND outcome IN ('counted', 'restated') AND alert_id IS NOT NULL GROUP BY alert_id
  ), informed AS (
    SELECT * EXCLUDE (informs), unnest(from_json(informs, '[{"routeId": "VARCHAR", "tripId": "VARCHAR"}]')) AS whom FROM alerts
  ), spans AS (
    SELECT *, unnest(coalesce(nullif(from_json(active_periods, '[{"from": "VARCHAR", "to": "VARCHAR"}]'), []),
      [{'from': NULL::VARCHAR, 'to': NULL::VARCHAR}])) AS span FROM informed
  )
  SELECT alert_id, cause, header, whom."routeId" AS route_id, whom."tripId" AS trip_id,
    coalesce(try_cast(span."from" AS TIMESTAMPTZ), first_sent_at) AS from_at, coalesce(try_cast(span."to" AS TIMESTAMPTZ), last_sent_at) AS to_at
  FROM spans;

CREATE OR REPLACE TEMP MACRO stop_name(stop) AS (SELECT any_value(name) FROM timetable_stops s WHERE s.stop_id = stop);
