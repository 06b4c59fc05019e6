-- title: Slow zones
-- question: On which stretches do vehicles go well below their route's free speed, and how much time does that cost?
-- version: 2
-- source: contiguous segments (stop to stop) whose median speed is below free_share of the route's free speed, the 85th percentile of its segment runs; lost time is the median run less the run at free speed; runs in whole seconds
-- needs: timetable, stop-visits
-- parameter: free_share | double | 0.65 | | a segment is slow below this share of the free speed
-- parameter: against | varchar | route | one of route, segment | free speed of the route as a whole, or the 85th percentile of each segment's own runs
-- parameter: least_lost_s | double | 30 | | zones that cost a run less are left out
-- parameter: hour_from | integer | 0 | | departures from this hour of the city's clock on
-- parameter: hour_to | integer | 24 | | and before this one; the free speed is of all hours
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: from_stop | | where the zone begins
-- column: to_stop | | where it ends
-- column: segments | | stop to stop
-- column: length_m | m | along the shape
-- column: runs | | observed, of its segment with fewest
-- column: median_kmh | km/h | over the zone, at the median run of each segment
-- column: free_kmh | km/h | over the zone, at free speed
-- column: lost_s | s | of a median run through it
-- column: lost_veh_h_week | veh-h | vehicle-hours lost in a week of days like those observed
-- caveat: From departure to arrival, so without dwell at stops; signals, queues and the braking and starting at stops are in it, so short segments look slower.
WITH runs AS (
  FROM query(CASE WHEN getvariable('hour_from') = 0 AND getvariable('hour_to') = 24 THEN 'SELECT *, true AS asked FROM run_seconds'
    ELSE 'SELECT *, 1 AS runs, hour(city_time(departure_at)) >= getvariable(''hour_from'') AND hour(city_time(departure_at)) < getvariable(''hour_to'') AS asked
      FROM run_segments WHERE to_m > from_m AND within_s <= getvariable(''within_s'')' END)
), counted AS MATERIALIZED (
  SELECT route_id, direction_id, from_stop, to_stop, asked, to_m - from_m AS m, run_s, sum(runs) AS runs FROM runs GROUP BY ALL
), free AS (
  SELECT route_id, counted_quantile(kmh, up_to, total, 0.85) AS kmh FROM (
    SELECT *, sum(runs) OVER (PARTITION BY route_id ORDER BY kmh) AS up_to, sum(runs) OVER (PARTITION BY route_id) AS total
    FROM (SELECT route_id, m / run_s * 3.6 AS kmh, sum(runs) AS runs FROM counted GROUP BY ALL))
  GROUP BY route_id
), days AS (
  SELECT route_id, count(*) AS days FROM (SELECT DISTINCT route_id, service_date FROM runs) GROUP BY route_id
), own AS (
  SELECT route_id, direction_id, from_stop, to_stop, counted_quantile(kmh, up_to, total, 0.85) AS kmh FROM (
    SELECT *, sum(runs) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop ORDER BY kmh) AS up_to,
      sum(runs) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop) AS total
    FROM (SELECT route_id, direction_id, from_stop, to_stop, m / run_s * 3.6 AS kmh, sum(runs) AS runs FROM counted WHERE getvariable('against') = 'segment' GROUP BY ALL))
  GROUP BY route_id, direction_id, from_stop, to_stop
), ranked AS (
  SELECT *, sum(runs) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop ORDER BY run_s) AS up_to,
    sum(runs) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop) AS total
  FROM (SELECT route_id, direction_id, from_stop, to_stop, run_s, sum(runs) AS runs, sum(m * runs) AS run_m FROM counted WHERE asked GROUP BY ALL)
), segments AS (
  SELECT r.route_id, r.direction_id, r.from_stop, r.to_stop, r.m, r.runs, r.median_s, CASE getvariable('against') WHEN 'segment' THEN o.kmh ELSE f.kmh END AS free_kmh, d.days
  FROM (SELECT route_id, direction_id, from_stop, to_stop, sum(run_m) / sum(runs) AS m, sum(runs)::BIGINT AS runs, counted_quantile(run_s, up_to, total, 0.5) AS median_s
    FROM ranked GROUP BY route_id, direction_id, from_stop, to_stop) r
  JOIN free f USING (route_id) JOIN days d USING (route_id) LEFT JOIN own o USING (route_id, direction_id, from_stop, to_stop)
), judged AS (
  SELECT *, m / median_s * 3.6 < getvariable('free_share') * free_kmh AS slow, median_s - m / free_kmh * 3.6 AS lost_s FROM segments
), ordered AS (
  SELECT p.pattern_id, p.position, j.*, p.position - row_number() OVER (PARTITION BY p.pattern_id ORDER BY p.position) AS island
  FROM (SELECT DISTINCT route_id, direction_id, pattern_id, position, from_stop, to_stop FROM runs) p
  JOIN judged j USING (route_id, direction_id, from_stop, to_stop) WHERE j.slow
), zones AS (
  SELECT route_id, direction_id, pattern_id, arg_min(from_stop, position) AS from_stop, arg_max(to_stop, position) AS to_stop,
    list(from_stop || '>' || to_stop) AS parts, count(*) AS segments, sum(m) AS length_m, min(runs) AS runs, sum(m) / sum(median_s) * 3.6 AS median_kmh,
    sum(m) / sum(m / free_kmh) AS free_kmh, sum(lost_s) AS lost_s, sum(lost_s * runs) / any_value(days) * 7 / 3600 AS lost_veh_h_week
  FROM ordered GROUP BY route_id, direction_id, pattern_id, island
)
-- A zone that lies within another of the route, found on another pattern, is the same one.
SELECT route_id, direction_id, from_stop, to_stop, segments, length_m, runs, median_kmh, free_kmh, lost_s, lost_veh_h_week
FROM zones z
WHERE lost_s >= getvariable('least_lost_s') AND NOT EXISTS (
  FROM zones o WHERE o.route_id = z.route_id AND o.direction_id = z.direction_id AND list_has_all(o.parts, z.parts)
    AND (o.segments > z.segments OR o.segments = z.segments AND o.pattern_id < z.pattern_id))
ORDER BY lost_veh_h_week DESC, route_id, direction_id, from_stop
