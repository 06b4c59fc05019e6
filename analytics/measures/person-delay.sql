-- title: Person delay
-- question: How many hours did people lose, given how many sit in a vehicle?
-- version: 1
-- source: person delay = vehicle delay x persons per vehicle; the delay after Caltrans PeMS, see delay
-- needs: hourly-flow, speed, length, persons, free-flow when reference=free-flow and reference_speed_kmh=none, speed-limit when reference=speed-limit and reference_speed_kmh=none
-- parameter: persons | varchar | none | | persons per vehicle, as 1.4, or by class, as car=1.3 bus=22 truck=1.1; without it nothing is computed
-- parameter: by | varchar | class | one of class, site | what a row stands for
-- parameter: reference | varchar | free-flow | one of free-flow, speed-limit | the site's own reference speed
-- parameter: reference_speed_kmh | integer | none | | one reference speed for all sites, in place of their own
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: class | | class of vehicle; 'all' where one figure is given for all; NULL for a site
-- column: site_id | | NULL for a class
-- column: site_name | | as at the end of the period
-- column: persons_per_vehicle | | as given; for a site the mean over its vehicles
-- column: delay_veh_h | veh h | vehicle hours lost by these
-- column: delay_person_h | person h | hours lost by people
-- column: classified_share | | share of the vehicles whose class is known: the others are in no figure where persons are given by class
-- caveat: A class shares the delay of its site by its share of the vehicles: all are taken to drive at the same speed.
-- caveat: Classes without a figure are left out.
WITH given AS (
  SELECT CASE WHEN contains(part, '=') THEN trim(string_split(part, '=')[1]) ELSE 'all' END AS class,
    CASE WHEN contains(part, '=') THEN string_split(part, '=')[2] ELSE part END::DOUBLE AS persons
  FROM (SELECT unnest(regexp_split_to_array(trim(getvariable('persons')), '[ ,;]+')) AS part)
), delays AS (
  SELECT site_id, any_value(site_name) AS site_name, coalesce(
    sum(greatest(0, (floored_pace_us / 3.6e9 - count / reference_kmh) * length_km)) FILTER (bin_kmh < reference_kmh), 0)
    AS delay_veh_h
  FROM site_travel JOIN site_reference USING (site_id, direction)
  WHERE NOT long AND bin_kmh IS NOT NULL AND reference_kmh > 0
  GROUP BY site_id
), classed AS (
  SELECT site_id, unnest(map_keys(class_counts)) AS class, unnest(map_values(class_counts)) AS count
  FROM asked_windows WHERE class_counts IS NOT NULL
), totals AS (
  SELECT site_id, sum(count) AS total FROM asked_windows WHERE count_s > 0 GROUP BY site_id
), shares AS (
  SELECT site_id, class, sum(c.count) / any_value(t.total) AS share
  FROM classed c JOIN totals t USING (site_id)
  WHERE t.total > 0
  GROUP BY site_id, class
  UNION ALL
  SELECT site_id, 'all', 1 FROM totals
), lost AS (
  SELECT d.site_id, d.site_name, s.class, g.persons, d.delay_veh_h * s.share AS delay_veh_h, s.share,
    d.delay_veh_h AS site_delay
  FROM delays d JOIN shares s USING (site_id) JOIN given g ON g.class = s.class
)
SELECT CASE getvariable('by') WHEN 'class' THEN class END AS class,
  CASE getvariable('by') WHEN 'site' THEN site_id END AS site_id,
  CASE getvariable('by') WHEN 'site' THEN any_value(site_name) END AS site_name,
  coalesce(sum(delay_veh_h * persons) / nullif(sum(delay_veh_h), 0), avg(persons)) AS persons_per_vehicle,
  sum(delay_veh_h) AS delay_veh_h, sum(delay_veh_h * persons) AS delay_person_h,
  least(1, (SELECT sum(x.share * x.site_delay) / nullif(sum(x.site_delay), 0) FROM (
    SELECT site_id, sum(share) AS share, any_value(site_delay) AS site_delay FROM lost GROUP BY site_id) x)) AS classified_share
FROM lost
GROUP BY 1, 2
ORDER BY 1, 2
