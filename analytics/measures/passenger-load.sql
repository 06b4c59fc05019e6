-- title: Passenger load
-- question: How many people are aboard as vehicles leave each stop?
-- version: 1
-- source: load carried along each trip, balanced or withheld (docs/transit.md; TCRP Report 113)
-- needs: passenger-counts
-- parameter: by | varchar | stop | one of stop, hour, route | a row for each stop, each hour of a stop, or each route
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | the stop; by route, the maximum load point: that of the greatest mean load
-- column: hour | | by hour: of the city's clock
-- column: departures | | with a load; by route, at the maximum load point
-- column: mean_load | | passengers aboard on leaving
-- column: p85_load | | 85 of 100 departures have less
-- column: max_load | | the most
-- column: within | | passengers by which a load may be off, mean over the departures where it is known
-- column: withheld | | departures without a load
-- column: loads_known | | departures with a load / departures seen
-- caveat: Last stops are left out: nobody stays aboard there.
WITH cells AS (
  SELECT route_id, direction_id, stop_id, CASE getvariable('by') WHEN 'hour' THEN hour END AS hour,
    count(departure_load) AS departures, avg(departure_load) AS mean_load, quantile_cont(departure_load, 0.85) AS p85_load,
    max(departure_load) AS max_load, avg(load_within) AS within, count(*) - count(departure_load) AS withheld,
    count(departure_load) / count(*) AS loads_known
  FROM ridden_visits WHERE NOT coalesce(is_last, false)
  GROUP BY ALL
)
SELECT * FROM cells
WHERE getvariable('by') <> 'route' OR departures > 0
QUALIFY getvariable('by') <> 'route' OR row_number() OVER (PARTITION BY route_id, direction_id ORDER BY mean_load DESC, stop_id) = 1
ORDER BY 1, 2, 3, 4
