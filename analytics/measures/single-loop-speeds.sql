-- title: Speed estimated from single loops
-- question: How fast does traffic move over loops that count vehicles and measure occupancy, but no speed?
-- version: 1
-- source: v = q g / occ; g the mean of occ / q v_free by hour of the day, over windows up to the week's 60th percentile of occupancy; smoothed with p = n / (n + 50) (Jia, Chen, Coifman, Varaiya 2001)
-- needs: single-loop
-- parameter: by | varchar | hour | one of hour, window | a row for each, beside device, direction and lane
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: device_id | | the detector
-- column: direction | | as sent; '' is the site's own
-- column: lane | | 0 is all lanes together
-- column: start_at | | start of the window; NULL by hour
-- column: local_time | | the same by the city's clock
-- column: hour | h | of the city's clock
-- column: speed_kmh | km/h | estimated and smoothed; by hour the space-mean of its windows
-- column: raw_kmh | km/h | estimated, each window by itself
-- column: flow_veh_h | veh/h | count / observed time, all lanes of the detector
-- column: effective_length_m | m | g: of vehicles and the loop's own field, at that hour
-- column: free_flow_kmh | km/h | what g was learnt with; NULL where nothing tells it, and then there is no speed either
-- column: free_flow_basis | | measured at a neighbour, or assumed: limit + 8 km/h
-- column: windows | | in which vehicles passed
-- column: samples | | windows that g rests on
-- caveat: An estimate: no other measure takes it for a measured speed.
-- caveat: Where the lanes of a site are not known, they are taken together as one: its speed is the same, its effective length is not.
-- caveat: Smoothing begins anew on each day of the city's clock. An hour with fewer than 3 samples takes the g of the whole day.
WITH flows AS (
  SELECT device_id, site_id, direction, lane, start_at, city_time(start_at) AS local_at, window_s, count, count_s,
    flow_veh_h(count, count_s) AS flow_veh_h, occupancy_share(occupancy_micro_s, occupancy_s) AS occupancy,
    coalesce(pace_count, 0) > 0 OR coalesce(speed_s, 0) > 0 AS has_speed
  FROM asked_windows WHERE window_s <= 900
), single AS (
  SELECT device_id, site_id, direction, lane FROM flows
  GROUP BY ALL HAVING sum(count_s) > 0 AND count(occupancy) > 0 AND NOT bool_or(has_speed)
), neighbours AS (
  SELECT l.device_id, l.site_id, l.direction, l.lane, b.site_id AS near_site, distance_km(a.lat, a.lon, b.lat, b.lon) AS km,
    coalesce(nullif(l.direction, ''), a.direction, '') AS travel, b.direction AS near_direction
  FROM single l JOIN site_facts a ON a.site_id = l.site_id
  JOIN site_facts b ON b.road = a.road AND b.site_id <> a.site_id
  WHERE distance_km(a.lat, a.lon, b.lat, b.lon) <= 8
), nights AS (
  SELECT site_id, direction, lane,
    quantile_cont(speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s), 0.85) AS free_flow_kmh
  FROM windows
  WHERE kind = 'traffic-flow' AND start_at >= asked_from() AND start_at < asked_to() AND window_s <= 900
    AND site_id IN (SELECT near_site FROM neighbours) AND (pace_count > 0 OR speed_s > 0)
    AND (hour(city_time(start_at)) >= 22 OR hour(city_time(start_at)) < 5)
  GROUP BY ALL HAVING count(*) >= 12
), nearest AS (
  SELECT n.device_id, n.site_id, n.direction, n.lane, f.free_flow_kmh, n.near_site
  FROM neighbours n JOIN nights f ON f.site_id = n.near_site AND f.lane = n.lane
    AND coalesce(nullif(f.direction, ''), n.near_direction, '') = n.travel
  QUALIFY row_number() OVER (PARTITION BY n.device_id, n.site_id, n.direction, n.lane ORDER BY n.km, n.near_site) = 1
), loops AS (
  SELECT l.*, f.name AS site_name, CASE WHEN l.lane > 0 THEN 1 ELSE coalesce(f.lanes, 1) END AS lanes,
    coalesce(n.free_flow_kmh, f.speed_limit_kmh + 8) AS free_flow_kmh,
    CASE WHEN n.near_site IS NOT NULL THEN 'measured at ' || n.near_site
         WHEN f.speed_limit_kmh IS NOT NULL THEN 'assumed: limit + 8 km/h' END AS free_flow_basis
  FROM single l LEFT JOIN site_facts f ON f.site_id = l.site_id
  LEFT JOIN nearest n ON n.device_id = l.device_id AND n.site_id = l.site_id AND n.direction = l.direction AND n.lane = l.lane
), of_loops AS (
  SELECT f.*, l.site_name, l.lanes, l.free_flow_kmh, l.free_flow_basis, hour(f.local_at) AS hour,
    implied_length_m(l.free_flow_kmh, f.occupancy, f.flow_veh_h / l.lanes) AS g_m
  FROM flows f JOIN loops l USING (device_id, site_id, direction, lane)
), calm AS (
  SELECT * FROM of_loops
  QUALIFY occupancy <= quantile_cont(occupancy, 0.6) OVER (
    PARTITION BY device_id, site_id, direction, lane, date_trunc('week', local_at)) AND g_m IS NOT NULL
), of_day AS (
  SELECT device_id, site_id, direction, lane, avg(g_m) AS g_m, count(*) AS samples FROM calm GROUP BY ALL
), of_hour AS (
  SELECT device_id, site_id, direction, lane, hour, avg(g_m) AS g_m, count(*) AS samples FROM calm GROUP BY ALL
), estimated AS (
  SELECT o.*, CASE WHEN h.samples >= 3 THEN h.g_m ELSE d.g_m END AS length_m,
    CASE WHEN h.samples >= 3 THEN h.samples ELSE coalesce(d.samples, 0) END AS length_samples
  FROM of_loops o LEFT JOIN of_day d USING (device_id, site_id, direction, lane)
  LEFT JOIN of_hour h ON h.device_id = o.device_id AND h.site_id = o.site_id AND h.direction = o.direction
    AND h.lane = o.lane AND h.hour = o.hour
  WHERE o.count > 0 AND o.occupancy > 0
), weighed AS (
  SELECT *, flow_veh_h / lanes * length_m / occupancy / 1e3 AS raw_kmh,
    -- n is of five minutes and a lane. The day's first value stands as it is.
    CASE WHEN row_number() OVER of_the_day = 1 THEN 1 ELSE count * 300e0 / count_s / lanes / (count * 300e0 / count_s / lanes + 50) END AS p
  FROM estimated
  WINDOW of_the_day AS (PARTITION BY device_id, site_id, direction, lane, local_at::DATE ORDER BY start_at)
), kept AS (
  -- v_t = p v + (1 - p) v_(t-1) is, with K_t the product of all 1 - p up to t, K_t times the sum of p v / K.
  SELECT *, exp(sum(CASE WHEN p = 1 THEN 0 ELSE ln(1 - p) END) OVER (
    PARTITION BY device_id, site_id, direction, lane, local_at::DATE ORDER BY start_at)) AS k
  FROM weighed
), smoothed AS (
  SELECT *, k * sum(p * raw_kmh / k) OVER (
    PARTITION BY device_id, site_id, direction, lane, local_at::DATE ORDER BY start_at) AS speed_kmh
  FROM kept
), answered AS (
  SELECT *, CASE getvariable('by') WHEN 'window' THEN start_at END AS row_at FROM smoothed
)
SELECT site_id, any_value(site_name) AS site_name, device_id, direction, lane, row_at AS start_at, city_time(row_at) AS local_time,
  hour::SMALLINT AS hour, sum(count) / sum(count / speed_kmh) AS speed_kmh, sum(count) / sum(count / raw_kmh) AS raw_kmh,
  flow_veh_h(sum(count), sum(count_s)) AS flow_veh_h, any_value(length_m) AS effective_length_m,
  any_value(free_flow_kmh) AS free_flow_kmh, any_value(free_flow_basis) AS free_flow_basis, count(*) AS windows,
  any_value(length_samples)::BIGINT AS samples
FROM answered
GROUP BY site_id, device_id, direction, lane, row_at, hour
ORDER BY site_id, device_id, direction, lane, start_at, hour
