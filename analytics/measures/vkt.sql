-- title: Vehicle kilometres travelled
-- question: How far did vehicles drive past the sensors, on each day or at each site?
-- version: 1
-- source: VKT = q L (Caltrans PeMS); L = half the distance to each neighbour, 1.6 km at most
-- needs: flow, length
-- parameter: by | varchar | day | one of day, site | what a row stands for
-- parameter: panel_share | double | 0.9 | | a site is of the panel when this share of what it promised was observed on every local day
-- column: date | | local date; NULL for a site
-- column: site_id | | NULL for a day
-- column: site_name | | as at the end of the period
-- column: length_km | km | length of road: of the site, or of all sites in the row
-- column: length_basis | | given, or half-way to the neighbours on a corridor; NULL for a day
-- column: vkt_veh_km | veh km | vehicles counted x length; what was not observed is not added
-- column: sites | | sites in the figure
-- column: observed_share | | of the time that the sites of this table promised, the share observed, silent days included; NULL where nothing is promised
-- column: panel_vkt_veh_km | veh km | the same for the panel: compare days by this one
-- column: panel_sites | | sites of the panel in the row
-- caveat: VKT falls when detectors die. Trends use the constant panel (panel_vkt_veh_km), not all sites.
-- caveat: Lengths are those at the end of the period.
WITH days AS MATERIALIZED (
  SELECT * FROM site_days
), counts AS (
  SELECT site_id, hour_at AS counted_at, count FROM asked_hours WHERE count_s > 0
  UNION ALL
  SELECT site_id, start_at, count FROM asked_windows WHERE window_s > 3600 AND count_s > 0
), counted AS (
  SELECT site_id, city_time(counted_at)::DATE AS date, sum(count) AS count
  FROM counts
  GROUP BY ALL
), travelled AS (
  SELECT c.site_id, c.date, f.name, f.length_km, f.length_basis, c.count * f.length_km AS vkt_veh_km,
    p.site_id IS NOT NULL AS of_panel
  FROM counted c
  JOIN site_facts f USING (site_id)
  LEFT JOIN (SELECT DISTINCT site_id FROM days WHERE of_panel) p USING (site_id)
  WHERE f.length_km > 0
), totals AS (
  SELECT CASE getvariable('by') WHEN 'day' THEN date END AS date,
    CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
    any_value(name) AS name, any_value(length_basis) AS length_basis, any_value(length_km) AS one_length_km,
    sum(length_km) AS all_length_km, sum(vkt_veh_km) AS vkt_veh_km, count(DISTINCT travelled.site_id) AS sites,
    sum(vkt_veh_km) FILTER (of_panel) AS panel_vkt_veh_km,
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
  CASE WHEN t.site_id IS NULL THEN all_length_km ELSE one_length_km END AS length_km,
  CASE WHEN t.site_id IS NOT NULL THEN length_basis END AS length_basis,
  vkt_veh_km, sites, observed_share, panel_vkt_veh_km, panel_sites
FROM totals t LEFT JOIN coverage c
  ON c.date IS NOT DISTINCT FROM t.date AND c.site_id IS NOT DISTINCT FROM t.site_id
ORDER BY t.date, t.site_id
