-- The shares that the PeMS cause tree asks of five-minute rows.
CREATE OR REPLACE TEMP TABLE health_tree AS
SELECT detector, count(occupancy) AS occupancy_windows, count(count) AS count_windows, sum(count)::BIGINT AS vehicles,
  sum(count_s)::BIGINT AS count_s,
  count(*) FILTER (occupancy = 0) / nullif(count(occupancy), 0) AS zero_occupancy_share,
  count(*) FILTER (occupancy > 0.7) / nullif(count(occupancy), 0) AS high_occupancy_share,
  count(*) FILTER (occupancy > 0 AND count = 0) / nullif(count(*) FILTER (occupancy IS NOT NULL AND count IS NOT NULL), 0)
    AS occupancy_without_flow_share,
  count(*) FILTER (occupancy = 0 AND count > 0) / nullif(count(*) FILTER (occupancy IS NOT NULL AND count IS NOT NULL), 0)
    AS flow_without_occupancy_share,
  max(flow_veh_h) AS highest_flow_veh_h,
  quantile_cont(speed_kmh, 0.85) AS speed_p85_kmh
FROM health_windows GROUP BY detector;

-- Zero occupancy is judged by what the road is used to: where few drive it is no fault (PeMS: rural 90 %, low volume
-- 100 %, here a mean flow below 100 and 20 vehicles an hour and lane). A night without anybody is healthy.
INSERT INTO health_failures
SELECT detector, f.cause, printf('%.0f %% of five-minute rows', 100 * f.share)
FROM health_tree t JOIN health_detectors d USING (detector), LATERAL (
  SELECT 'zero-occupancy' AS cause, t.zero_occupancy_share AS share,
    CASE WHEN flow_veh_h(t.vehicles, t.count_s) / coalesce(d.lanes, 1) < 20 THEN NULL
         WHEN flow_veh_h(t.vehicles, t.count_s) / coalesce(d.lanes, 1) < 100 THEN 0.9 ELSE 0.59 END AS least
  UNION ALL SELECT 'high-occupancy', t.high_occupancy_share, 0.2
  UNION ALL SELECT 'occupancy-without-flow', t.occupancy_without_flow_share, 0.02
  UNION ALL SELECT 'flow-without-occupancy', t.flow_without_occupancy_share, 0.5
) f
WHERE f.share >= f.least AND t.occupancy_windows >= 48;
