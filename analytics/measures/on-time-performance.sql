-- title: On-time performance
-- question: What share of departures is on time, early and late?
-- version: 3
-- source: TCRP Report 165 (TCQSM 3rd ed.), on-time performance with printed bounds; departure, and arrival at the last stop, in whole seconds
-- needs: timetable, stop-visits
-- parameter: by | varchar | route | one of route, stop, trip, hour | a row for each
-- parameter: at | varchar | all | one of all, timepoints | all stops, or timepoints only
-- parameter: early_s | double | 60 | | earlier than this is early
-- parameter: late_s | double | 300 | | later than this is late
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: trip_id | | by trip
-- column: hour | | by hour: of the city's clock, as scheduled
-- column: scheduled | | calls in the timetable of the period
-- column: canceled | | of those, on trips that were called off, or known to be left out by a trip that ran
-- column: observed | | of those, with a time that was seen
-- column: observed_share | | observed / (scheduled - canceled)
-- column: on_time_share | | of observed
-- column: early_share | | of observed
-- column: late_share | | of observed
-- column: median_s | s | after the timetable; early is negative
-- column: p85_s | s | likewise
-- column: bounds | | what counted as on time
-- caveat: Calls that nobody saw are in no share: see observed_share.
-- caveat: Trips that run by headway have no timetable to be on time by, and are left out.
WITH calls AS (
  FROM query(CASE WHEN transit_summed() AND getvariable('by') = 'route' AND getvariable('stop') IS NULL
    THEN 'SELECT *, NULL::VARCHAR AS stop_id, NULL::VARCHAR AS trip_id, NULL::INTEGER AS hour FROM call_seconds'
    ELSE 'SELECT *, CASE WHEN NOT canceled THEN deviation_s END AS late_s, hour(city_time(due_at))::INTEGER AS hour, 1 AS calls
      FROM call_visits WHERE timing = ''timetable''' END)
), counted AS (
  SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id, CASE getvariable('by') WHEN 'trip' THEN trip_id END AS trip_id,
    CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, canceled, late_s, sum(calls) AS calls
  FROM calls WHERE getvariable('at') = 'all' OR timepoint
  GROUP BY ALL
), ranked AS (
  SELECT *, sum(calls) FILTER (late_s IS NOT NULL) OVER (PARTITION BY route_id, direction_id, stop_id, trip_id, hour ORDER BY late_s) AS up_to,
    sum(calls) FILTER (late_s IS NOT NULL) OVER (PARTITION BY route_id, direction_id, stop_id, trip_id, hour) AS total
  FROM counted
)
SELECT route_id, direction_id, stop_id, trip_id, hour, sum(calls)::BIGINT AS scheduled, coalesce(sum(calls) FILTER (canceled), 0)::BIGINT AS canceled,
  coalesce(any_value(total), 0)::BIGINT AS observed, coalesce(any_value(total), 0) / nullif(sum(calls) FILTER (NOT canceled), 0) AS observed_share,
  coalesce(sum(calls) FILTER (late_s BETWEEN -getvariable('early_s') AND getvariable('late_s')), 0) / any_value(total) AS on_time_share,
  coalesce(sum(calls) FILTER (late_s < -getvariable('early_s')), 0) / any_value(total) AS early_share,
  coalesce(sum(calls) FILTER (late_s > getvariable('late_s')), 0) / any_value(total) AS late_share,
  counted_quantile(late_s, up_to, total, 0.5)::DOUBLE AS median_s, counted_quantile(late_s, up_to, total, 0.85)::DOUBLE AS p85_s,
  concat('-', getvariable('early_s')::INTEGER, ' to +', getvariable('late_s')::INTEGER, ' s') AS bounds
FROM ranked
GROUP BY route_id, direction_id, stop_id, trip_id, hour
ORDER BY 1, 2, 3, 4, 5
