-- title: Headway adherence
-- question: How evenly do vehicles follow one another?
-- version: 2
-- source: TCRP Report 165 (TCQSM 3rd ed.): CV = sd(h - H) / mean H; sample standard deviation
-- needs: timetable, stop-visits
-- parameter: by | varchar | stop | one of stop, route | a row for each
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: headways | | observed headways in the figure
-- column: left_out | | observed headways that span a scheduled trip neither seen nor canceled
-- column: mean_scheduled_s | s | mean H of those headways
-- column: mean_headway_s | s | mean h
-- column: adherence_cv | | sd(h - H) / mean H: 0 is perfect
-- caveat: h is from the vehicle before, H from the trip before in the timetable; last stops are left out.
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  count(*) FILTER (NOT spans_unobserved) AS headways, count(*) FILTER (spans_unobserved) AS left_out,
  avg(scheduled_headway_s) FILTER (NOT spans_unobserved) AS mean_scheduled_s,
  avg(headway_s) FILTER (NOT spans_unobserved) AS mean_headway_s,
  stddev_samp(headway_s - scheduled_headway_s) FILTER (NOT spans_unobserved)
    / nullif(avg(scheduled_headway_s) FILTER (NOT spans_unobserved), 0) AS adherence_cv
FROM stop_headways
WHERE headway_s IS NOT NULL AND scheduled_headway_s IS NOT NULL
GROUP BY ALL
ORDER BY 1, 2, 3
