-- title: Level of service of freeways
-- question: How densely do vehicles drive on each freeway at each hour, from A to F?
-- version: 1
-- source: HCM 6, chapter 12, basic segment: D = v_p / S, v_p = V / (PHF N f_HV), f_HV = 1 / (1 + P_T (E_T - 1)); A to 6.8, B 11.2, C 16.2, D 21.7, E 28.0 pc/km/lane, F above
-- needs: hourly-flow, speed, lanes, free-flow
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: truck_equivalent | double | 2 | | E_T: passenger cars a truck or bus stands for (2 on level ground, 3 on rolling)
-- parameter: truck_share | double | 0.05 | | P_T where no classes are counted
-- parameter: freeway_kmh | double | 90 | | see bottleneck-episodes
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: hour | h | of the city's clock
-- column: level | | A to F
-- column: density_pc_km_lane | pc/km/lane | passenger cars a kilometre and lane
-- column: flow_veh_h | veh/h | mean over the days
-- column: speed_kmh | km/h | space-mean over the days
-- column: peak_hour_factor | | V60 / (4 max V15) of the mean day's hour; 1 where readings are longer than 15 minutes
-- column: heavy_share | | share of trucks and buses used
-- column: heavy_basis | | counted, or assumed
-- column: lanes | | of the site
-- column: days | | local dates in the figure
-- caveat: Of the mean day; a single hour may be worse. The measured speed stands for S, not one estimated from flow.
-- caveat: Streets are left out: see street-level-of-service.
WITH freeways AS (
  SELECT site_id, direction FROM site_free_flow WHERE free_flow_kmh >= getvariable('freeway_kmh')
), quarters AS (
  SELECT w.site_id, w.direction, hour(w.local_at) AS hour, minute(w.local_at) // 15 AS quarter,
    sum(w.flow_veh_h * w.window_s) / sum(w.window_s) AS flow_veh_h, sum(w.pace_micro_s) AS pace_micro_s,
    sum(w.pace_count) AS pace_count, sum(w.speed_milli_s) AS speed_milli_s, sum(w.speed_s) AS speed_s,
    count(DISTINCT w.local_at::DATE) AS days, max(w.window_s) AS window_s
  FROM site_windows w JOIN freeways USING (site_id, direction)
  WHERE w.count_s > 0 AND w.window_s <= 3600 AND on_days(w.day_type, getvariable('days'))
  GROUP BY ALL
), hours AS (
  SELECT site_id, direction, hour, avg(flow_veh_h) AS flow_veh_h,
    CASE WHEN max(window_s) <= 900 AND count(*) = 4 THEN avg(flow_veh_h) / max(flow_veh_h) ELSE 1 END AS phf,
    speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh, max(days) AS days
  FROM quarters
  GROUP BY ALL
), classed AS (
  SELECT site_id, sum(count) FILTER (class IN ('truck', 'bus')) / nullif(sum(count), 0) AS heavy_share
  FROM (
    SELECT site_id, unnest(map_keys(class_counts)) AS class, unnest(map_values(class_counts)) AS count
    FROM asked_windows WHERE class_counts IS NOT NULL
  )
  WHERE class NOT IN ('bicycle', 'pedestrian')
  GROUP BY site_id
), densities AS (
  SELECT h.*, f.name, f.lanes, coalesce(c.heavy_share, getvariable('truck_share')) AS heavy_share,
    CASE WHEN c.heavy_share IS NULL THEN 'assumed' ELSE 'counted' END AS heavy_basis,
    h.flow_veh_h * (1 + coalesce(c.heavy_share, getvariable('truck_share')) * (getvariable('truck_equivalent') - 1))
      / (h.phf * f.lanes) / h.speed_kmh AS density
  FROM hours h JOIN site_facts f USING (site_id) LEFT JOIN classed c USING (site_id)
  WHERE f.lanes > 0 AND h.speed_kmh IS NOT NULL AND h.phf > 0
)
SELECT site_id, name AS site_name, direction, hour::SMALLINT AS hour,
  CASE WHEN density <= 6.8 THEN 'A' WHEN density <= 11.2 THEN 'B' WHEN density <= 16.2 THEN 'C'
    WHEN density <= 21.7 THEN 'D' WHEN density <= 28.0 THEN 'E' ELSE 'F' END AS level,
  density AS density_pc_km_lane, flow_veh_h, speed_kmh, phf AS peak_hour_factor, heavy_share, heavy_basis, lanes, days
FROM densities
ORDER BY site_id, direction, hour
