-- title: Transit speed by segment
-- question: How fast are vehicles from stop to stop, and where is a slow zone?
-- version: 2
-- source: distance along the shape over the time from departure to arrival; runs in whole seconds; slow where the median is below slow_zone_share of the 85th percentile of the route
-- needs: timetable, stop-visits
-- parameter: slow_zone_share | double | 0.5 | | a segment slower than this share of its route's fast speed is a slow zone
-- parameter: hours | varchar | all | one of all, each | all hours together, or a row for each
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: from_stop | | the stop it begins at
-- column: to_stop | | the next one
-- column: hour | | of departure, by the city's clock
-- column: km | km | along the shape
-- column: runs | | observed
-- column: median_kmh | km/h | of the runs
-- column: p15_kmh | km/h | of the runs
-- column: p85_kmh | km/h | of the runs
-- column: route_fast_kmh | km/h | 85th percentile of the route's segment runs
-- column: lost_s | s | median run time beyond that at p85_kmh of this segment
-- column: slow | | a slow zone
-- caveat: From departure to arrival, so without dwell at stops; signals and queues are in it.
WITH runs AS (
  SELECT *, (to_m - from_m) / 1e3 AS km, (to_m - from_m) / run_s * 3.6 AS kmh FROM segment_runs
), fast AS (
  SELECT route_id, quantile_cont(kmh, 0.85) AS route_fast_kmh FROM runs GROUP BY 1
), segments AS (
  SELECT route_id, direction_id, from_stop, to_stop, hour, avg(km) AS km, count(*) AS runs, median(kmh) AS median_kmh,
    quantile_cont(kmh, 0.15) AS p15_kmh, quantile_cont(kmh, 0.85) AS p85_kmh, median(run_s) AS median_s, min(from_m) AS from_m
  FROM runs GROUP BY ALL
)
SELECT route_id, direction_id, from_stop, to_stop, hour, km, runs, median_kmh, p15_kmh, p85_kmh, route_fast_kmh,
  greatest(0, median_s - km / p85_kmh * 3600) AS lost_s, median_kmh < getvariable('slow_zone_share') * route_fast_kmh AS slow
FROM segments JOIN fast USING (route_id)
ORDER BY route_id, direction_id, segments.from_m, hour
