-- The g-factor of each detector that counts and measures occupancy but no speed, by hour of the city's clock, for the
-- asked period (asked_windows): the mean of occ / q * v_free over windows with an occupancy up to its 60th percentile of
-- that week. v_free is the 85th percentile of the speeds by night (22:00 to 05:00, 12 windows at least) of the nearest
-- site, within 8 km on the same road and direction, that measures speed in the same lane; else the limit + 8 km/h, which
-- is an assumption and named so (`free_flow_basis`). An hour with fewer than 3 samples takes the g of the whole day.
CREATE OR REPLACE TEMP TABLE lane_free_flow AS
SELECT w.site_id, w.direction, w.lane,
  quantile_cont(speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s), 0.85) AS free_flow_kmh
FROM asked_windows w JOIN asked_moments m USING (start_at)
WHERE (hour(m.local_at) >= 22 OR hour(m.local_at) < 5) AND w.window_s <= 900 AND (w.pace_count > 0 OR w.speed_s > 0)
GROUP BY w.site_id, w.direction, w.lane HAVING count(*) >= 12;

CREATE OR REPLACE TEMP TABLE single_loops AS
WITH loops AS (
  SELECT device_id, site_id, direction, lane FROM asked_windows WHERE window_s <= 900
  GROUP BY ALL
  HAVING sum(count_s) > 0 AND sum(occupancy_s) > 0 AND coalesce(sum(pace_count), 0) = 0 AND coalesce(sum(speed_s), 0) = 0
), near AS (
  SELECT l.device_id, l.direction, l.lane, f.site_id AS near_site, f.free_flow_kmh
  FROM loops l JOIN site_facts a ON a.site_id = l.site_id
  JOIN lane_free_flow f ON f.lane = l.lane AND f.site_id <> l.site_id
  JOIN site_facts b ON b.site_id = f.site_id AND b.road = a.road
    AND coalesce(nullif(f.direction, ''), b.direction, '') = coalesce(nullif(l.direction, ''), a.direction, '')
  WHERE distance_km(a.lat, a.lon, b.lat, b.lon) <= 8
  QUALIFY row_number() OVER (PARTITION BY l.device_id, l.direction, l.lane
    ORDER BY distance_km(a.lat, a.lon, b.lat, b.lon), f.site_id) = 1
)
SELECT l.*, coalesce(CASE WHEN l.lane > 0 THEN 1 END, a.lanes) AS lanes,
  coalesce(n.free_flow_kmh, a.speed_limit_kmh + 8) AS free_flow_kmh,
  CASE WHEN n.near_site IS NOT NULL THEN 'measured at ' || n.near_site
       WHEN a.speed_limit_kmh IS NOT NULL THEN 'assumed: limit + 8 km/h' END AS free_flow_basis
FROM loops l LEFT JOIN site_facts a ON a.site_id = l.site_id
LEFT JOIN near n ON n.device_id = l.device_id AND n.direction = l.direction AND n.lane = l.lane;

CREATE OR REPLACE TEMP TABLE single_loop_factors AS
WITH samples AS (
  SELECT s.device_id, s.site_id, s.direction, s.lane, date_trunc('week', m.local_at) AS week, hour(m.local_at) AS hour,
    occupancy_share(w.occupancy_micro_s, w.occupancy_s) AS occupancy,
    effective_length_m(flow_veh_h(w.count, w.count_s) / s.lanes, occupancy_share(w.occupancy_micro_s, w.occupancy_s),
      s.free_flow_kmh) AS g_m
  FROM single_loops s JOIN asked_windows w USING (device_id, site_id, direction, lane) JOIN asked_moments m USING (start_at)
  WHERE w.window_s <= 900
), free AS (
  SELECT * FROM samples
  QUALIFY occupancy <= quantile_cont(occupancy, 0.6) OVER (PARTITION BY device_id, direction, lane, week) AND g_m IS NOT NULL
), of_day AS (
  SELECT device_id, site_id, direction, lane, avg(g_m) AS g_m, count(*) AS samples FROM free GROUP BY ALL
), of_hour AS (
  SELECT device_id, site_id, direction, lane, hour, avg(g_m) AS g_m, count(*) AS samples FROM free GROUP BY ALL
)
SELECT s.device_id, s.site_id, s.direction, s.lane, s.lanes, h.hour::SMALLINT AS hour,
  CASE WHEN o.samples >= 3 THEN o.g_m ELSE d.g_m END AS g_m, coalesce(o.samples, 0) AS samples,
  s.free_flow_kmh, s.free_flow_basis
FROM single_loops s JOIN of_day d USING (device_id, site_id, direction, lane)
CROSS JOIN (SELECT unnest(range(24)) AS hour) h
LEFT JOIN of_hour o ON o.device_id = s.device_id AND o.site_id = s.site_id AND o.direction = s.direction
  AND o.lane = s.lane AND o.hour = h.hour;
