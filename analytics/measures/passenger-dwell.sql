-- title: Dwell as passengers have it
-- question: How long do vehicles stand for each passenger who gets on or off, and how long do those aboard wait for them?
-- version: 1
-- source: dwell (TCRP Report 88) over passengers exchanged, and weighted by those who stay aboard: departure load less boardings
-- needs: passenger-counts
-- parameter: by | varchar | stop | one of stop, hour, route | a row for each
-- parameter: known_within_s | double | 15 | | visits of which an end is known less exactly are left out
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: visits | | with both ends seen, and a count
-- column: left_out | | visits known less exactly
-- column: exchanged | | passengers who got on or off
-- column: mean_s | s | mean dwell
-- column: s_per_passenger | s | dwell / exchanged
-- column: through_mean_s | s | mean dwell that a passenger who stays aboard has
-- column: through_passenger_h | h | sum of who stays aboard x dwell
-- column: loads_known | | visits with a load / visits
-- caveat: First and last stops are left out: what is spent there is layover.
WITH visits AS (
  SELECT *, (epoch_ms(departure_at) - epoch_ms(arrival_at)) / 1e3 AS dwell_s, boardings + alightings AS exchanged,
    greatest(0, departure_load - boardings) AS through,
    greatest(arrival_within_s, departure_within_s) <= getvariable('known_within_s') AS exact
  FROM ridden_visits
  WHERE NOT is_first AND NOT coalesce(is_last, false) AND departure_at IS NOT NULL AND arrival_at IS NOT NULL
    AND boardings + alightings IS NOT NULL
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, count(*) FILTER (exact) AS visits, count(*) FILTER (NOT exact) AS left_out,
  (sum(exchanged) FILTER (exact))::BIGINT AS exchanged, avg(dwell_s) FILTER (exact) AS mean_s,
  sum(dwell_s) FILTER (exact) / nullif(sum(exchanged) FILTER (exact), 0) AS s_per_passenger,
  sum(through * dwell_s) FILTER (exact) / nullif(sum(through) FILTER (exact), 0) AS through_mean_s,
  sum(through * dwell_s) FILTER (exact) / 3600 AS through_passenger_h,
  count(departure_load) FILTER (exact) / nullif(count(*) FILTER (exact), 0) AS loads_known
FROM visits
GROUP BY ALL
ORDER BY 1, 2, 3, 4
