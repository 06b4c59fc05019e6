-- What visits add up to, by service date: each `worked_...` from visits, kept as a roll-up (transit-rollups.ts) and read from there
-- where the asked period keeps to whole local dates and every service date of it is rolled up; the same rows either way. A service
-- date's rows hold what happened on it by the hour or date of the city's clock, so that a period can cut it at midnight.

-- Punctuality by route and hour. `due`: calls that have a timetable; on time between 60 s early and 300 s late.
CREATE OR REPLACE TEMP VIEW worked_call_hours AS
  SELECT service_date, route_id, direction_id, hour_start(due_at) AS hour_at, hour(city_time(due_at))::SMALLINT AS hour, count(*) AS calls,
    count(*) FILTER (observed) AS observed, count(*) FILTER (canceled) AS canceled, count(*) FILTER (canceled AND NOT observed) AS canceled_unseen,
    count(*) FILTER (timing = 'timetable') AS due, count(*) FILTER (timing = 'timetable' AND canceled) AS due_canceled,
    count(deviation_s) FILTER (timing = 'timetable' AND NOT canceled) AS judged,
    count(*) FILTER (timing = 'timetable' AND NOT canceled AND deviation_s BETWEEN -60 AND 300) AS on_time,
    count(*) FILTER (timing = 'timetable' AND NOT canceled AND deviation_s < -60) AS early,
    count(*) FILTER (timing = 'timetable' AND NOT canceled AND deviation_s > 300) AS late
  FROM call_visits GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW call_hours AS FROM query(CASE WHEN transit_summed()
  THEN 'FROM summed_call_hours WHERE asked_moment(hour_at) AND asked_route(route_id)' ELSE 'FROM worked_call_hours' END);

-- The same by the bounds that the session's variables early_s and late_s give.
CREATE OR REPLACE TEMP VIEW punctual_hours AS FROM query(CASE
  WHEN coalesce(getvariable('early_s')::DOUBLE, 60) = 60 AND coalesce(getvariable('late_s')::DOUBLE, 300) = 300
  THEN 'SELECT route_id, direction_id, hour, due, due_canceled, judged, on_time, early, late FROM call_hours'
  ELSE 'SELECT route_id, direction_id, hour(city_time(due_at))::SMALLINT AS hour, 1 AS due, canceled::INTEGER AS due_canceled,
      (NOT canceled AND deviation_s IS NOT NULL)::INTEGER AS judged, (NOT canceled AND deviation_s BETWEEN -getvariable(''early_s'') AND getvariable(''late_s''))::INTEGER AS on_time,
      (NOT canceled AND deviation_s < -getvariable(''early_s''))::INTEGER AS early, (NOT canceled AND deviation_s > getvariable(''late_s''))::INTEGER AS late
    FROM call_visits WHERE timing = ''timetable''' END);

-- How many calls of a route were so many seconds after the timetable; `late_s` NULL: canceled, or nobody saw when.
CREATE OR REPLACE TEMP VIEW worked_call_seconds AS
  SELECT service_date, city_time(due_at)::DATE AS date, route_id, direction_id, timepoint, canceled,
    CASE WHEN NOT canceled THEN deviation_s END AS late_s, count(*) AS calls
  FROM call_visits WHERE timing = 'timetable' GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW call_seconds AS FROM query(CASE WHEN transit_summed()
  THEN 'FROM summed_call_seconds WHERE asked_day(date) AND asked_route(route_id)' ELSE 'FROM worked_call_seconds' END);

-- Headways at a stop, and pass of it, by hour: sums of milliseconds and of their squares, as scheduled and as they were. `whole` are those that span
-- no trip nobody saw; `paired` have a scheduled headway too. Bunched below a quarter of the scheduled headway, a gap over twice.
CREATE OR REPLACE TEMP VIEW worked_headway_hours AS
  SELECT service_date, route_id, direction_id, stop_id, pass, hour_start(departure_at) AS hour_at, hour::SMALLINT AS hour, count(*) AS departures,
    count(*) FILTER (observed) AS observed, count(*) FILTER (NOT canceled) AS to_observe,
    sum(scheduled_headway_ms)::BIGINT AS scheduled_ms, sum(scheduled_headway_ms * scheduled_headway_ms)::BIGINT AS scheduled_ms2,
    count(headway_ms) FILTER (NOT spans_unobserved) AS whole, count(headway_ms) FILTER (spans_unobserved) AS spanning,
    sum(headway_ms) FILTER (NOT spans_unobserved)::BIGINT AS whole_ms, sum(headway_ms * headway_ms) FILTER (NOT spans_unobserved)::BIGINT AS whole_ms2,
    count(*) FILTER (scheduled_headway_ms > 0 AND headway_ms IS NOT NULL) AS judged,
    count(*) FILTER (scheduled_headway_ms > 0 AND headway_ms < 0.25 * scheduled_headway_ms) AS bunched,
    count(*) FILTER (scheduled_headway_ms > 0 AND headway_ms IS NOT NULL AND NOT spans_unobserved) AS gap_judged,
    count(*) FILTER (scheduled_headway_ms > 0 AND headway_ms > 2 * scheduled_headway_ms AND NOT spans_unobserved) AS gaps
  FROM stop_headways GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW headway_hours AS FROM query(CASE WHEN transit_summed()
  THEN 'FROM summed_headway_hours WHERE asked_moment(hour_at) AND asked_route(route_id) AND asked_stop(stop_id)' ELSE 'FROM worked_headway_hours' END);

-- Scheduled and actual wait at a stop by hour of the day, over the asked period: `days` with departures, `left_out` headways that span a
-- trip nobody saw. A service date is a bit of its month: one that is in several rows counts once.
CREATE OR REPLACE TEMP VIEW wait_hours AS
  WITH months AS (
    SELECT route_id, direction_id, stop_id, pass, hour::INTEGER AS hour, bit_count(bit_or(1::BIGINT << (day(service_date) - 1))) AS days, sum(departures) AS departures,
      sum(observed) AS observed, sum(to_observe) AS to_observe, sum(scheduled_ms) AS scheduled_ms, sum(scheduled_ms2) AS scheduled_ms2,
      sum(whole) AS headways, sum(spanning) AS left_out, sum(whole_ms) AS whole_ms, sum(whole_ms2) AS whole_ms2
    FROM headway_hours GROUP BY route_id, direction_id, stop_id, pass, hour, datetrunc('month', service_date)
  )
  SELECT route_id, direction_id, stop_id, pass, hour, sum(departures) AS departures, sum(days) AS days, sum(observed) AS observed, sum(to_observe) AS to_observe,
    sum(scheduled_ms2) / nullif(2 * sum(scheduled_ms), 0) / 6e4 AS swt_min, sum(whole_ms2) / nullif(2 * sum(whole_ms), 0) / 6e4 AS awt_min,
    sum(headways) AS headways, sum(left_out) AS left_out
  FROM months GROUP BY route_id, direction_id, stop_id, pass, hour;

-- Visits at a stop by hour, and who was counted there. `stretches` to the next stop; `loaded` with a known load, in passenger-millimetres.
CREATE OR REPLACE TEMP VIEW worked_ridden_hours AS
  SELECT v.date AS service_date, v.route_id, v.direction_id, v.stop_id, hour_start(v.seen_at) AS hour_at, v.hour::SMALLINT AS hour, count(*) AS visits,
    count(*) FILTER (v.counts) AS counting_visits, sum(v.boardings)::BIGINT AS boardings, sum(v.alightings)::BIGINT AS alightings,
    count(coalesce(v.boardings, v.alightings)) AS counted, count(s.position) AS stretches, count(s.departure_load) AS loaded,
    sum(round(s.departure_load * s.km * 1e6)::BIGINT)::BIGINT AS passenger_mm
  FROM ridden_visits v LEFT JOIN ridden_segments s USING (date, trip_id, vehicle_id, position)
  GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW ridden_hours AS FROM query(CASE WHEN transit_summed()
  THEN 'FROM summed_ridden_hours WHERE asked_moment(hour_at) AND asked_route(route_id) AND asked_stop(stop_id)' ELSE 'FROM worked_ridden_hours' END);

-- How many runs from a stop to the next took so many seconds, of times known within `within_s` (60 where it is not given).
CREATE OR REPLACE TEMP VIEW worked_run_seconds AS
  SELECT service_date, city_time(departure_at)::DATE AS date, route_id, direction_id, pattern_id, position, from_stop, to_stop, from_m, to_m,
    run_s, count(*) AS runs
  FROM run_segments WHERE to_m > from_m AND within_s <= coalesce(getvariable('within_s')::DOUBLE, 60) GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW run_seconds AS FROM query(CASE WHEN transit_summed() AND coalesce(getvariable('within_s')::DOUBLE, 60) = 60
  THEN 'FROM summed_run_seconds WHERE asked_day(date) AND asked_route(route_id)' ELSE 'FROM worked_run_seconds' END);

-- Runs from stop to stop one by one where the session's variable by asks for segments; else none, and nothing is read.
CREATE OR REPLACE TEMP VIEW asked_segments AS FROM query('FROM run_segments' || CASE WHEN getvariable('by')::VARCHAR = 'segment' THEN '' ELSE ' LIMIT 0' END);

-- The runs of run_seconds one by one; with the hour they began in where the session's variable hours is 'each'.
CREATE OR REPLACE TEMP VIEW segment_runs AS FROM query(CASE WHEN getvariable('hours')::VARCHAR = 'each'
  THEN 'SELECT route_id, direction_id, from_stop, to_stop, from_m, to_m, run_s, hour(city_time(departure_at))::INTEGER AS hour
    FROM run_segments WHERE to_m > from_m AND within_s <= coalesce(getvariable(''within_s'')::DOUBLE, 60)'
  ELSE 'SELECT route_id, direction_id, from_stop, to_stop, from_m, to_m, run_s, NULL::INTEGER AS hour FROM run_seconds, range(runs)' END);

-- Runs one by one, with the hour they began in and who was aboard.
CREATE OR REPLACE TEMP VIEW worked_hour_runs AS
  SELECT service_date, route_id, direction_id, from_stop, to_stop, hour_start(departure_at) AS hour_at, hour(city_time(departure_at))::SMALLINT AS hour,
    run_s, departure_load
  FROM run_segments WHERE to_m > from_m AND within_s <= coalesce(getvariable('within_s')::DOUBLE, 60);
CREATE OR REPLACE TEMP VIEW hour_runs AS FROM query(CASE WHEN transit_summed() AND coalesce(getvariable('within_s')::DOUBLE, 60) = 60
  THEN 'FROM summed_hour_runs WHERE asked_moment(hour_at) AND asked_route(route_id)' ELSE 'FROM worked_hour_runs' END);

-- A trip of the timetable that was to start in the asked period, and how much of its way was run, was lost, or nobody saw.
CREATE OR REPLACE TEMP VIEW delivered_trips AS FROM query(CASE WHEN transit_summed()
  THEN 'FROM summed_trips WHERE asked_moment(start_at) AND asked_route(route_id)' ELSE 'FROM worked_trips' END);

-- A quantile of values that are each there so many times: `up_to` of them at most this great, `total` in the group (as quantile_cont).
CREATE OR REPLACE TEMP MACRO counted_quantile(value, up_to, total, q) AS
  min(value) FILTER (up_to > floor(q * (total - 1)))
  + (min(value) FILTER (up_to > ceil(q * (total - 1))) - min(value) FILTER (up_to > floor(q * (total - 1))))
    * (any_value(q * (total - 1)) - floor(any_value(q * (total - 1))));
