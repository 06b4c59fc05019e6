-- The day's windows of up to an hour, each beside the one before it: how long nothing came in between, and whether it
-- says exactly the same.
CREATE OR REPLACE TEMP TABLE health_windows AS
WITH moments AS (
  SELECT start_at, hour(city_time(start_at))::TINYINT AS local_hour
  FROM (SELECT DISTINCT start_at FROM windows WHERE start_at >= asked_from() AND start_at < asked_to())
), of_day AS (
  SELECT d.detector, d.lanes, d.owed_from, w.start_at, w.window_s, w.observed_s, w.count, w.count_s,
    flow_veh_h(w.count, w.count_s) AS flow_veh_h, occupancy_share(w.occupancy_micro_s, w.occupancy_s) AS occupancy,
    speed_kmh(w.pace_micro_s, w.pace_count, w.speed_milli_s, w.speed_s) AS speed_kmh,
    w.count_s = w.window_s OR w.occupancy_s = w.window_s OR w.speed_s = w.window_s AS whole
  FROM windows w JOIN health_detectors d USING (device_id, site_id, direction, lane)
  WHERE w.kind = 'traffic-flow' AND w.start_at >= asked_from() AND w.start_at < asked_to() AND w.window_s <= 3600
    AND w.observed_s > 0
)
SELECT * EXCLUDE (owed_from),
  (epoch(start_at) - coalesce(epoch(lag(start_at) OVER before) + lag(window_s) OVER before, epoch(owed_from)))::INTEGER
    AS gap_before_s,
  count - lag(count) OVER before AS count_step,
  abs(occupancy - lag(occupancy) OVER before) AS occupancy_step,
  coalesce(count = lag(count) OVER before, lag(count) OVER before IS NULL AND count IS NULL)
    AND coalesce(occupancy = lag(occupancy) OVER before, lag(occupancy) OVER before IS NULL AND occupancy IS NULL)
    AND coalesce(speed_kmh = lag(speed_kmh) OVER before, lag(speed_kmh) OVER before IS NULL AND speed_kmh IS NULL)
    AND lag(start_at) OVER before IS NOT NULL AS same_as_before,
  local_hour
FROM of_day JOIN moments USING (start_at)
WINDOW before AS (PARTITION BY detector ORDER BY start_at);
