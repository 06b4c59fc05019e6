-- title: Delay
-- question: How many vehicle hours were lost against the reference speed, on each day or at each site?
-- version: 3
-- source: delay = max(0, q (L/v - L/v_ref)), v floored at 5 km/h (Caltrans PeMS)
-- needs: hourly-flow, speed, length, free-flow when reference=free-flow and reference_speed_kmh=none, speed-limit when reference=speed-limit and reference_speed_kmh=none, occupancy when free_flow_rule=low-occupancy and reference=free-flow and reference_speed_kmh=none, imputed when values=filled
-- parameter: by | varchar | day | one of day, month, site | what a row stands for
-- parameter: reference | varchar | free-flow | one of free-flow, speed-limit | the site's own reference speed
-- parameter: reference_speed_kmh | integer | none | | one reference speed for all sites, in place of their own
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- parameter: panel_share | double | 0.9 | | a site is of the panel when this share of what it promised was observed on every local day
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: date | | local date, of a month its first; NULL for a site
-- column: site_id | | NULL by day and month
-- column: site_name | | as at the end of the period
-- column: reference_kmh | km/h | of the site; NULL by day and month
-- column: reference_basis | | fixed, speed-limit, or the rule that gave the free-flow speed
-- column: delay_veh_h | veh h | sum over windows of vehicles counted x time lost over the length
-- column: vkt_veh_km | veh km | of the same windows
-- column: delay_s_per_veh_km | s/veh km | delay / VKT
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- column: windows | | site windows in the figure
-- column: sites | | sites in the figure
-- column: observed_share | | of the time that the sites of this table promised, the share observed, silent days included; NULL where nothing is promised
-- column: imputed_share | | of the same time, the share that imputed values stand in for (they also replace what bad detectors observed); 0 where values is observed
-- column: panel_delay_veh_h | veh h | the same for the panel: compare days by this one
-- column: panel_sites | | sites of the panel in the row
-- caveat: Delay falls when detectors die. Trends use filled values, or the constant panel (panel_delay_veh_h), not all sites.
-- caveat: Readings longer than an hour are left out.
-- caveat: Reference speeds are rounded to whole km/h.
-- caveat: Lengths and limits are those at the end of the period; free-flow speeds are measured within the period.
WITH promised AS MATERIALIZED (
  SELECT * FROM row_sites
), panel AS (
  SELECT DISTINCT site_id, true AS of_panel FROM promised WHERE of_panel
), by_site AS (
  SELECT row_date(date) AS row_date, row_site(site_id) AS row_site, site_id, any_value(site_name) AS site_name,
    min(reference_kmh) AS reference_kmh, string_agg(DISTINCT reference_basis, ', ') AS reference_basis,
    sum(greatest(0, (floored_pace_us / 3.6e9 - count / reference_kmh) * length_km)) FILTER (bin_kmh < reference_kmh)
      AS delay_veh_h,
    sum(count * length_km) AS vkt_veh_km,
    sum(floored_windows) AS floored_windows, sum(counted_windows) AS windows
  FROM site_travel JOIN site_reference USING (site_id, direction)
  WHERE NOT long AND bin_kmh IS NOT NULL AND reference_kmh > 0
  GROUP BY row_date, row_site, site_id
), totals AS (
  SELECT row_date, row_site, any_value(site_name) AS site_name, min(reference_kmh) AS reference_kmh,
    any_value(reference_basis) AS reference_basis, coalesce(sum(delay_veh_h), 0) AS delay_veh_h,
    sum(vkt_veh_km) AS vkt_veh_km, sum(floored_windows)::BIGINT AS floored_windows, sum(windows)::BIGINT AS windows,
    count(*) AS sites, CASE WHEN count(*) FILTER (of_panel) > 0 THEN coalesce(sum(delay_veh_h) FILTER (of_panel), 0) END
      AS panel_delay_veh_h,
    count(*) FILTER (of_panel) AS panel_sites
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
  CASE WHEN t.row_site IS NOT NULL THEN reference_kmh END AS reference_kmh,
  CASE WHEN t.row_site IS NOT NULL THEN reference_basis END AS reference_basis,
  delay_veh_h, vkt_veh_km, delay_veh_h * 3600 / nullif(vkt_veh_km, 0) AS delay_s_per_veh_km,
  floored_windows, windows, sites, observed_share, imputed_share, panel_delay_veh_h, panel_sites
FROM totals t LEFT JOIN coverage c
  ON c.row_date IS NOT DISTINCT FROM t.row_date AND c.row_site IS NOT DISTINCT FROM t.row_site
ORDER BY t.row_date, t.row_site
