-- title: Lost productivity
-- question: How many lane-kilometre-hours of road were lost to congestion?
-- version: 1
-- source: sum over t with v_t < v_ref of max(0, 1 - q_t / (C N)) L N dt (Caltrans PeMS, lost lane-mile-hours); C the largest 15-minute flow rate a lane on 20 complete days and more, else 2,000 veh/h
-- needs: hourly-flow, speed, length, lanes
-- parameter: by | varchar | site | one of day, month, site | what a row stands for
-- parameter: productive_kmh | double | 64 | | time below this speed counts (40 mph)
-- parameter: capacity_veh_h_lane | double | 2000 | | where a site has too few complete days for one of its own
-- parameter: capacity_days | integer | 20 | | complete days that its own must rest on
-- parameter: complete_share | double | 0.95 | | a local day is complete when every lane was observed for this share of it
-- column: date | | local date, of a month its first; NULL for a site
-- column: site_id | | NULL by day and month
-- column: site_name | | as at the end of the period
-- column: lost_lane_km_h | lane km h | lane-kilometres unproductive x hours
-- column: congested_h | h | time below productive_kmh, summed over sites
-- column: capacity_veh_h_lane | veh/h/lane | C; NULL by day and month
-- column: capacity_basis | | measured, or assumed; by day and month, the number measured
-- column: sites | | sites in the figure
-- caveat: Readings longer than 15 minutes are left out.
-- caveat: Lanes and lengths are those at the end of the period.
WITH quarters AS (
  SELECT site_id, direction, epoch_us(start_at) // 900000000 AS quarter, sum(count) * 4 AS flow_veh_h
  FROM site_windows
  WHERE count_s > 0 AND window_s <= 900
  GROUP BY ALL
  HAVING sum(window_s) = 900
), complete AS (
  SELECT site_id, direction, count(*) AS days FROM day_volumes WHERE complete GROUP BY ALL
), capacities AS (
  SELECT s.site_id, s.direction, coalesce(c.days, 0) >= getvariable('capacity_days') AS measured,
    CASE WHEN coalesce(c.days, 0) >= getvariable('capacity_days') THEN q.most / f.lanes
      ELSE getvariable('capacity_veh_h_lane') END AS capacity
  FROM (SELECT DISTINCT site_id, direction FROM site_windows WHERE count_s > 0) s
  JOIN site_facts f ON f.site_id = s.site_id
  LEFT JOIN (SELECT site_id, direction, max(flow_veh_h) AS most FROM quarters GROUP BY ALL) q
    ON q.site_id = s.site_id AND q.direction = s.direction
  LEFT JOIN complete c ON c.site_id = s.site_id AND c.direction = s.direction
), lost AS (
  SELECT w.site_id, row_date(w.local_at) AS row_date, row_site(w.site_id) AS row_site, f.name,
    greatest(0, 1 - w.flow_veh_h / (c.capacity * f.lanes)) * f.length_km * f.lanes * w.window_s / 3600 AS lane_km_h,
    w.window_s / 3600 AS h, c.capacity, c.measured, w.speed_kmh < getvariable('productive_kmh') AS congested
  FROM site_windows w JOIN site_facts f ON f.site_id = w.site_id JOIN capacities c ON c.site_id = w.site_id
    AND c.direction = w.direction
  WHERE w.count_s > 0 AND w.window_s <= 900 AND w.speed_kmh IS NOT NULL AND f.length_km > 0 AND f.lanes > 0
)
SELECT row_date AS date, row_site AS site_id, CASE WHEN row_site IS NOT NULL THEN any_value(name) END AS site_name,
  coalesce(sum(lane_km_h) FILTER (congested), 0) AS lost_lane_km_h, coalesce(sum(h) FILTER (congested), 0) AS congested_h,
  CASE WHEN row_site IS NOT NULL THEN max(capacity) END AS capacity_veh_h_lane,
  CASE WHEN row_site IS NULL THEN count(DISTINCT site_id) FILTER (measured) || ' measured'
    WHEN any_value(measured) THEN 'measured' ELSE 'assumed' END AS capacity_basis,
  count(DISTINCT site_id) AS sites
FROM lost
GROUP BY row_date, row_site
ORDER BY row_date, row_site
