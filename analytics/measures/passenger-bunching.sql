-- title: Bunching as passengers have it
-- question: How many passengers board after a gap or into a bunch, and how unevenly does that load vehicles?
-- version: 2
-- source: bunching (bunched where h < 0.25 H, a big gap where h > 2 H; the bounds are printed), each headway weighted by who boarded after it
-- needs: timetable, passenger-counts
-- parameter: by | varchar | route | one of route, stop, hour | a row for each
-- parameter: bunched_share | double | 0.25 | | bunched below this share of the scheduled headway
-- parameter: gap_share | double | 2 | | a gap is over so many times the scheduled headway
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: boardings | | counted, at departures with a headway
-- column: bunched_boardings_share | | of those, into a bunched vehicle
-- column: gap_boardings_share | | of those whose headway spans no trip that nobody saw, after a gap
-- column: bunched_headways_share | | of the same headways, each as one
-- column: gap_headways_share | | likewise
-- column: load_bunched | | passengers aboard on leaving, mean of bunched vehicles
-- column: load_after_gap | | likewise after a gap
-- column: load_else | | likewise of all others
-- column: counted_share | | headways with a count / headways
-- column: bounds | | what counted
-- caveat: A headway that spans a trip nobody saw can be bunched, but is no gap.
WITH judged AS (
  SELECT h.*, c.boardings, c.departure_load, h.headway_s < getvariable('bunched_share') * h.scheduled_headway_s AS bunched,
    CASE WHEN NOT h.spans_unobserved THEN h.headway_s > getvariable('gap_share') * h.scheduled_headway_s END AS gap
  FROM stop_headways h LEFT JOIN ridden_calls c USING (service_date, trip_id, position)
  WHERE h.headway_s IS NOT NULL AND h.scheduled_headway_s > 0
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  CASE getvariable('by') WHEN 'hour' THEN hour END AS hour, sum(boardings)::BIGINT AS boardings,
  coalesce(sum(boardings) FILTER (bunched), 0) / nullif(sum(boardings), 0) AS bunched_boardings_share,
  coalesce(sum(boardings) FILTER (gap), 0) / nullif(sum(boardings) FILTER (gap IS NOT NULL), 0) AS gap_boardings_share,
  avg(bunched::INTEGER) FILTER (boardings IS NOT NULL) AS bunched_headways_share,
  avg(gap::INTEGER) FILTER (boardings IS NOT NULL) AS gap_headways_share, avg(departure_load) FILTER (bunched) AS load_bunched,
  avg(departure_load) FILTER (gap) AS load_after_gap, avg(departure_load) FILTER (NOT bunched AND NOT coalesce(gap, false)) AS load_else,
  count(boardings) / count(*) AS counted_share,
  concat('h < ', getvariable('bunched_share'), ' H; h > ', getvariable('gap_share'), ' H') AS bounds
FROM judged
GROUP BY ALL
HAVING count(boardings) > 0
ORDER BY 1, 2, 3, 4
