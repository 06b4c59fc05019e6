-- title: Truck travel time reliability
-- question: How much longer than usual must a haulier plan for the worst trip in twenty?
-- version: 1
-- source: TTTR = the largest T95 / T50 of five period classes, weighted by length (23 CFR 490.611)
-- needs: speed
-- parameter: by | varchar | site | one of site, network | each site, or the index of the network
-- column: site_id | | NULL for the network
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for the network
-- column: tttr | | the largest of the five; for the network their mean weighted by length
-- column: worst_class | | the period class it is of; NULL for the network
-- column: weighted_by | | km, or sites where a length is missing
-- column: bins | | 15-minute bins in the figure
-- column: dates | | local dates
-- column: standing | | 'full year' where 360 dates and more, else 'indicative'
-- caveat: Of the speeds of all vehicles, cars most of all: car speeds are not truck speeds.
-- caveat: The rule knows no holidays: they count as the weekday they fall on.
WITH classes AS (
  SELECT site_id, direction, period_class, quantile_cont(min_per_km, 0.95) / quantile_cont(min_per_km, 0.5) AS ratio,
    count(*) AS bins
  FROM site_quarters
  GROUP BY ALL
), dates AS (
  SELECT site_id, direction, count(DISTINCT local_at::DATE) AS dates FROM site_quarters GROUP BY ALL
), sites AS (
  SELECT c.site_id, c.direction, CASE WHEN count(*) = 5 THEN max(ratio) END AS tttr,
    CASE WHEN count(*) = 5 THEN arg_min(period_class, (-ratio, period_class)) END AS worst_class, sum(bins) AS bins,
    any_value(d.dates) AS dates
  FROM classes c JOIN dates d USING (site_id, direction)
  GROUP BY c.site_id, c.direction
), weighted AS (
  SELECT s.*, f.name, bool_and(coalesce(f.length_km, 0) > 0) OVER () AS by_km, f.length_km
  FROM sites s LEFT JOIN site_facts f USING (site_id)
)
SELECT CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
  CASE getvariable('by') WHEN 'site' THEN any_value(name) END AS site_name,
  CASE getvariable('by') WHEN 'site' THEN direction END AS direction,
  sum(tttr * CASE WHEN by_km THEN length_km ELSE 1 END)
    / nullif(sum(CASE WHEN by_km THEN length_km ELSE 1 END) FILTER (tttr IS NOT NULL), 0) AS tttr,
  CASE getvariable('by') WHEN 'site' THEN any_value(worst_class) END AS worst_class,
  CASE WHEN any_value(by_km) THEN 'km' ELSE 'sites' END AS weighted_by, sum(bins)::BIGINT AS bins, max(dates) AS dates,
  CASE WHEN min(dates) >= 360 THEN 'full year' ELSE 'indicative' END AS standing
FROM weighted
GROUP BY 1, 3
ORDER BY 1, 3
