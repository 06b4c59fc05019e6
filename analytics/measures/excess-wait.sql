-- title: Excess wait time
-- question: How much longer do passengers wait than the timetable promises, where service is frequent?
-- version: 2
-- source: TfL quality of service indicators: SWT = sum H^2 / (2 sum H), AWT = sum h^2 / (2 sum h), EWT = AWT - SWT
-- needs: timetable, stop-visits
-- parameter: by | varchar | route | one of route, stop, hour | a row for each
-- parameter: frequent_per_h | double | 5 | | scheduled departures an hour from which service is frequent
-- parameter: observed_at_least | double | 0.9 | | below this share of trips observed the figure is withheld
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: departures | | scheduled departures from stops in frequent hours: what the mean over stops and hours is weighted by
-- column: swt_min | min | scheduled wait
-- column: awt_min | min | actual wait; NULL where withheld
-- column: ewt_min | min | excess wait; NULL where withheld
-- column: headways | | observed headways in the figure
-- column: left_out | | observed headways that span a scheduled trip neither seen nor canceled
-- column: observed_share | | of scheduled departures that were not canceled, nor known to be left out
-- column: withheld | | why there is no figure
-- caveat: A canceled trip makes a longer wait, and so does a call that a trip is known to have left out (skipped, on a detour, beyond where it was cut short); a trip that nobody saw leaves its headway out.
-- caveat: Worked out for each stop and hour, then weighted by scheduled departures: riders were not asked.
WITH frequent AS (
  SELECT * FROM wait_hours WHERE departures / days >= getvariable('frequent_per_h') AND swt_min IS NOT NULL
), rows_ AS (
  SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
    CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, sum(departures)::BIGINT AS departures,
    sum(swt_min * departures) FILTER (awt_min IS NOT NULL) / sum(departures) FILTER (awt_min IS NOT NULL) AS swt_min,
    sum(awt_min * departures) / sum(departures) FILTER (awt_min IS NOT NULL) AS awt_min, sum(headways)::BIGINT AS headways,
    sum(left_out)::BIGINT AS left_out, sum(observed) / nullif(sum(to_observe), 0) AS observed_share
  FROM frequent GROUP BY ALL
)
SELECT route_id, direction_id, stop_id, hour, departures, swt_min,
  CASE WHEN observed_share >= getvariable('observed_at_least') THEN awt_min END AS awt_min,
  CASE WHEN observed_share >= getvariable('observed_at_least') THEN awt_min - swt_min END AS ewt_min,
  headways, left_out, observed_share,
  CASE WHEN observed_share < getvariable('observed_at_least') THEN concat('only ', round(observed_share * 100, 1), ' % of trips observed')
    WHEN awt_min IS NULL THEN 'no headway observed' END AS withheld
FROM rows_
ORDER BY 1, 2, 3, 4
