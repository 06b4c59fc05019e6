-- Estimated speeds of single loops, five minutes by five minutes (single_loop_factors): v = q g / occ, smoothed with
-- p = n / (n + 50), n vehicles a window and lane: v_t = p v + (1 - p) v_(t-1). A window in which nobody passed has no
-- speed and leaves the smoothed one as it was.
CREATE OR REPLACE TEMP TABLE single_loop_raw AS
SELECT f.device_id, f.site_id, f.direction, f.lane, w.start_at, w.window_s, w.count, f.g_m, f.free_flow_basis,
  flow_veh_h(w.count, w.count_s) AS flow_veh_h,
  single_loop_kmh(flow_veh_h(w.count, w.count_s) / f.lanes, occupancy_share(w.occupancy_micro_s, w.occupancy_s), f.g_m) AS raw_kmh,
  smoothing_weight(w.count * 300e0 / w.count_s / f.lanes) AS weight,
  row_number() OVER (PARTITION BY f.device_id, f.site_id, f.direction, f.lane ORDER BY w.start_at) AS place
FROM single_loop_factors f JOIN asked_windows w USING (device_id, site_id, direction, lane)
JOIN asked_moments m ON m.start_at = w.start_at AND hour(m.local_at) = f.hour
WHERE w.window_s <= 900 AND w.count > 0 AND w.occupancy_micro_s > 0;

CREATE OR REPLACE TEMP TABLE single_loop_speeds AS
WITH RECURSIVE smoothed AS (
  SELECT device_id, site_id, direction, lane, place, raw_kmh AS speed_kmh FROM single_loop_raw WHERE place = 1
  UNION ALL
  SELECT r.device_id, r.site_id, r.direction, r.lane, r.place, r.weight * r.raw_kmh + (1 - r.weight) * s.speed_kmh
  FROM smoothed s JOIN single_loop_raw r ON r.device_id = s.device_id AND r.site_id = s.site_id
    AND r.direction = s.direction AND r.lane = s.lane AND r.place = s.place + 1
)
SELECT r.device_id, r.site_id, r.direction, r.lane, r.start_at, r.window_s, r.count, r.flow_veh_h, r.g_m, r.raw_kmh,
  s.speed_kmh, r.free_flow_basis
FROM single_loop_raw r JOIN smoothed s USING (device_id, site_id, direction, lane, place);
