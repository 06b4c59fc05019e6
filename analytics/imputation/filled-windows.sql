-- Observed where the detector was good, imputed where it was not or nothing came: each value beside its method
-- ('observed', or how it was imputed). Measures read them
-- where `values` is 'filled' (filled_traffic below). A day that was not judged yet is
-- as observed.
CREATE OR REPLACE TEMP VIEW filled_windows AS
SELECT device_id, site_id, direction, lane, start_at, window_s,
  CASE WHEN count_s > 0 THEN count * 3.6e3 / count_s END AS flow_veh_h,
  CASE WHEN count_s > 0 THEN 'observed' END AS flow_method,
  CASE WHEN occupancy_s > 0 THEN occupancy_micro_s / 1e6 / occupancy_s END AS occupancy,
  CASE WHEN occupancy_s > 0 THEN 'observed' END AS occupancy_method,
  CASE WHEN pace_count > 0 AND pace_micro_s > 0 THEN 3.6e9 * pace_count / pace_micro_s
       WHEN speed_s > 0 THEN speed_milli_s / 1e3 / speed_s END AS speed_kmh,
  CASE WHEN pace_count > 0 OR speed_s > 0 THEN 'observed' END AS speed_method,
  '' AS because
FROM near_windows ANTI JOIN imputed USING (device_id, site_id, direction, lane, start_at)
WHERE kind = 'traffic-flow' AND window_s <= 3600
UNION ALL
SELECT device_id, site_id, direction, lane, start_at, window_s,
  max(value) FILTER (field = 'flow_veh_h'), max(method) FILTER (field = 'flow_veh_h'),
  max(value) FILTER (field = 'occupancy'), max(method) FILTER (field = 'occupancy'),
  max(value) FILTER (field = 'speed_kmh'), max(method) FILTER (field = 'speed_kmh'), any_value(because)
FROM imputed
GROUP BY device_id, site_id, direction, lane, start_at, window_s;

-- How much of each detector's day was imputed, field by field: detector-seconds of each method.
CREATE OR REPLACE TEMP VIEW imputed_days AS
SELECT date, device_id, site_id, direction, lane, field, method, count(*) AS windows, sum(window_s)::BIGINT AS imputed_s
FROM imputed GROUP BY ALL;

-- The same of the asked period as windows with traffic, in their columns and sums, for measures that are asked for filled values. A detector's
-- imputed flows are rounded to whole vehicles running on, so that a day's add up to within half a vehicle.
CREATE OR REPLACE TEMP VIEW filled_traffic AS
WITH made AS (
  SELECT device_id, site_id, direction, lane, start_at, window_s,
    max(value) FILTER (field = 'flow_veh_h') * window_s / 3600 AS vehicles,
    max(value) FILTER (field = 'occupancy') AS occupancy, max(value) FILTER (field = 'speed_kmh') AS speed_kmh
  FROM imputed
  WHERE start_at >= coalesce(getvariable('from_at')::TIMESTAMPTZ, '-infinity')
    AND start_at < coalesce(getvariable('to_at')::TIMESTAMPTZ, 'infinity')
  GROUP BY device_id, site_id, direction, lane, start_at, window_s
), counted AS (
  SELECT *, CASE WHEN vehicles IS NOT NULL THEN (round(up_to) - round(up_to - vehicles))::BIGINT END AS count
  FROM (
    SELECT *, sum(vehicles) OVER (PARTITION BY device_id, site_id, direction, lane ORDER BY start_at) AS up_to FROM made
  )
)
SELECT * FROM near_windows ANTI JOIN made USING (device_id, site_id, direction, lane, start_at)
WHERE kind = 'traffic-flow'
UNION ALL BY NAME
SELECT 'traffic-flow' AS kind, device_id, '' AS subject, site_id, direction, lane, start_at, window_s, 0 AS readings,
  0 AS observed_s, count, CASE WHEN count IS NULL THEN 0 ELSE window_s END AS count_s,
  coalesce(round(occupancy * 1e6)::BIGINT * window_s, 0) AS occupancy_micro_s,
  CASE WHEN occupancy IS NULL THEN 0 ELSE window_s END AS occupancy_s,
  CASE WHEN count > 0 AND speed_kmh > 0 THEN round(count * 3.6e9 / speed_kmh)::BIGINT ELSE 0 END AS pace_micro_s,
  CASE WHEN count > 0 AND speed_kmh > 0 THEN count ELSE 0 END AS pace_count,
  CASE WHEN count IS NULL AND speed_kmh IS NOT NULL THEN round(speed_kmh * 1e3)::BIGINT * window_s ELSE 0 END AS speed_milli_s,
  CASE WHEN count IS NULL AND speed_kmh IS NOT NULL THEN window_s ELSE 0 END AS speed_s,
  0 AS revision, 'imputed' AS reason
FROM counted;
