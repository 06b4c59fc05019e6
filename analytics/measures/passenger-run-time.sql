-- title: Run time as passengers have it
-- question: Where do passengers spend their time between stops, and how much of it is lost?
-- version: 1
-- source: run-time by segment, each run weighted by who was aboard; lost against the fast run (15th percentile) of the segment, and against the timetable
-- needs: passenger-counts
-- parameter: by | varchar | segment | one of segment, hour, route | a row for each segment, each hour of a route, or each route
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: from_stop | | by segment
-- column: to_stop | | by segment
-- column: hour | | by hour: of departure, by the city's clock
-- column: runs | | with a load
-- column: left_out | | runs known less exactly
-- column: passengers | | aboard, summed over the runs
-- column: run_s | s | mean run of a segment, each run as one
-- column: passenger_run_s | s | mean run of a segment that a passenger has
-- column: passenger_h | h | sum of passengers x run
-- column: lost_passenger_h | h | of that, beyond the segment's fast run
-- column: beyond_timetable_h | h | of that, beyond the scheduled run, where one is scheduled
-- column: loads_known | | runs with a load / runs
-- caveat: From departure to arrival, so without dwell at stops (passenger-dwell); signals and queues are in it.
-- caveat: The fast run is of the runs in the period asked for, one for each segment of a pattern.
WITH exact_runs AS (
  SELECT *, run_s > 0 AND within_s <= getvariable('within_s') AS exact FROM ridden_segments WHERE run_s IS NOT NULL
), runs AS (
  SELECT * REPLACE (CASE WHEN exact THEN departure_load END AS departure_load),
    quantile_cont(run_s, 0.15) FILTER (exact) OVER (PARTITION BY route_id, direction_id, stop_id, to_stop) AS fast_s
  FROM exact_runs
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'segment' THEN stop_id END AS from_stop,
  CASE getvariable('by') WHEN 'segment' THEN to_stop END AS to_stop, CASE getvariable('by') WHEN 'hour' THEN hour END AS hour,
  count(departure_load) AS runs, count(*) FILTER (NOT exact) AS left_out, sum(departure_load) AS passengers,
  avg(run_s) FILTER (departure_load IS NOT NULL) AS run_s,
  sum(departure_load * run_s) / nullif(sum(departure_load), 0) AS passenger_run_s, sum(departure_load * run_s) / 3600 AS passenger_h,
  sum(departure_load * greatest(0, run_s - fast_s)) / 3600 AS lost_passenger_h,
  sum(departure_load * greatest(0, run_s - scheduled_s)) / 3600 AS beyond_timetable_h,
  count(departure_load) / nullif(count(*) FILTER (exact), 0) AS loads_known
FROM runs
GROUP BY ALL
ORDER BY route_id, direction_id, min(position), from_stop, to_stop, hour
