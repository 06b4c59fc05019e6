-- title: Observed headways
-- question: How long is it from one vehicle to the next at a stop, as far as they were seen?
-- version: 1
-- source: headways h between vehicles as they left (or came, where no departure was seen); mean wait = sum h^2 / (2 sum h) for riders who come at random (Osuna and Newell 1972)
-- needs: stop-visits
-- parameter: by | varchar | stop | one of stop, hour, route | a row for each stop, each hour of a stop, or each route
-- parameter: lines | varchar | each | one of each, together | the headways of each route and direction, or of all that call at a stop
-- parameter: gap_share | double | 2 | | a big gap is over so many times the median headway of the stop
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route; NULL where lines are together
-- column: direction_id | | 0 or 1; NULL where lines are together
-- column: stop_id | | by stop and hour
-- column: hour | | by hour: of the city's clock
-- column: headways | | observed
-- column: mean_min | min | mean headway
-- column: p50_min | min | median
-- column: p90_min | min | 90 of 100 are shorter
-- column: longest_min | min | the longest
-- column: wait_min | min | mean wait of riders who come at random
-- column: cv | | standard deviation / mean: 0 is even, 1 is at random
-- column: big_gaps | | headways over gap_share times the median of their stop
-- caveat: A vehicle that nobody saw makes a headway longer than it was; no timetable is asked here, so nobody can tell.
WITH headways AS (
  SELECT *, hour(city_time(seen_at))::INTEGER AS hour,
    headway_s > getvariable('gap_share') * median(headway_s) OVER (PARTITION BY stop_id, line, CASE WHEN line = '' THEN 1 ELSE pass END) AS is_gap
  FROM seen_headways
)
SELECT CASE getvariable('lines') WHEN 'each' THEN route_id END AS route_id, CASE getvariable('lines') WHEN 'each' THEN direction_id END AS direction_id,
  CASE WHEN getvariable('by') <> 'route' THEN stop_id END AS stop_id, CASE getvariable('by') WHEN 'hour' THEN hour END AS hour,
  count(*) AS headways, avg(headway_s) / 60 AS mean_min, quantile_cont(headway_s, 0.5) / 60 AS p50_min,
  quantile_cont(headway_s, 0.9) / 60 AS p90_min, max(headway_s) / 60 AS longest_min,
  sum(headway_s ** 2) / nullif(2 * sum(headway_s), 0) / 60 AS wait_min,
  stddev_samp(headway_s) / nullif(avg(headway_s), 0) AS cv, count(*) FILTER (is_gap) AS big_gaps
FROM headways
WHERE headway_s IS NOT NULL
GROUP BY ALL
ORDER BY 1, 2, 3, 4
