-- title: Travel time index
-- question: How much longer does a trip take than in free flow?
-- version: 1
-- source: TTI = mean travel time / free-flow travel time (FHWA; Texas A&M Urban Mobility Report)
-- needs: speed, free-flow, occupancy when free_flow_rule=low-occupancy
-- parameter: by | varchar | hour-of-day | one of hour-of-day, site | hour-of-day: the whole network by hour; site: each site over the period
-- parameter: days | varchar | all | one of all, weekdays, weekends | days of the city's calendar
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: hour | h | of the city's clock; NULL for a site
-- column: site_id | | NULL for the network
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for the network
-- column: tti | | mean travel time / free-flow travel time over the same road
-- column: mean_s_per_km | s/km | mean travel time
-- column: free_flow_s_per_km | s/km | free-flow travel time
-- column: free_flow_rule | | rule of the site's free-flow speed; NULL for the network
-- column: weighted_by | | vehicle-km, vehicles, km or time: each window's weight
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- column: windows | | site windows in the figure
-- column: sites | | sites in the figure
-- column: sites_left_out | | sites whose speeds came without counts, where the figure is weighted by vehicles
-- caveat: Free-flow speeds are measured within the period.
-- caveat: Weighted by length where every site has one, otherwise each site counts as one kilometre.
WITH measured AS (
  SELECT w.site_id, w.direction, w.local_at, w.speed_kmh, w.pace_count, w.speed_s, w.speed_basis,
    ff.free_flow_kmh, ff.rule, f.name, f.length_km
  FROM site_windows w
  JOIN site_free_flow ff USING (site_id, direction)
  LEFT JOIN site_facts f ON f.site_id = w.site_id
  WHERE w.speed_kmh IS NOT NULL AND w.window_s <= 3600 AND on_days(w.local_at, getvariable('days'))
), lengths AS (
  SELECT bool_and(coalesce(length_km, 0) > 0) AS everywhere FROM measured
), grouped AS (
  SELECT m.*, CASE getvariable('by') WHEN 'hour-of-day' THEN hour(local_at) END::SMALLINT AS of_hour,
    CASE getvariable('by') WHEN 'site' THEN site_id END AS of_site,
    CASE getvariable('by') WHEN 'site' THEN direction END AS of_direction,
    CASE WHEN everywhere AND getvariable('by') <> 'site' THEN length_km ELSE 1 END AS road_km,
    everywhere AND getvariable('by') <> 'site' AS by_length
  FROM measured m, lengths
), bases AS (
  SELECT of_hour, of_site, of_direction, bool_or(speed_basis = 'vehicles') AS by_vehicles FROM grouped GROUP BY ALL
), weighted AS (
  SELECT g.*, b.by_vehicles, g.speed_basis = 'vehicles' OR NOT b.by_vehicles AS used,
    CASE WHEN g.speed_basis = 'vehicles' THEN g.pace_count ELSE g.speed_s END * g.road_km AS weight
  FROM grouped g JOIN bases b ON b.of_hour IS NOT DISTINCT FROM g.of_hour
    AND b.of_site IS NOT DISTINCT FROM g.of_site AND b.of_direction IS NOT DISTINCT FROM g.of_direction
), sums AS (
  SELECT of_hour, of_site, of_direction, any_value(by_vehicles) AS by_vehicles, any_value(by_length) AS by_length,
    any_value(name) AS name, any_value(rule) AS rule,
    sum(weight * 3600 / greatest(speed_kmh, floor_kmh())) FILTER (used) / sum(weight) FILTER (used) AS mean_s_per_km,
    sum(weight * 3600 / free_flow_kmh) FILTER (used) / sum(weight) FILTER (used) AS free_flow_s_per_km,
    count(*) FILTER (used AND speed_kmh < floor_kmh()) AS floored_windows, count(*) FILTER (used) AS windows,
    count(DISTINCT site_id) FILTER (used) AS sites, count(DISTINCT site_id) AS all_sites
  FROM weighted
  GROUP BY of_hour, of_site, of_direction
)
SELECT of_hour AS hour, of_site AS site_id, CASE WHEN of_site IS NOT NULL THEN name END AS site_name,
  of_direction AS direction, mean_s_per_km / free_flow_s_per_km AS tti, mean_s_per_km, free_flow_s_per_km,
  CASE WHEN of_site IS NOT NULL THEN rule END AS free_flow_rule,
  CASE WHEN by_vehicles THEN CASE WHEN by_length THEN 'vehicle-km' ELSE 'vehicles' END
       ELSE CASE WHEN by_length THEN 'km' ELSE 'time' END END AS weighted_by,
  floored_windows, windows, sites, all_sites - sites AS sites_left_out
FROM sums
ORDER BY hour, site_id, direction
