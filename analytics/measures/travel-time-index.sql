-- title: Travel time index
-- question: How much longer does a trip take than in free flow?
-- version: 3
-- source: TTI = mean travel time / free-flow travel time (FHWA; Texas A&M Urban Mobility Report)
-- needs: speed, free-flow, occupancy when free_flow_rule=low-occupancy, imputed when values=filled
-- parameter: by | varchar | hour-of-day | one of hour-of-day, site | hour-of-day: the whole network by hour; site: each site over the period
-- parameter: days | varchar | all | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
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
-- column: imputed_share | | of what the row's site (or the network) promised in the whole period, the share that imputed values stand in for; 0 where values is observed
-- caveat: Free-flow speeds are measured within the period.
-- caveat: Weighted by length where every site has one, otherwise each site counts as one kilometre.
WITH grouped AS (
  SELECT CASE getvariable('by') WHEN 'hour-of-day' THEN of_hour END AS of_hour,
    CASE getvariable('by') WHEN 'site' THEN site_id END AS of_site,
    CASE getvariable('by') WHEN 'site' THEN direction END AS of_direction, site_id, any_value(f.name) AS name,
    any_value(rule) AS rule, any_value(free_flow_kmh) AS free_flow_kmh, any_value(length_km) AS length_km,
    sum(veh_windows) AS veh_windows, sum(veh_floored) AS veh_floored, sum(veh_weight) AS veh_weight,
    sum(veh_pace_us) AS veh_pace_us, sum(time_windows) AS time_windows, sum(time_floored) AS time_floored,
    sum(time_weight) AS time_weight, sum(time_pace_us) AS time_pace_us
  FROM site_day_hours h
  JOIN site_free_flow ff USING (site_id, direction)
  LEFT JOIN site_facts f USING (site_id)
  WHERE veh_windows + time_windows > 0
  GROUP BY 1, 2, 3, site_id, direction
), lengths AS (
  SELECT getvariable('by') <> 'site' AND bool_and(coalesce(length_km, 0) > 0) AS by_length FROM grouped
), based AS (
  SELECT g.*, l.by_length, CASE WHEN l.by_length THEN length_km ELSE 1 END AS road_km,
    bool_or(veh_windows > 0) OVER (PARTITION BY of_hour, of_site, of_direction) AS by_vehicles
  FROM grouped g, lengths l
), weighted AS (
  SELECT *, CASE WHEN by_vehicles THEN veh_weight ELSE time_weight END * road_km AS weight,
    CASE WHEN by_vehicles THEN veh_pace_us ELSE time_pace_us END / 1e6 * road_km AS weighted_s,
    CASE WHEN by_vehicles THEN veh_windows ELSE time_windows END AS used,
    CASE WHEN by_vehicles THEN veh_floored ELSE time_floored END AS floored
  FROM based
), sums AS (
  SELECT of_hour, of_site, of_direction, any_value(by_vehicles) AS by_vehicles, any_value(by_length) AS by_length,
    any_value(name) AS name, any_value(rule) AS rule, sum(weighted_s) / sum(weight) AS mean_s_per_km,
    sum(weight * 3600 / free_flow_kmh) / sum(weight) AS free_flow_s_per_km, sum(floored)::BIGINT AS floored_windows,
    sum(used)::BIGINT AS windows, count(DISTINCT site_id) FILTER (used > 0) AS sites, count(DISTINCT site_id) AS all_sites
  FROM weighted
  GROUP BY of_hour, of_site, of_direction
)
SELECT of_hour AS hour, of_site AS site_id, CASE WHEN of_site IS NOT NULL THEN name END AS site_name,
  of_direction AS direction, mean_s_per_km / free_flow_s_per_km AS tti, mean_s_per_km, free_flow_s_per_km,
  CASE WHEN of_site IS NOT NULL THEN rule END AS free_flow_rule,
  CASE WHEN by_vehicles THEN CASE WHEN by_length THEN 'vehicle-km' ELSE 'vehicles' END
       ELSE CASE WHEN by_length THEN 'km' ELSE 'time' END END AS weighted_by,
  floored_windows, windows, sites, all_sites - sites AS sites_left_out,
  coalesce(CASE WHEN of_site IS NOT NULL THEN i.imputed_s / i.expected_s
    ELSE (SELECT sum(imputed_s) / sum(expected_s) FROM imputed_sites) END, 0) AS imputed_share
FROM sums LEFT JOIN imputed_sites i ON i.site_id = of_site
ORDER BY 1, 2, 4
