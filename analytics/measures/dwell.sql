-- title: Dwell time
-- question: How long do vehicles stand at stops?
-- version: 1
-- source: departure less arrival, by the best source that saw each (TCRP Report 88)
-- needs: stop-visits
-- parameter: known_within_s | double | 15 | | visits of which an end is known less exactly are left out
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | the stop
-- column: visits | | with both ends seen
-- column: left_out | | visits known less exactly
-- column: mean_s | s | mean
-- column: p50_s | s | median
-- column: p85_s | s | 85 of 100 are shorter
-- column: scheduled_s | s | mean of the timetable's
-- column: passed_share | | went by without a halt
-- caveat: First and last stops are left out: what is spent there is layover.
WITH visits AS (
  SELECT *, (epoch_ms(departure_at) - epoch_ms(arrival_at)) / 1e3 AS dwell_s,
    (epoch_ms(scheduled_departure_at) - epoch_ms(scheduled_arrival_at)) / 1e3 AS due_s,
    greatest(arrival_within_s, departure_within_s) <= getvariable('known_within_s') AS exact
  FROM near_visits
  WHERE counts AND relationship <> 'deadrun' AND NOT is_first AND NOT coalesce(is_last, false)
    AND arrival_at >= asked_from() AND arrival_at < asked_to() AND departure_at IS NOT NULL
)
SELECT route_id, coalesce(direction_id, 0) AS direction_id, stop_id, count(*) FILTER (exact) AS visits,
  count(*) FILTER (NOT exact) AS left_out, avg(dwell_s) FILTER (exact) AS mean_s, quantile_cont(dwell_s, 0.5) FILTER (exact) AS p50_s,
  quantile_cont(dwell_s, 0.85) FILTER (exact) AS p85_s, avg(due_s) FILTER (exact) AS scheduled_s,
  avg(passed::INTEGER) FILTER (exact) AS passed_share
FROM visits
GROUP BY ALL
ORDER BY 1, 2, 3
