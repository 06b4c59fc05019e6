-- title: Level of travel time reliability
-- question: On which roads can one rely on the usual travel time, and on what share of travel?
-- version: 1
-- source: LOTTR = T80 / T50 by period class, in 15-minute bins of a year; reliable where all four are below 1.50 (23 CFR 490.511)
-- needs: speed
-- parameter: by | varchar | site | one of site, network | each site, or the share that is reliable
-- column: site_id | | NULL for the network
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for the network
-- column: weekday_06_10 | | T80 / T50, Monday to Friday 06-10
-- column: weekday_10_16 | | Monday to Friday 10-16
-- column: weekday_16_20 | | Monday to Friday 16-20
-- column: weekend_06_20 | | Saturday and Sunday 06-20
-- column: lottr | | the largest of the four; NULL where one of them has no bins
-- column: reliable_share | | 1 or 0 for a site; for the network the share of travel on reliable sites
-- column: weighted_by | | vehicle-km, vehicles, km or sites: what the share is of
-- column: bins | | 15-minute bins in the figure
-- column: dates | | local dates
-- column: standing | | 'full year' where 360 dates and more, else 'indicative'
-- caveat: The rule counts person-km; occupancies of vehicles are not measured here, so the share is of what weighted_by says.
-- caveat: The rule knows no holidays: they count as the weekday they fall on.
WITH classes AS (
  SELECT site_id, direction, period_class, quantile_cont(min_per_km, 0.8) / quantile_cont(min_per_km, 0.5) AS ratio,
    count(*) AS bins, sum(count) AS vehicles
  FROM site_quarters
  WHERE period_class <> 'night 20-06'
  GROUP BY ALL
), dates AS (
  SELECT site_id, direction, count(DISTINCT local_at::DATE) AS dates FROM site_quarters GROUP BY ALL
), sites AS (
  SELECT c.site_id, c.direction, max(ratio) FILTER (period_class = 'weekday 06-10') AS weekday_06_10,
    max(ratio) FILTER (period_class = 'weekday 10-16') AS weekday_10_16,
    max(ratio) FILTER (period_class = 'weekday 16-20') AS weekday_16_20,
    max(ratio) FILTER (period_class = 'weekend 06-20') AS weekend_06_20,
    CASE WHEN count(*) = 4 THEN max(ratio) END AS lottr, sum(bins) AS bins, sum(vehicles) AS vehicles,
    any_value(d.dates) AS dates
  FROM classes c JOIN dates d USING (site_id, direction)
  GROUP BY c.site_id, c.direction
), weighted AS (
  SELECT s.*, f.name, bool_and(s.vehicles > 0) OVER () AS by_vehicles, bool_and(coalesce(f.length_km, 0) > 0) OVER () AS by_km,
    f.length_km
  FROM sites s LEFT JOIN site_facts f USING (site_id)
), travel AS (
  SELECT *, CASE WHEN by_vehicles THEN vehicles ELSE 1 END * CASE WHEN by_km THEN length_km ELSE 1 END AS weight,
    CASE WHEN by_vehicles THEN CASE WHEN by_km THEN 'vehicle-km' ELSE 'vehicles' END
      ELSE CASE WHEN by_km THEN 'km' ELSE 'sites' END END AS weighted_by
  FROM weighted
)
SELECT CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
  CASE getvariable('by') WHEN 'site' THEN any_value(name) END AS site_name,
  CASE getvariable('by') WHEN 'site' THEN direction END AS direction,
  CASE getvariable('by') WHEN 'site' THEN any_value(weekday_06_10) END AS weekday_06_10,
  CASE getvariable('by') WHEN 'site' THEN any_value(weekday_10_16) END AS weekday_10_16,
  CASE getvariable('by') WHEN 'site' THEN any_value(weekday_16_20) END AS weekday_16_20,
  CASE getvariable('by') WHEN 'site' THEN any_value(weekend_06_20) END AS weekend_06_20,
  CASE getvariable('by') WHEN 'site' THEN any_value(lottr) END AS lottr,
  sum(weight * (lottr < 1.5)::INTEGER) / nullif(sum(weight) FILTER (lottr IS NOT NULL), 0) AS reliable_share,
  any_value(weighted_by) AS weighted_by, sum(bins)::BIGINT AS bins, max(dates) AS dates,
  CASE WHEN min(dates) >= 360 THEN 'full year' ELSE 'indicative' END AS standing
FROM travel
GROUP BY 1, 3
ORDER BY 1, 3
