-- title: Vehicle hours travelled
-- question: How long did vehicles spend on the measured roads, on each day or at each site?
-- version: 1
-- source: VHT = q L / v; network speed Q = sum VKT / sum VHT (Caltrans PeMS)
-- needs: hourly-flow, speed, length
-- parameter: by | varchar | day | one of day, site | what a row stands for
-- parameter: panel_share | double | 0.9 | | a site is of the panel when this share of what it promised was observed on every local day
-- column: date | | local date; NULL for a site
-- column: site_id | | NULL for a day
-- column: site_name | | as at the end of the period
-- column: vht_veh_h | veh h | sum over windows of vehicles counted x length / speed
-- column: vkt_veh_km | veh km | of the same windows
-- column: network_speed_kmh | km/h | sum of VKT / sum of VHT
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- column: windows | | site windows in the figure
-- column: vehicles_without_speed | veh | counted where no speed was measured: in no figure of this row
-- column: sites | | sites in the figure
-- column: observed_share | | of the time that the sites of this table promised, the share observed, silent days included; NULL where nothing is promised
-- column: panel_vht_veh_h | veh h | the same for the panel: compare days by this one
-- column: panel_sites | | sites of the panel in the row
-- caveat: VHT falls when detectors die. Trends use the constant panel (panel_vht_veh_h), not all sites.
-- caveat: Readings longer than an hour are left out.
-- caveat: Lengths are those at the end of the period.
WITH days AS MATERIALIZED (
  SELECT * FROM site_days
), by_site AS (
  SELECT w.site_id, w.local_at::DATE AS date, any_value(f.name) AS name,
    sum(w.count * travel_h(f.length_km, w.speed_kmh)) AS vht_veh_h,
    sum(w.count * f.length_km) FILTER (w.speed_kmh IS NOT NULL) AS vkt_veh_km,
    count(*) FILTER (w.speed_kmh < floor_kmh()) AS floored_windows,
    count(*) FILTER (w.speed_kmh IS NOT NULL) AS windows,
    coalesce(sum(w.count) FILTER (w.speed_kmh IS NULL), 0) AS vehicles_without_speed
  FROM site_windows w JOIN site_facts f USING (site_id)
  WHERE w.window_s <= 3600 AND w.count_s > 0 AND f.length_km > 0
  GROUP BY w.site_id, 2
), travelled AS (
  SELECT b.*, p.site_id IS NOT NULL AS of_panel
  FROM by_site b
  LEFT JOIN (SELECT DISTINCT site_id FROM days WHERE of_panel) p USING (site_id)
), totals AS (
  SELECT CASE getvariable('by') WHEN 'day' THEN date END AS date,
    CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
    any_value(name) AS name, sum(vht_veh_h) AS vht_veh_h, sum(vkt_veh_km) AS vkt_veh_km,
    sum(floored_windows)::BIGINT AS floored_windows, sum(windows)::BIGINT AS windows,
    sum(vehicles_without_speed)::BIGINT AS vehicles_without_speed,
    count(DISTINCT travelled.site_id) FILTER (windows > 0) AS sites,
    sum(vht_veh_h) FILTER (of_panel) AS panel_vht_veh_h,
    count(DISTINCT travelled.site_id) FILTER (of_panel AND windows > 0) AS panel_sites
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
SELECT t.date, t.site_id, CASE WHEN t.site_id IS NOT NULL THEN name END AS site_name, vht_veh_h, vkt_veh_km,
  vkt_veh_km / nullif(vht_veh_h, 0) AS network_speed_kmh, floored_windows, windows, vehicles_without_speed, sites,
  observed_share, panel_vht_veh_h, panel_sites
FROM totals t LEFT JOIN coverage c
  ON c.date IS NOT DISTINCT FROM t.date AND c.site_id IS NOT DISTINCT FROM t.site_id
ORDER BY t.date, t.site_id
