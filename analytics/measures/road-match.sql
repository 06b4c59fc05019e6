-- title: Transit on road links
-- question: On which road links does each route run, and how much of its way lies on none?
-- version: 1
-- source: every 20 m of the way goes to the link within 25 m, heading within 40 degrees of it, that lies nearest over the 60 m before and after
-- needs: timetable, road-links
-- parameter: by | varchar | route | one of route, link | a row for each route and direction, or for each link of it
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: link_id | | by link; NULL: on none
-- column: road | | by link: its road, or name
-- column: way_km | km | of the pattern run most often
-- column: matched_km | km | of that, on a link
-- column: matched_share | | matched / way
-- column: mean_off_m | m | from the way to its link
-- column: links | | by route: links it runs on
-- column: unmatched | | stretches of 100 m and more on no link, by the stop before them
-- caveat: Of each route and direction the pattern run most often; a way of straight lines (no shape) is matched as it is.
-- caveat: Only the nearness and the direction of lines are known: a viaduct over a road looks like the road.
WITH ways AS (
  SELECT w.* FROM way_links w JOIN main_patterns m USING (timetable, pattern_id)
), runs AS (
  SELECT *, row_number() OVER (PARTITION BY timetable, pattern_id ORDER BY sample_m) - row_number() OVER (PARTITION BY timetable, pattern_id, link_id IS NULL ORDER BY sample_m) AS island FROM ways
), gaps AS (
  SELECT timetable, pattern_id, route_id, direction_id, min(sample_m) - 10 AS from_m, count(*) * 20 AS m FROM runs WHERE link_id IS NULL
  GROUP BY timetable, pattern_id, route_id, direction_id, island HAVING count(*) >= 5
), named AS (
  SELECT g.route_id, g.direction_id, string_agg(concat(g.m, ' m after ', coalesce((SELECT arg_max(s.stop_name, s.along_m) FROM main_pattern_stops s
    WHERE s.route_id = g.route_id AND s.direction_id = g.direction_id AND s.along_m <= g.from_m), 'the start')), '; ' ORDER BY g.from_m) AS unmatched
  FROM gaps g GROUP BY ALL
), road_names AS (
  SELECT link_id, arg_max(coalesce(road, name), valid_from) AS road FROM links GROUP BY link_id
), counted AS (
  SELECT w.route_id, w.direction_id, CASE getvariable('by') WHEN 'link' THEN w.link_id END AS link_id,
    CASE getvariable('by') WHEN 'link' THEN n.road END AS road, count(*) AS samples, count(w.link_id) AS on_link, avg(w.off_m) AS mean_off_m,
    CASE getvariable('by') WHEN 'route' THEN count(DISTINCT w.link_id) END AS links, min(w.sample_m) AS first_m
  FROM ways w LEFT JOIN road_names n USING (link_id) GROUP BY ALL
)
SELECT c.route_id, c.direction_id, c.link_id, c.road, samples * 0.02 AS way_km, on_link * 0.02 AS matched_km, on_link / samples AS matched_share, mean_off_m, links,
  CASE getvariable('by') WHEN 'route' THEN u.unmatched WHEN 'link' THEN CASE WHEN c.link_id IS NULL THEN u.unmatched END END AS unmatched
FROM counted c LEFT JOIN named u USING (route_id, direction_id)
ORDER BY c.route_id, c.direction_id, first_m
