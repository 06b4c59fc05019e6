-- title: Vehicle classes
-- question: What kinds of vehicles pass, and in what shares?
-- version: 1
-- source: counts by class as the sensors sent them, added up
-- needs: classes
-- parameter: by | varchar | site | one of city, site | what a row stands for, beside the class
-- column: site_id | | NULL for the city
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for the city
-- column: class | | car, van, truck, bus, tram, motorcycle, bicycle, pedestrian, other, or unclassified
-- column: count | vehicles | as counted
-- column: share | | of all counted where classes are counted at all
-- column: sites | | sites in the figure
-- caveat: Classes are the sensor's own: what one calls a van another may call a truck.
-- caveat: Sites that count no classes are in no figure.
WITH of_classes AS (
  SELECT site_id, direction, count, count_s, class_counts FROM asked_windows
  WHERE class_counts IS NOT NULL AND cardinality(class_counts) > 0
), classed AS (
  SELECT site_id, direction, unnest(map_keys(class_counts)) AS class, unnest(map_values(class_counts)) AS count
  FROM of_classes
  UNION ALL
  SELECT site_id, direction, 'unclassified', greatest(0, count - list_sum(map_values(class_counts)))::BIGINT
  FROM of_classes WHERE count_s > 0
), sums AS (
  SELECT CASE getvariable('by') WHEN 'site' THEN site_id END AS of_site,
    CASE getvariable('by') WHEN 'site' THEN direction END AS of_direction, class, sum(count)::BIGINT AS count,
    count(DISTINCT site_id) AS sites
  FROM classed
  GROUP BY 1, 2, 3
)
SELECT of_site AS site_id, f.name AS site_name, of_direction AS direction, class, count,
  count / nullif(sum(count) OVER (PARTITION BY of_site, of_direction), 0) AS share, sites
FROM sums s LEFT JOIN site_facts f ON f.site_id = s.of_site
WHERE count > 0
ORDER BY of_site, of_direction, count DESC, class
