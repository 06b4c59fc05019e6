-- Where a route is slow: what slow-zones and its figures of passengers stand on. Session variables: those of transit-views.sql, and
-- free_share, against, least_lost_s, hour_from, hour_to and within_s, as slow-zones has them.

-- Contiguous segments whose median speed is below free_share of the route's free speed, the 85th percentile of its segment runs (or
-- of each segment's own). `days`: service dates on which the route ran; `stretches`: its segments, with the run at free speed.
CREATE OR REPLACE TEMP VIEW slow_zones AS
  WITH runs AS (
    FROM query(CASE WHEN coalesce(getvariable('hour_from')::INTEGER, 0) = 0 AND coalesce(getvariable('hour_to')::INTEGER, 24) = 24 THEN 'SELECT *, true AS asked FROM run_seconds'
      ELSE 'SELECT *, 1 AS runs, hour(city_time(departure_at)) >= coalesce(getvariable(''hour_from''), 0) AND hour(city_time(departure_at)) < coalesce(getvariable(''hour_to''), 24) AS asked
        FROM run_segments WHERE to_m > from_m AND within_s <= coalesce(getvariable(''within_s'')::DOUBLE, 60)' END)
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
      FROM (SELECT route_id, direction_id, from_stop, to_stop, m / run_s * 3.6 AS kmh, sum(runs) AS runs FROM counted WHERE getvariable('against')::VARCHAR = 'segment' GROUP BY ALL))
    GROUP BY route_id, direction_id, from_stop, to_stop
  ), ranked AS (
    SELECT *, sum(runs) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop ORDER BY run_s) AS up_to,
      sum(runs) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop) AS total
    FROM (SELECT route_id, direction_id, from_stop, to_stop, run_s, sum(runs) AS runs, sum(m * runs) AS run_m FROM counted WHERE asked GROUP BY ALL)
  ), segments AS (
    SELECT r.route_id, r.direction_id, r.from_stop, r.to_stop, r.m, r.runs, r.median_s, CASE getvariable('against')::VARCHAR WHEN 'segment' THEN o.kmh ELSE f.kmh END AS free_kmh, d.days
    FROM (SELECT route_id, direction_id, from_stop, to_stop, sum(run_m) / sum(runs) AS m, sum(runs)::BIGINT AS runs, counted_quantile(run_s, up_to, total, 0.5) AS median_s
      FROM ranked GROUP BY route_id, direction_id, from_stop, to_stop) r
    JOIN free f USING (route_id) JOIN days d USING (route_id) LEFT JOIN own o USING (route_id, direction_id, from_stop, to_stop)
  ), judged AS (
    SELECT *, m / median_s * 3.6 < coalesce(getvariable('free_share')::DOUBLE, 0.65) * free_kmh AS slow, median_s - m / free_kmh * 3.6 AS lost_s FROM segments
  ), ordered AS (
    SELECT p.pattern_id, p.position, j.*, p.position - row_number() OVER (PARTITION BY p.pattern_id ORDER BY p.position) AS island
    FROM (SELECT DISTINCT route_id, direction_id, pattern_id, position, from_stop, to_stop FROM runs) p
    JOIN judged j USING (route_id, direction_id, from_stop, to_stop) WHERE j.slow
  ), zones AS (
    SELECT route_id, direction_id, pattern_id, arg_min(from_stop, position) AS from_stop, arg_max(to_stop, position) AS to_stop,
      list(from_stop || '>' || to_stop) AS parts, count(*) AS segments, sum(m) AS length_m, min(runs) AS runs, sum(m) / sum(median_s) * 3.6 AS median_kmh,
      sum(m) / sum(m / free_kmh) AS free_kmh, sum(lost_s) AS lost_s, any_value(days) AS days,
      sum(lost_s * runs) / any_value(days) * 7 / 3600 AS lost_veh_h_week, list({'from_stop': from_stop, 'to_stop': to_stop, 'm': m, 'free_s': m / free_kmh * 3.6}) AS stretches
    FROM ordered GROUP BY route_id, direction_id, pattern_id, island
  )
  -- A zone that lies within another of the route, found on another pattern, is the same one.
  SELECT * EXCLUDE (pattern_id, parts) FROM zones z
  WHERE lost_s >= coalesce(getvariable('least_lost_s')::DOUBLE, 30) AND NOT EXISTS (
    FROM zones o WHERE o.route_id = z.route_id AND o.direction_id = z.direction_id AND list_has_all(o.parts, z.parts)
      AND (o.segments > z.segments OR o.segments = z.segments AND o.pattern_id < z.pattern_id));
