-- title: Headway adherence as passengers have it
-- question: How evenly do vehicles follow one another for those who board them?
-- version: 2
-- source: headway-adherence (TCRP Report 165: CV = sd(h - H) / mean H), each headway weighted by who boarded after it: with b boardings sd² = (Σb Σb(h - H)² - (Σb(h - H))²) / ((Σb)² - Σb²), which is the sample variance where as many board after each
-- needs: timetable, passenger-counts
-- parameter: by | varchar | route | one of route, stop, hour | a row for each
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: boardings | | counted, after the headways in the figure: the weight
-- column: headways | | observed headways in the figure: with a count
-- column: left_out | | observed headways that span a scheduled trip neither seen nor canceled
-- column: mean_scheduled_s | s | mean H before a passenger's departure
-- column: mean_headway_s | s | mean h before it
-- column: adherence_cv | | sd(h - H) / mean H of passengers: 0 is perfect; NULL where all boarded after one headway
-- column: headways_cv | | of the same headways, each as one: beside it
-- column: counted_share | | headways with a count / observed headways that are not left out
-- caveat: h is from the vehicle before, H from the trip before in the timetable; last stops are left out.
-- caveat: More board after a long headway, so passengers have it less even than vehicles do: the two figures differ by that, not by error.
WITH headways AS (
  SELECT h.route_id, h.direction_id, h.stop_id, h.hour, h.spans_unobserved, h.scheduled_headway_ms AS due_ms, h.headway_ms,
    h.headway_ms - h.scheduled_headway_ms AS off_ms, CASE WHEN NOT h.spans_unobserved THEN c.boardings END AS boardings
  FROM stop_headways h LEFT JOIN ridden_calls c USING (service_date, trip_id, position)
  WHERE h.headway_ms IS NOT NULL AND h.scheduled_headway_ms IS NOT NULL
), sums AS (
  -- Whole numbers throughout: the variance is a small difference of large sums.
  SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
    CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, sum(boardings) AS boardings, sum(boardings::BIGINT * boardings) AS boardings2,
    count(boardings) AS headways, count(*) FILTER (spans_unobserved) AS left_out, count(*) FILTER (NOT spans_unobserved) AS whole,
    sum(boardings * due_ms) AS due_ms, sum(boardings * headway_ms) AS headway_ms,
    sum(boardings * off_ms) AS off_ms, sum(boardings * off_ms * off_ms) AS off_ms2,
    stddev_samp(off_ms) FILTER (boardings IS NOT NULL) / nullif(avg(due_ms) FILTER (boardings IS NOT NULL), 0) AS headways_cv
  FROM headways GROUP BY 1, 2, 3, 4
)
SELECT route_id, direction_id, stop_id, hour, boardings::BIGINT AS boardings, headways, left_out,
  due_ms / nullif(boardings, 0) / 1e3 AS mean_scheduled_s, headway_ms / nullif(boardings, 0) / 1e3 AS mean_headway_s,
  sqrt((boardings * off_ms2 - off_ms * off_ms) / nullif(boardings * boardings - boardings2, 0)) / nullif(due_ms / nullif(boardings, 0), 0) AS adherence_cv,
  headways_cv, headways / nullif(whole, 0) AS counted_share
FROM sums
WHERE headways > 0
ORDER BY 1, 2, 3, 4
