-- title: Suggested timetable
-- question: Which times at stops would vehicles have held, hour by hour, and how much recovery does the end of the line need?
-- version: 1
-- source: run times p50 for the timetable, p85 to p95 for recovery (TCRP Report 135): median segment runs and dwells in the order of the way, scaled so that the last stop comes at the median of whole trips
-- needs: stop-visits
-- parameter: least_runs | integer | 5 | | hours in which a segment was run less often are left out
-- parameter: recovery_at | double | 0.95 | | share of trips that are to be over before the next one is due
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: pattern_id | | stops and shape
-- column: hour | | in which the trip leaves its first stop, by the city's clock
-- column: position | | of the stop on the pattern
-- column: stop_id | | the stop
-- column: runs | | seen to come from the stop before
-- column: run_p50_s | s | from the stop before, median
-- column: dwell_p50_s | s | at the stop, median
-- column: suggested_s | s | arrival after the trip's start
-- column: scheduled_s | s | likewise in the timetable, median
-- column: change_s | s | suggested less scheduled
-- column: trips | | at the last stop: whole trips observed
-- column: trip_p50_s | s | at the last stop: median of whole trips
-- column: trip_p85_s | s | likewise
-- column: trip_p95_s | s | likewise
-- column: recovery_s | s | at the last stop: run time at recovery_at less the median
-- caveat: Times that vehicles held for a timepoint are in the dwell: a timetable that is too slow suggests itself again.
WITH visits AS (
  SELECT date, trip_id, vehicle_id, route_id, coalesce(direction_id, 0) AS direction_id, pattern_id, position, stop_id, is_first, is_last, arrival_at, departure_at,
    coalesce(arrival_within_s, 0) AS arrival_within_s, coalesce(departure_within_s, 0) AS departure_within_s, scheduled_arrival_at,
    min(scheduled_departure_at) FILTER (is_first) OVER trip AS due_from, min(departure_at) FILTER (is_first) OVER trip AS left_at,
    min(departure_within_s) FILTER (is_first) OVER trip AS left_within_s,
    coalesce(min(scheduled_departure_at) FILTER (is_first) OVER trip, min(departure_at) FILTER (is_first) OVER trip, min(coalesce(departure_at, arrival_at)) OVER trip) AS start_at
  FROM trip_visits
  WHERE counts AND relationship IN ('scheduled', 'added')
  WINDOW trip AS (PARTITION BY date, trip_id, vehicle_id)
), steps AS (
  SELECT *, hour(city_time(start_at))::INTEGER AS hour,
    CASE WHEN lag(position) OVER run = position - 1 AND arrival_within_s + lag(departure_within_s) OVER run <= getvariable('within_s')
      THEN (epoch_ms(arrival_at) - epoch_ms(lag(departure_at) OVER run)) / 1e3 END AS run_s,
    CASE WHEN NOT is_first AND NOT coalesce(is_last, false) THEN (epoch_ms(departure_at) - epoch_ms(arrival_at)) / 1e3 END AS dwell_s,
    CASE WHEN is_last AND arrival_within_s + left_within_s <= getvariable('within_s') THEN (epoch_ms(arrival_at) - epoch_ms(left_at)) / 1e3 END AS trip_s,
    (epoch_ms(scheduled_arrival_at) - epoch_ms(due_from)) / 1e3 AS due_s
  FROM visits WHERE start_at >= asked_from() AND start_at < asked_to()
  WINDOW run AS (PARTITION BY date, trip_id, vehicle_id ORDER BY position)
), stops AS (
  SELECT route_id, direction_id, pattern_id, hour, position, stop_id, bool_or(is_last) AS is_last, count(run_s) AS runs, median(run_s) AS run_p50_s,
    coalesce(median(dwell_s), 0) AS dwell_p50_s, median(due_s) AS scheduled_s, count(trip_s) AS trips, median(trip_s) AS trip_p50_s,
    quantile_cont(trip_s, 0.85) AS trip_p85_s, quantile_cont(trip_s, 0.95) AS trip_p95_s,
    list_aggregate(list(trip_s), 'quantile_cont', getvariable('recovery_at')) AS trip_long_s
  FROM steps GROUP BY ALL
), chained AS (
  SELECT *, CASE WHEN position = 1 THEN 0 WHEN count(*) FILTER (position > 1 AND runs < getvariable('least_runs')) OVER upto = 0
      AND count(*) OVER upto = position THEN sum(coalesce(run_p50_s, 0)) OVER upto + coalesce(sum(dwell_p50_s) OVER before, 0) END AS chain_s
  FROM stops
  WINDOW upto AS (PARTITION BY route_id, direction_id, pattern_id, hour ORDER BY position),
    before AS (PARTITION BY route_id, direction_id, pattern_id, hour ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), scaled AS (
  SELECT *, coalesce(max(trip_p50_s) FILTER (trips >= getvariable('least_runs')) OVER whole / nullif(max(chain_s) FILTER (is_last) OVER whole, 0), 1) AS scale
  FROM chained WINDOW whole AS (PARTITION BY route_id, direction_id, pattern_id, hour)
)
SELECT route_id, direction_id, pattern_id, hour, position, stop_id, runs, run_p50_s, dwell_p50_s, chain_s * scale AS suggested_s, scheduled_s,
  chain_s * scale - scheduled_s AS change_s, CASE WHEN is_last THEN trips END AS trips, trip_p50_s, trip_p85_s, trip_p95_s,
  trip_long_s - trip_p50_s AS recovery_s
FROM scaled WHERE chain_s IS NOT NULL
ORDER BY route_id, direction_id, pattern_id, hour, position
