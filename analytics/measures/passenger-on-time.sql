-- title: On-time performance as passengers have it
-- question: What share of passengers is on time, and how long are they kept waiting by lateness?
-- version: 2
-- source: on-time-performance, each call weighted by who boarded (at the last stop: by who alighted)
-- needs: timetable, passenger-counts
-- parameter: by | varchar | route | one of route, stop, hour | a row for each
-- parameter: early_s | double | 60 | | earlier than this is early
-- parameter: late_s | double | 300 | | later than this is late
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock, as scheduled
-- column: passengers | | counted at calls with a time that was seen
-- column: on_time_share | | of passengers
-- column: early_share | | of passengers: who comes on time has missed it
-- column: late_share | | of passengers
-- column: calls_on_time_share | | of the same calls, each as one: beside it
-- column: late_passenger_h | h | sum of passengers x lateness, where late at all
-- column: counted_share | | calls with a count / calls seen
-- column: bounds | | what counted as on time
-- caveat: Trips that run by headway have no timetable to be on time by, and are left out.
WITH calls AS (
  SELECT *, CASE WHEN is_last THEN alightings ELSE boardings END AS passengers,
    deviation_s BETWEEN -getvariable('early_s') AND getvariable('late_s') AS on_time
  FROM ridden_calls WHERE timing = 'timetable' AND NOT canceled AND deviation_s IS NOT NULL
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  CASE getvariable('by') WHEN 'hour' THEN hour(city_time(due_at))::INTEGER END AS hour, sum(passengers)::BIGINT AS passengers,
  coalesce(sum(passengers) FILTER (on_time), 0) / nullif(sum(passengers), 0) AS on_time_share,
  coalesce(sum(passengers) FILTER (deviation_s < -getvariable('early_s')), 0) / nullif(sum(passengers), 0) AS early_share,
  coalesce(sum(passengers) FILTER (deviation_s > getvariable('late_s')), 0) / nullif(sum(passengers), 0) AS late_share,
  avg(on_time::INTEGER) FILTER (passengers IS NOT NULL) AS calls_on_time_share,
  sum(passengers * greatest(0, deviation_s)) / 3600 AS late_passenger_h, count(passengers) / count(*) AS counted_share,
  concat('-', getvariable('early_s')::INTEGER, ' to +', getvariable('late_s')::INTEGER, ' s') AS bounds
FROM calls
GROUP BY ALL
HAVING count(passengers) > 0
ORDER BY 1, 2, 3, 4
