-- title: Candidates for bus priority
-- question: On which stretches of road would priority for transit give most back to riders, how long are they, and in which hours?
-- version: 2
-- source: contiguous 100 m cells of road under a route's way on which more than hot_times as much is lost as on the mean cell that a rider passes (a vehicle, where nobody was counted); ranked by passenger-hours lost a week, by vehicle-hours where nobody was counted
-- needs: timetable, stop-visits, road-links
-- parameter: hot_times | double | 2 | | a cell is hot where so many times the mean is lost on it
-- parameter: least_m | double | 200 | | shorter stretches are left out
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: rank | | 1 is the first
-- column: road | | roads it lies on
-- column: from_stop | | the stop before its beginning, or at it
-- column: to_stop | | the stop after its end, or at it
-- column: length_m | m | of the way
-- column: hours | | in which at least three quarters as much is lost as in the worst hour
-- column: routes | | that run on it
-- column: runs_week | | vehicle runs through it, a week
-- column: riders_week | | passengers carried through it, a week, of runs with a known load alone; NULL where nobody was counted
-- column: counted_share | | of runs, with a known load
-- column: lost_s_run | s | that a run loses on it
-- column: lost_veh_h_week | veh-h | transit vehicles, a week
-- column: lost_passenger_h_week | pass-h | of runs with a known load alone, a week
-- column: road_delay_veh_h_week | veh-h | all traffic on its links, by the share of the link that it covers; NULL without sites that count and measure speed
-- column: links | | it lies on
-- caveat: Time lost is against the free run (the 15th percentile of the hours' median runs): what priority could give back at most, not what it will.
-- caveat: Stops set how fine this is: what is lost from a stop to the next is spread evenly between them.
WITH cells AS (
  SELECT c.link_id, c.cell, l.route_id, l.hour, sum(l.runs) AS runs, sum(l.counted) AS counted, sum(l.runs * c.share * c.segment_m) AS veh_m,
    sum(l.riders * c.share * c.segment_m) AS rider_m, sum(l.lost_s * c.share) AS lost_s, sum(l.lost_rider_s * c.share) AS lost_rider_s
  FROM segment_losses l JOIN segment_cells c USING (from_stop, to_stop) WHERE c.link_id IS NOT NULL
  GROUP BY ALL
), counted AS (
  SELECT sum(counted) > 0 AS has_loads FROM cells
), weights AS (
  -- What a cell is judged by: passenger-seconds, or vehicle-seconds where nobody was counted; and who passes it.
  SELECT link_id, cell, coalesce(sum(CASE WHEN (SELECT has_loads FROM counted) THEN lost_rider_s ELSE lost_s END), 0) AS lost,
    coalesce(sum(CASE WHEN (SELECT has_loads FROM counted) THEN rider_m ELSE veh_m END), 0) AS passing_m
  FROM cells GROUP BY ALL
), hot AS (
  SELECT link_id, cell FROM weights
  WHERE lost > getvariable('hot_times') * (SELECT sum(lost * passing_m) / nullif(sum(passing_m), 0) FROM weights)
), ways AS (
  SELECT w.timetable, w.pattern_id, w.route_id, w.direction_id, w.sample_m, w.link_id, floor(w.link_m / 100)::INTEGER AS cell,
    row_number() OVER (PARTITION BY w.timetable, w.pattern_id ORDER BY w.sample_m) AS n
  FROM way_links w JOIN main_patterns m USING (timetable, pattern_id)
), islands AS (
  SELECT w.*, n - row_number() OVER (PARTITION BY timetable, pattern_id ORDER BY sample_m) AS island FROM ways w JOIN hot USING (link_id, cell)
), stretches AS (
  SELECT timetable, pattern_id, route_id, direction_id, island, min(sample_m) - 10 AS from_m, max(sample_m) + 10 AS to_m, count(*) * 20 AS length_m,
    list_sort(list_distinct(list(link_id || '#' || cell))) AS parts
  FROM islands GROUP BY ALL HAVING count(*) * 20 >= getvariable('least_m')
), kept AS (
  SELECT *, row_number() OVER (ORDER BY route_id, direction_id, from_m) AS id FROM stretches s
  -- One that lies for the greater part on another, found on another route's way, is the same one.
  WHERE NOT EXISTS (FROM stretches o WHERE (o.route_id, o.direction_id, o.island) IS DISTINCT FROM (s.route_id, s.direction_id, s.island)
    AND 2 * len(list_intersect(o.parts, s.parts)) > len(s.parts)
    AND (len(o.parts) > len(s.parts) OR len(o.parts) = len(s.parts) AND (o.route_id, o.direction_id, o.island) < (s.route_id, s.direction_id, s.island)))
), members AS (
  SELECT id, split_part(part, '#', 1) AS link_id, split_part(part, '#', -1)::INTEGER AS cell FROM (SELECT id, unnest(parts) AS part FROM kept)
), in_hours AS (
  SELECT m.id, c.hour, sum(CASE WHEN (SELECT has_loads FROM counted) THEN c.lost_rider_s ELSE c.lost_s END) AS lost FROM members m JOIN cells c USING (link_id, cell) GROUP BY ALL
), worst AS (
  SELECT id, hour, hour - row_number() OVER (PARTITION BY id ORDER BY hour) AS block FROM (
    SELECT *, max(lost) OVER (PARTITION BY id) AS most FROM in_hours) WHERE lost >= most * 0.75 AND most > 0
), hours AS (
  SELECT id, string_agg(span, ', ' ORDER BY first_hour) AS hours FROM (
    SELECT id, min(hour) AS first_hour, concat(lpad(min(hour)::VARCHAR, 2, '0'), '–', lpad((max(hour) + 1)::VARCHAR, 2, '0')) AS span FROM worst GROUP BY id, block) GROUP BY id
), sums AS (
  SELECT m.id, count(DISTINCT c.route_id) AS routes, sum(c.lost_s) AS lost_s, sum(c.lost_rider_s) AS lost_rider_s, sum(c.counted) / sum(c.runs) AS counted_share,
    -- Past a point of the stretch: vehicle-metres and passenger-metres over its length.
    sum(c.veh_m) / any_value(k.length_m) AS runs, sum(c.rider_m) / any_value(k.length_m) AS riders
  FROM members m JOIN cells c USING (link_id, cell) JOIN kept k USING (id) GROUP BY m.id
), held AS (
  SELECT link_id, arg_max(coalesce(road, name, link_id), valid_from) AS road, arg_max(length_km, valid_from) AS length_km FROM links GROUP BY link_id
), roads AS (
  SELECT x.id, string_agg(DISTINCT h.road, ', ' ORDER BY h.road) AS road, string_agg(DISTINCT x.link_id, ', ' ORDER BY x.link_id) AS links,
    sum(t.road_delay_veh_h_week * least(1, x.cells * 0.1 / nullif(h.length_km, 0))) AS road_delay_veh_h_week
  FROM (SELECT id, link_id, count(*) AS cells FROM members GROUP BY ALL) x LEFT JOIN held h USING (link_id) LEFT JOIN link_delays t USING (link_id) GROUP BY x.id
)
SELECT row_number() OVER (ORDER BY s.lost_rider_s DESC NULLS LAST, s.lost_s DESC, k.id) AS rank, r.road,
  (SELECT arg_max(p.stop_id, p.along_m) FROM timetable_pattern_stops p WHERE p.timetable = k.timetable AND p.pattern_id = k.pattern_id AND p.along_m <= k.from_m + 20) AS from_stop,
  (SELECT arg_min(p.stop_id, p.along_m) FROM timetable_pattern_stops p WHERE p.timetable = k.timetable AND p.pattern_id = k.pattern_id AND p.along_m >= k.to_m - 20) AS to_stop,
  k.length_m::DOUBLE AS length_m, h.hours, s.routes, s.runs / d.days * 7 AS runs_week, s.riders / d.days * 7 AS riders_week, s.counted_share,
  s.lost_s / s.runs AS lost_s_run, s.lost_s / 3600 / d.days * 7 AS lost_veh_h_week, s.lost_rider_s / 3600 / d.days * 7 AS lost_passenger_h_week,
  r.road_delay_veh_h_week, r.links
FROM kept k JOIN sums s USING (id) JOIN hours h USING (id) JOIN roads r USING (id) CROSS JOIN run_days d
ORDER BY rank
