-- title: Vehicle kilometres travelled
-- question: How far did vehicles drive past the sensors, on each day or at each site?
-- version: 3
-- source: VKT = q L (Caltrans PeMS); L = half the distance to each neighbour, 1.6 km at most
-- needs: flow, length, imputed when values=filled
-- parameter: by | varchar | day | one of day, month, site | what a row stands for
-- parameter: panel_share | double | 0.9 | | a site is of the panel when this share of what it promised was observed on every local day
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: date | | local date, of a month its first; NULL for a site
-- column: site_id | | NULL by day and month
-- column: site_name | | as at the end of the period
-- column: length_km | km | length of road: of the site, or of all sites in the row
-- column: length_basis | | given, or half-way to the neighbours on a corridor; NULL by day and month
-- column: vkt_veh_km | veh km | vehicles counted x length; what was not observed is not added
-- column: sites | | sites in the figure
-- column: observed_share | | of the time that the sites of this table promised, the share observed, silent days included; NULL where nothing is promised
-- column: imputed_share | | of the same time, the share that imputed values stand in for (they also replace what bad detectors observed); 0 where values is observed
-- column: panel_vkt_veh_km | veh km | the same for the panel: compare days by this one
-- column: panel_sites | | sites of the panel in the row
-- caveat: VKT falls when detectors die. Trends use filled values, or the constant panel (panel_vkt_veh_km), not all sites.
-- caveat: Lengths are those at the end of the period.
WITH promised AS MATERIALIZED (
  SELECT * FROM row_sites
), panel AS (
  SELECT DISTINCT site_id, true AS of_panel FROM promised WHERE of_panel
), by_site AS (
  SELECT row_date(date) AS row_date, row_site(site_id) AS row_site, site_id, any_value(site_name) AS site_name,
    any_value(length_km) AS length_km, any_value(length_basis) AS length_basis, sum(count * length_km) AS vkt_veh_km
  FROM site_travel
  GROUP BY ALL
), totals AS (
  SELECT row_date, row_site, any_value(site_name) AS site_name, any_value(length_basis) AS length_basis,
    sum(length_km) AS length_km, sum(vkt_veh_km) AS vkt_veh_km, count(*) AS sites,
    sum(vkt_veh_km) FILTER (of_panel) AS panel_vkt_veh_km, count(*) FILTER (of_panel) AS panel_sites
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
  length_km, CASE WHEN t.row_site IS NOT NULL THEN length_basis END AS length_basis,
  vkt_veh_km, sites, observed_share, imputed_share, panel_vkt_veh_km, panel_sites
FROM totals t LEFT JOIN coverage c
  ON c.row_date IS NOT DISTINCT FROM t.row_date AND c.row_site IS NOT DISTINCT FROM t.row_site
ORDER BY t.row_date, t.row_site
