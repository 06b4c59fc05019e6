-- title: Run time
-- question: How long do trips and segments take, by hour, and what timetable would hold?
-- version: 1
-- source: p50 for the timetable, p85 to p95 for recovery (TCRP Report 135); from departure to arrival
-- needs: stop-visits
-- parameter: by | varchar | trip | one of trip, segment | whole trips from first to last stop, or from each stop to the next
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: pattern_id | | stops and shape
-- column: from_stop | | by segment
-- column: to_stop | | by segment
-- column: hour | | of departure, by the city's clock
-- column: runs | | observed
-- column: scheduled_s | s | median of the timetable's
-- column: p50_s | s | suggested run time
-- column: p85_s | s | run time that 85 % hold
-- column: p95_s | s | run time that 95 % hold
-- column: recovery_s | s | suggested recovery: p95 - p50
-- caveat: By trip only trips seen at their first and last stop count.
WITH ends AS (
  SELECT date, trip_id, vehicle_id, any_value(route_id) AS route_id, any_value(coalesce(direction_id, 0)) AS direction_id,
    any_value(pattern_id) AS pattern_id, max(departure_at) FILTER (is_first) AS departed_at, max(arrival_at) FILTER (is_last) AS arrived_at,
    max(scheduled_departure_at) FILTER (is_first) AS due_from, max(scheduled_arrival_at) FILTER (is_last) AS due_to,
    coalesce(max(departure_within_s) FILTER (is_first), 0) + coalesce(max(arrival_within_s) FILTER (is_last), 0) AS within_s
  FROM trip_visits
  WHERE counts AND relationship IN ('scheduled', 'added')
  GROUP BY date, trip_id, vehicle_id
), runs AS (
  SELECT route_id, direction_id, pattern_id, NULL AS from_stop, NULL AS to_stop, NULL AS position, departed_at, arrived_at, due_from, due_to
  FROM ends WHERE getvariable('by') = 'trip' AND within_s <= getvariable('within_s')
    AND departed_at >= asked_from() AND departed_at < asked_to() AND arrived_at > departed_at
  UNION ALL
  SELECT route_id, direction_id, pattern_id, from_stop, to_stop, position, departure_at, arrival_at, scheduled_departure_at, scheduled_arrival_at
  FROM asked_segments WHERE within_s <= getvariable('within_s')
), timed AS (
  SELECT *, hour(city_time(departed_at))::INTEGER AS hour, (epoch_ms(arrived_at) - epoch_ms(departed_at)) / 1e3 AS run_s,
    (epoch_ms(due_to) - epoch_ms(due_from)) / 1e3 AS due_s
  FROM runs
)
SELECT route_id, direction_id, pattern_id, from_stop, to_stop, hour, count(*) AS runs, median(due_s) AS scheduled_s,
  quantile_cont(run_s, 0.5) AS p50_s, quantile_cont(run_s, 0.85) AS p85_s, quantile_cont(run_s, 0.95) AS p95_s,
  quantile_cont(run_s, 0.95) - quantile_cont(run_s, 0.5) AS recovery_s
FROM timed
GROUP BY route_id, direction_id, pattern_id, position, from_stop, to_stop, hour
ORDER BY route_id, direction_id, pattern_id, position, hour
