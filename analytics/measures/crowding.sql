-- title: Crowding
-- question: How full are vehicles, and how much of their ride do people spend in crowded ones?
-- version: 1
-- source: load / capacity on leaving each stop; standees and crowding as felt by riders: passenger-weighted (TCQSM 3rd ed., chapter 5)
-- needs: passenger-counts
-- parameter: by | varchar | route | one of route, stop, hour | a row for each
-- parameter: capacity | double | 78 | | places in a vehicle, seated and standing; no feed tells them (78 is HSL's where it knows no better)
-- parameter: crowded_share | double | 0.85 | | from this share of capacity a vehicle is crowded
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: departures | | with a load
-- column: mean_share | | load / capacity, mean
-- column: p85_share | | 85 of 100 departures are less full
-- column: max_share | | the fullest
-- column: crowded_departures_share | | of departures with a load
-- column: crowded_passengers_share | | of passengers aboard at those departures: how riders see it
-- column: crowded_passenger_h | h | hours that passengers rode in crowded vehicles, between stops
-- column: passenger_h | h | hours that they rode in all
-- column: loads_known | | departures with a load / departures seen
-- column: bounds | | capacity and what counted as crowded
-- caveat: One capacity for all vehicles asked for: ask route by route where they differ.
WITH loads AS (
  SELECT v.*, v.departure_load / getvariable('capacity') AS share,
    v.departure_load >= getvariable('crowded_share') * getvariable('capacity') AS crowded, v.departure_load * s.run_s / 3600 AS passenger_h
  FROM ridden_visits v LEFT JOIN ridden_segments s USING (date, trip_id, vehicle_id, position)
  WHERE NOT coalesce(v.is_last, false)
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, count(departure_load) AS departures, avg(share) AS mean_share,
  quantile_cont(share, 0.85) AS p85_share, max(share) AS max_share, avg(crowded::INTEGER) AS crowded_departures_share,
  coalesce(sum(departure_load) FILTER (crowded), 0) / nullif(sum(departure_load), 0) AS crowded_passengers_share,
  sum(CASE WHEN crowded THEN passenger_h WHEN passenger_h IS NOT NULL THEN 0 END) AS crowded_passenger_h, sum(passenger_h) AS passenger_h,
  count(departure_load) / count(*) AS loads_known,
  concat(getvariable('capacity')::INTEGER, ' places; crowded from ', round(getvariable('crowded_share') * getvariable('capacity'), 1)) AS bounds
FROM loads
GROUP BY ALL
HAVING count(departure_load) > 0
ORDER BY 1, 2, 3, 4
