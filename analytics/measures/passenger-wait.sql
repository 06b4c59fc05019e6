-- title: Excess wait as passengers have it
-- question: How many hours do passengers wait beyond what the timetable promises, where service is frequent?
-- version: 2
-- source: excess-wait (TfL: EWT = AWT - SWT) of each stop and hour, weighted by who boarded there
-- needs: timetable, passenger-counts
-- parameter: by | varchar | route | one of route, stop, hour | a row for each
-- parameter: frequent_per_h | double | 5 | | scheduled departures an hour from which service is frequent
-- parameter: observed_at_least | double | 0.9 | | below this share of trips observed the figure is withheld
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: boardings | | counted, in frequent hours: the weight
-- column: swt_min | min | scheduled wait
-- column: awt_min | min | actual wait; NULL where withheld
-- column: ewt_min | min | excess wait of a passenger; NULL where withheld
-- column: excess_passenger_h | h | boardings x excess wait; NULL where withheld
-- column: observed_share | | of scheduled departures that were not canceled, nor known to be left out
-- column: counted_share | | departures with a count / departures seen
-- column: withheld | | why there is no figure
-- caveat: A canceled trip makes a longer wait, and so does a call that a trip is known to have left out (skipped, on a detour, beyond where it was cut short); a trip that nobody saw leaves its headway out.
-- caveat: Who came for a certain departure waits less than this: it is of riders who come at random.
WITH cells AS (
  SELECT h.route_id, h.direction_id, h.stop_id, h.pass, h.hour, count(*) AS departures, count(DISTINCT h.service_date) AS days,
    count(*) FILTER (h.observed) AS observed, count(*) FILTER (NOT h.canceled) AS to_observe,
    sum(scheduled_headway_s ** 2) / nullif(2 * sum(scheduled_headway_s), 0) / 60 AS swt_min,
    sum(headway_s ** 2) FILTER (NOT spans_unobserved) / nullif(2 * sum(headway_s) FILTER (NOT spans_unobserved), 0) / 60 AS awt_min,
    sum(c.boardings) AS boardings, count(c.boardings) AS counted
  FROM stop_headways h LEFT JOIN ridden_calls c USING (service_date, trip_id, position)
  GROUP BY ALL
), rows_ AS (
  SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
    CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, sum(boardings)::BIGINT AS boardings,
    sum(swt_min * boardings) FILTER (awt_min IS NOT NULL) / nullif(sum(boardings) FILTER (awt_min IS NOT NULL), 0) AS swt_min,
    sum(awt_min * boardings) / nullif(sum(boardings) FILTER (awt_min IS NOT NULL), 0) AS awt_min,
    sum((awt_min - swt_min) * boardings) / 60 AS excess_passenger_h, sum(observed) / nullif(sum(to_observe), 0) AS observed_share,
    sum(counted) / nullif(sum(observed), 0) AS counted_share
  FROM cells WHERE departures / days >= getvariable('frequent_per_h') AND swt_min IS NOT NULL
  GROUP BY ALL
)
SELECT route_id, direction_id, stop_id, hour, boardings, swt_min,
  CASE WHEN observed_share >= getvariable('observed_at_least') THEN awt_min END AS awt_min,
  CASE WHEN observed_share >= getvariable('observed_at_least') THEN awt_min - swt_min END AS ewt_min,
  CASE WHEN observed_share >= getvariable('observed_at_least') THEN excess_passenger_h END AS excess_passenger_h,
  observed_share, counted_share,
  CASE WHEN observed_share < getvariable('observed_at_least') THEN concat('only ', round(observed_share * 100, 1), ' % of trips observed')
    WHEN coalesce(boardings, 0) = 0 THEN 'nobody counted boarding'
    WHEN awt_min IS NULL THEN 'no headway observed' END AS withheld
FROM rows_
ORDER BY 1, 2, 3, 4
