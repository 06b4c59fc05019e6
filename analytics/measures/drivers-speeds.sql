-- title: Drivers' speeds
-- question: How fast do drivers go, and how many go over the limit?
-- version: 1
-- source: percentiles of single vehicles, or of bins of vehicles by speed, as the sensors sent them; straight within bins of 1 km/h
-- needs: drivers-speeds when of=drivers, interval-speeds when of=interval-means
-- parameter: of | varchar | drivers | one of drivers, interval-means | single drivers; interval-means are percentiles of interval means, and not drivers'
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: basis | | drivers, or interval means
-- column: p15_kmh | km/h | 15th percentile
-- column: p50_kmh | km/h | median
-- column: p85_kmh | km/h | 85th percentile
-- column: mean_kmh | km/h | mean, over the bins' middles
-- column: limit_kmh | km/h | speed limit; NULL where unknown
-- column: over_limit_share | | share over the limit; NULL without one, and of interval means
-- column: over_limit_by_10_share | | share more than 10 km/h over it; likewise
-- column: vehicles | | vehicles in the figure; of interval means, their weight
-- caveat: A bin wider than 1 km/h stands in its middle, so a percentile is exact to half a bin.
-- caveat: Percentiles of interval means are narrower than drivers' own: never name them by drivers.
WITH histograms AS (
  SELECT site_id, direction, histogram_basis, unnest(map_keys(speed_histogram)) AS kmh,
    unnest(map_values(speed_histogram)) AS weight
  FROM asked_windows JOIN asked_moments USING (start_at)
  WHERE speed_histogram IS NOT NULL AND on_days(day_type, getvariable('days'))
    AND CASE getvariable('of') WHEN 'drivers' THEN histogram_basis = 'drivers' ELSE histogram_basis <> 'drivers' END
), one_basis AS (
  SELECT h.* FROM histograms h JOIN (
    SELECT site_id, direction, bool_or(histogram_basis = 'means-by-count') AS counted FROM histograms GROUP BY ALL
  ) b USING (site_id, direction)
  WHERE h.histogram_basis = 'drivers' OR (h.histogram_basis = 'means-by-count') = b.counted
), bins AS (
  SELECT site_id, direction, kmh, sum(weight) AS weight FROM one_basis GROUP BY ALL
), summed AS (
  SELECT *, sum(weight) OVER (PARTITION BY site_id, direction ORDER BY kmh) AS up_to,
    sum(weight) OVER (PARTITION BY site_id, direction) AS total
  FROM bins WHERE weight > 0
), percentiles AS (
  SELECT site_id, direction,
    min(kmh + (0.15 * total - (up_to - weight)) / weight) FILTER (up_to >= 0.15 * total) AS p15,
    min(kmh + (0.5 * total - (up_to - weight)) / weight) FILTER (up_to >= 0.5 * total) AS p50,
    min(kmh + (0.85 * total - (up_to - weight)) / weight) FILTER (up_to >= 0.85 * total) AS p85,
    sum((kmh + 0.5) * weight) / sum(weight) AS mean_kmh, any_value(total)::BIGINT AS vehicles
  FROM summed
  GROUP BY ALL
), over_limit AS (
  SELECT b.site_id, b.direction, any_value(f.speed_limit_kmh) AS limit_kmh,
    sum(b.weight) FILTER (b.kmh >= f.speed_limit_kmh) / sum(b.weight) AS over_limit,
    sum(b.weight) FILTER (b.kmh >= f.speed_limit_kmh + 10) / sum(b.weight) AS over_by_10
  FROM bins b JOIN site_facts f USING (site_id)
  GROUP BY ALL
)
SELECT p.site_id, f.name AS site_name, p.direction,
  CASE getvariable('of') WHEN 'drivers' THEN 'drivers' ELSE 'interval means' END AS basis, p15 AS p15_kmh,
  p50 AS p50_kmh, p85 AS p85_kmh, mean_kmh, limit_kmh,
  CASE WHEN getvariable('of') = 'drivers' AND limit_kmh IS NOT NULL THEN coalesce(over_limit, 0) END AS over_limit_share,
  CASE WHEN getvariable('of') = 'drivers' AND limit_kmh IS NOT NULL THEN coalesce(over_by_10, 0) END
    AS over_limit_by_10_share,
  vehicles
FROM percentiles p LEFT JOIN over_limit o USING (site_id, direction) LEFT JOIN site_facts f ON f.site_id = p.site_id
ORDER BY p.site_id, p.direction
