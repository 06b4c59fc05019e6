-- title: Vehicle hours travelled
-- question: How long did vehicles spend on the measured roads, on each day or at each site?
-- version: 3
-- source: VHT = q L / v; network speed Q = sum VKT / sum VHT (Caltrans PeMS)
-- needs: hourly-flow, speed, length, imputed when values=filled
-- parameter: by | varchar | day | one of day, month, site | what a row stands for
-- parameter: panel_share | double | 0.9 | | a site is of the panel when this share of what it promised was observed on every local day
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: date | | local date, of a month its first; NULL for a site
-- column: site_id | | NULL by day and month
-- column: site_name | | as at the end of the period
-- column: vht_veh_h | veh h | sum over windows of vehicles counted x length / speed
-- column: vkt_veh_km | veh km | of the same windows
-- column: network_speed_kmh | km/h | sum of VKT / sum of VHT
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- column: windows | | site windows in the figure
-- column: vehicles_without_speed | veh | counted where no speed was measured: in no figure of this row
-- column: sites | | sites in the figure
-- column: observed_share | | of the time that the sites of this table promised, the share observed, silent days included; NULL where nothing is promised
-- column: imputed_share | | of the same time, the share that imputed values stand in for (they also replace what bad detectors observed); 0 where values is observed
-- column: panel_vht_veh_h | veh h | the same for the panel: compare days by this one
-- column: panel_sites | | sites of the panel in the row
-- caveat: VHT falls when detectors die. Trends use filled values, or the constant panel (panel_vht_veh_h), not all sites.
-- caveat: Readings longer than an hour are left out.
-- caveat: Lengths are those at the end of the period.
WITH promised AS MATERIALIZED (
  SELECT * FROM row_sites
), panel AS (
  SELECT DISTINCT site_id, true AS of_panel FROM promised WHERE of_panel
), by_site AS (
  SELECT row_date(date) AS row_date, row_site(site_id) AS row_site, site_id, any_value(site_name) AS site_name,
    sum(floored_pace_us / 3.6e9 * length_km) AS vht_veh_h,
    sum(count * length_km) FILTER (bin_kmh IS NOT NULL) AS vkt_veh_km,
    sum(floored_windows) AS floored_windows,
    coalesce(sum(counted_windows) FILTER (bin_kmh IS NOT NULL), 0) AS windows,
    coalesce(sum(count) FILTER (bin_kmh IS NULL), 0) AS vehicles_without_speed
  FROM site_travel
  WHERE NOT long
  GROUP BY ALL
), totals AS (
  SELECT row_date, row_site, any_value(site_name) AS site_name,
    sum(vht_veh_h) FILTER (windows > 0) AS vht_veh_h, sum(vkt_veh_km) AS vkt_veh_km,
    sum(floored_windows)::BIGINT AS floored_windows, sum(windows)::BIGINT AS windows,
    sum(vehicles_without_speed)::BIGINT AS vehicles_without_speed,
    count(*) FILTER (windows > 0) AS sites,
    sum(vht_veh_h) FILTER (of_panel AND windows > 0) AS panel_vht_veh_h,
    count(*) FILTER (of_panel AND windows > 0) AS panel_sites
  FROM by_site LEFT JOIN panel USING (site_id)
  GROUP BY row_date, row_site
), coverage AS (
  SELECT row_date, row_site, sum(observed_s) / nullif(sum(expected_s), 0) AS observed_share,
    sum(imputed_s) / nullif(sum(expected_s), 0) AS imputed_share
  FROM promised
  WHERE site_id IN (SELECT site_id FROM by_site)
  GROUP BY ALL
)
SELECT t.row_date AS date, t.row_site AS site_id, CASE WHEN t.row_site IS NOT NULL THEN site_name END AS site_name,
  vht_veh_h, vkt_veh_km, vkt_veh_km / nullif(vht_veh_h, 0) AS network_speed_kmh, floored_windows, windows,
  vehicles_without_speed, sites, observed_share, imputed_share, panel_vht_veh_h, panel_sites
FROM totals t LEFT JOIN coverage c
  ON c.row_date IS NOT DISTINCT FROM t.row_date AND c.row_site IS NOT DISTINCT FROM t.row_site
ORDER BY t.row_date, t.row_site
