-- title: Delay
-- question: How many vehicle hours were lost against the reference speed, on each day or at each site?
-- version: 1
-- source: delay = max(0, q (L/v - L/v_ref)), v floored at 5 km/h (Caltrans PeMS)
-- needs: hourly-flow, speed, length, free-flow when reference=free-flow and reference_speed_kmh=none, speed-limit when reference=speed-limit and reference_speed_kmh=none, occupancy when free_flow_rule=low-occupancy and reference=free-flow and reference_speed_kmh=none
-- parameter: by | varchar | day | one of day, site | what a row stands for
-- parameter: reference | varchar | free-flow | one of free-flow, speed-limit | the site's own reference speed
-- parameter: reference_speed_kmh | double | none | | one reference speed for all sites, in place of their own
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- parameter: panel_share | double | 0.9 | | a site is of the panel when this share of what it promised was observed on every local day
-- column: date | | local date; NULL for a site
-- column: site_id | | NULL for a day
-- column: site_name | | as at the end of the period
-- column: reference_kmh | km/h | of the site; NULL for a day
-- column: reference_basis | | fixed, speed-limit, or the rule that gave the free-flow speed
-- column: delay_veh_h | veh h | sum over windows of vehicles counted x time lost over the length
-- column: vkt_veh_km | veh km | of the same windows
-- column: delay_s_per_veh_km | s/veh km | delay / VKT
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- column: windows | | site windows in the figure
-- column: sites | | sites in the figure
-- column: observed_share | | of the time that the sites of this table promised, the share observed, silent days included; NULL where nothing is promised
-- column: panel_delay_veh_h | veh h | the same for the panel: compare days by this one
-- column: panel_sites | | sites of the panel in the row
-- caveat: Delay falls when detectors die. Trends use the constant panel (panel_delay_veh_h), not all sites.
-- caveat: Readings longer than an hour are left out.
-- caveat: Lengths and limits are those at the end of the period; free-flow speeds are measured within the period.
WITH days AS MATERIALIZED (
  SELECT * FROM site_days
), reference AS (
  SELECT w.site_id, w.direction, f.name, f.length_km,
    CASE WHEN getvariable('reference_speed_kmh') IS NOT NULL THEN getvariable('reference_speed_kmh')
         WHEN getvariable('reference') = 'speed-limit' THEN f.speed_limit_kmh
         ELSE ff.free_flow_kmh END AS reference_kmh,
    CASE WHEN getvariable('reference_speed_kmh') IS NOT NULL THEN 'fixed'
         WHEN getvariable('reference') = 'speed-limit' THEN 'speed-limit'
         ELSE ff.rule END AS reference_basis
  FROM (SELECT DISTINCT site_id, direction FROM asked_hours) w
  JOIN site_facts f USING (site_id)
  LEFT JOIN site_free_flow ff ON ff.site_id = w.site_id AND ff.direction = w.direction
    AND getvariable('reference_speed_kmh') IS NULL AND getvariable('reference') = 'free-flow'
), by_site AS (
  SELECT w.site_id, w.local_at::DATE AS date, any_value(r.name) AS name,
    min(r.reference_kmh) AS reference_kmh, string_agg(DISTINCT r.reference_basis, ', ') AS reference_basis,
    sum(greatest(0, w.count * (travel_h(r.length_km, w.speed_kmh) - r.length_km / r.reference_kmh))) AS delay_veh_h,
    sum(w.count * r.length_km) AS vkt_veh_km,
    count(*) FILTER (w.speed_kmh < floor_kmh()) AS floored_windows, count(*) AS windows
  FROM site_windows w JOIN reference r USING (site_id, direction)
  WHERE w.window_s <= 3600 AND w.count_s > 0 AND w.speed_kmh IS NOT NULL AND r.length_km > 0 AND r.reference_kmh > 0
  GROUP BY w.site_id, 2
), travelled AS (
  SELECT b.*, p.site_id IS NOT NULL AS of_panel
  FROM by_site b
  LEFT JOIN (SELECT DISTINCT site_id FROM days WHERE of_panel) p USING (site_id)
), totals AS (
  SELECT CASE getvariable('by') WHEN 'day' THEN date END AS date,
    CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
    any_value(name) AS name, min(reference_kmh) AS reference_kmh, any_value(reference_basis) AS reference_basis,
    sum(delay_veh_h) AS delay_veh_h, sum(vkt_veh_km) AS vkt_veh_km,
    sum(floored_windows)::BIGINT AS floored_windows, sum(windows)::BIGINT AS windows,
    count(DISTINCT travelled.site_id) AS sites,
    sum(delay_veh_h) FILTER (of_panel) AS panel_delay_veh_h,
    count(DISTINCT travelled.site_id) FILTER (of_panel) AS panel_sites
  FROM travelled
  GROUP BY 1, 2
), coverage AS (
  SELECT CASE getvariable('by') WHEN 'day' THEN date END AS date,
    CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
    sum(observed_s) / nullif(sum(expected_s), 0) AS observed_share
  FROM days
  WHERE site_id IN (SELECT site_id FROM travelled)
  GROUP BY 1, 2
)
SELECT t.date, t.site_id, CASE WHEN t.site_id IS NOT NULL THEN name END AS site_name,
  CASE WHEN t.site_id IS NOT NULL THEN reference_kmh END AS reference_kmh,
  CASE WHEN t.site_id IS NOT NULL THEN reference_basis END AS reference_basis,
  delay_veh_h, vkt_veh_km, delay_veh_h * 3600 / nullif(vkt_veh_km, 0) AS delay_s_per_veh_km,
  floored_windows, windows, sites, observed_share, panel_delay_veh_h, panel_sites
FROM totals t LEFT JOIN coverage c
  ON c.date IS NOT DISTINCT FROM t.date AND c.site_id IS NOT DISTINCT FROM t.site_id
ORDER BY t.date, t.site_id
