-- Transit on the roads of the registry: which link lies under each 20 m of a pattern's way, and what runs lose there. Stands on
-- way-views.sql, transit-views.sql, `links`, and the views of traffic.

-- Straight pieces of links, 100 m at most, in the direction of travel, as the links stood last in the asked period.
CREATE OR REPLACE TEMP VIEW link_pieces AS
  WITH held AS (
    SELECT link_id, line FROM links WHERE valid_from < asked_to() AND valid_to > asked_from() AND line IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY link_id ORDER BY valid_from DESC) = 1
  ), points AS (
    SELECT link_id, generate_subscripts(p, 1) AS n, unnest(p) AS p FROM (SELECT link_id, from_json(line, '[["DOUBLE"]]') AS p FROM held)
  ), steps AS (
    SELECT link_id, n, p[1] AS lon, p[2] AS lat, lead(p[1]) OVER way AS to_lon, lead(p[2]) OVER way AS to_lat,
      sqrt(((lead(p[1]) OVER way - p[1]) * 111195 * cos(radians(p[2]))) ** 2 + ((lead(p[2]) OVER way - p[2]) * 111195) ** 2) AS step_m
    FROM points WINDOW way AS (PARTITION BY link_id ORDER BY n)
  ), placed AS (
    SELECT *, sum(step_m) OVER (PARTITION BY link_id ORDER BY n) - step_m AS from_m, greatest(1, ceil(step_m / 100))::INTEGER AS bits
    FROM steps WHERE step_m > 0
  )
  SELECT link_id, from_m + step_m * i / bits AS from_m, step_m / bits AS piece_m, lon + (to_lon - lon) * i / bits AS lon, lat + (to_lat - lat) * i / bits AS lat,
    lon + (to_lon - lon) * (i + 1) / bits AS to_lon, lat + (to_lat - lat) * (i + 1) / bits AS to_lat
  FROM (SELECT *, unnest(range(bits)) AS i FROM placed);

-- The way of each pattern that was to run, every 20 m: where it is, and where it heads.
CREATE OR REPLACE TEMP VIEW way_samples AS
  WITH asked AS (
    FROM pattern_trips
  ), steps AS (
    SELECT timetable, pattern_id, along_m, lat, lon, lead(along_m) OVER way AS to_m, lead(lat) OVER way AS to_lat, lead(lon) OVER way AS to_lon
    FROM pattern_points WHERE (timetable, pattern_id) IN (SELECT (timetable, pattern_id) FROM asked)
    WINDOW way AS (PARTITION BY timetable, pattern_id ORDER BY position)
  ), cut AS (
    SELECT *, unnest(range(ceil((along_m - 10) / 20)::BIGINT, ceil((to_m - 10) / 20)::BIGINT)) * 20 + 10 AS sample_m FROM steps WHERE to_m > along_m
  )
  SELECT a.timetable, a.pattern_id, a.route_id, a.direction_id, a.trips, c.sample_m, c.lat + (c.to_lat - c.lat) * (c.sample_m - c.along_m) / (c.to_m - c.along_m) AS lat,
    c.lon + (c.to_lon - c.lon) * (c.sample_m - c.along_m) / (c.to_m - c.along_m) AS lon,
    (c.to_lon - c.lon) * cos(radians(c.lat)) AS heads_east, c.to_lat - c.lat AS heads_north
  FROM cut c JOIN asked a USING (timetable, pattern_id);

-- The link under each sample: of those within 25 m whose direction is within 40 degrees, the one that lies nearest over 60 m before
-- and after, so that neither a crossing street nor a parallel one takes a few metres. NULL where there is none.
CREATE OR REPLACE TEMP VIEW way_links AS
  WITH spots AS (
    SELECT timetable, pattern_id, sample_m, lat, lon, heads_east, heads_north, unnest(range(-1, 2)) AS di FROM way_samples
  ), cells AS (
    SELECT * EXCLUDE (di), floor(lat / 0.002)::BIGINT + di AS row_, floor(lon / 0.003)::BIGINT + unnest(range(-1, 2)) AS column_ FROM spots
  ), pieces AS (
    SELECT *, floor((lat + to_lat) / 2 / 0.002)::BIGINT AS row_, floor((lon + to_lon) / 2 / 0.003)::BIGINT AS column_ FROM link_pieces
  ), offsets AS (
    SELECT c.timetable, c.pattern_id, c.sample_m, p.link_id, p.from_m, p.piece_m, c.heads_east, c.heads_north,
      (p.lon - c.lon) * 111195 * cos(radians(c.lat)) AS x, (p.lat - c.lat) * 111195 AS y,
      (p.to_lon - p.lon) * 111195 * cos(radians(c.lat)) AS dx, (p.to_lat - p.lat) * 111195 AS dy
    FROM cells c JOIN pieces p USING (row_, column_)
  ), feet AS (
    SELECT *, least(1, greatest(0, -(x * dx + y * dy) / (dx * dx + dy * dy))) AS share FROM offsets
    WHERE heads_east * dx + heads_north * dy >= cos(radians(40)) * sqrt((heads_east ** 2 + heads_north ** 2) * (dx ** 2 + dy ** 2))
  ), near AS (
    SELECT timetable, pattern_id, sample_m, link_id, min(sqrt((x + share * dx) ** 2 + (y + share * dy) ** 2)) AS off_m,
      arg_min(from_m + share * piece_m, sqrt((x + share * dx) ** 2 + (y + share * dy) ** 2)) AS link_m
    FROM feet WHERE (x + share * dx) ** 2 + (y + share * dy) ** 2 <= 625
    GROUP BY ALL
  ), scored AS (
    SELECT *, sum(25 - off_m) OVER (PARTITION BY timetable, pattern_id, link_id ORDER BY sample_m RANGE BETWEEN 60 PRECEDING AND 60 FOLLOWING) AS score FROM near
  ), best AS (
    SELECT * FROM scored QUALIFY row_number() OVER (PARTITION BY timetable, pattern_id, sample_m ORDER BY score DESC, link_id) = 1
  )
  SELECT s.timetable, s.pattern_id, s.route_id, s.direction_id, s.trips, s.sample_m, s.lat, s.lon, b.link_id, b.link_m, b.off_m
  FROM way_samples s LEFT JOIN best b USING (timetable, pattern_id, sample_m);

-- Each segment that was run, from stop to stop, over 100 m cells of the links beneath it; link_id NULL where there is none. Of the
-- patterns that share a segment the one with most trips is taken. `share` of the segment.
CREATE OR REPLACE TEMP VIEW segment_cells AS
  WITH segments AS (
    SELECT p.timetable, p.pattern_id, p.stop_id AS from_stop, n.stop_id AS to_stop, p.along_m AS from_m, n.along_m AS to_m
    FROM timetable_pattern_stops p JOIN timetable_pattern_stops n ON n.timetable = p.timetable AND n.pattern_id = p.pattern_id AND n.position = p.position + 1
  ), on_links AS (
    SELECT s.from_stop, s.to_stop, w.timetable, w.pattern_id, w.trips, s.to_m - s.from_m AS segment_m, w.link_id, floor(w.link_m / 100)::INTEGER AS cell, count(*) AS samples
    FROM segments s JOIN way_links w ON w.timetable = s.timetable AND w.pattern_id = s.pattern_id AND w.sample_m >= s.from_m AND w.sample_m < s.to_m
    GROUP BY ALL
  ), chosen AS (
    SELECT from_stop, to_stop, arg_max(timetable, (trips, pattern_id)) AS timetable, arg_max(pattern_id, (trips, pattern_id)) AS pattern_id FROM on_links GROUP BY ALL
  )
  SELECT from_stop, to_stop, link_id, cell, samples / sum(samples) OVER (PARTITION BY from_stop, to_stop) AS share, segment_m
  FROM on_links JOIN chosen USING (timetable, pattern_id, from_stop, to_stop);

-- What runs lost from a stop to the next, hour by hour, against the free run: the 15th percentile of the hours' median runs (hours
-- with three runs or more, of runs where there is none). Medians, for the time of one run is known within a position's period only.
-- `riders` are those on board where the load is known.
CREATE OR REPLACE TEMP VIEW worked_losses AS
  WITH hours AS (
    SELECT from_stop, to_stop, hour, median(run_s) AS median_s, count(*) AS runs FROM hour_runs GROUP BY ALL
  ), of_hours AS (
    SELECT from_stop, to_stop, quantile_cont(median_s, 0.15) AS free_s FROM hours WHERE runs >= 3 GROUP BY ALL
  ), free AS (
    FROM of_hours
    UNION ALL
    SELECT from_stop, to_stop, quantile_cont(run_s, 0.15) FROM hour_runs r ANTI JOIN of_hours USING (from_stop, to_stop) GROUP BY ALL
  ), sums AS (
    SELECT route_id, direction_id, from_stop, to_stop, hour, count(*) AS runs, sum(run_s) AS run_s, count(departure_load) AS counted,
      sum(departure_load) AS riders, sum(run_s * departure_load) AS rider_s
    FROM hour_runs GROUP BY ALL
  )
  SELECT route_id, direction_id, from_stop, to_stop, hour::INTEGER AS hour, runs, greatest(0, run_s - runs * free_s) AS lost_s, counted, riders,
    greatest(0, rider_s - riders * free_s) AS lost_rider_s
  FROM sums JOIN free USING (from_stop, to_stop);
CREATE OR REPLACE TEMP VIEW segment_losses AS FROM query('FROM ' || CASE WHEN losses_kept() THEN 'kept_losses' ELSE 'worked_losses' END);

-- Service dates on which anything was run: what figures a week are scaled by.
CREATE OR REPLACE TEMP VIEW run_days AS
  SELECT count(DISTINCT service_date) AS days FROM query('FROM ' || CASE WHEN transit_summed() THEN 'run_seconds' ELSE 'run_segments' END);

-- Delay of all traffic at the sites of a link, against their free-flow speed, over the length that they speak for.
CREATE OR REPLACE TEMP VIEW link_delays AS
  SELECT s.link_id, sum(t.delay_veh_h) / max(t.days) * 7 AS road_delay_veh_h_week, sum(t.length_km) AS road_km
  FROM (SELECT site_id, any_value(length_km) AS length_km, count(DISTINCT date) AS days,
      coalesce(sum(greatest(0, (floored_pace_us / 3.6e9 - count / reference_kmh) * length_km)) FILTER (bin_kmh < reference_kmh), 0) AS delay_veh_h
    FROM site_travel JOIN site_reference USING (site_id, direction)
    WHERE NOT long AND bin_kmh IS NOT NULL AND reference_kmh > 0 GROUP BY site_id) t
  JOIN (SELECT site_id, arg_max(link_id, valid_from) AS link_id FROM sites WHERE valid_from < asked_to() AND valid_to > asked_from() GROUP BY site_id) s USING (site_id)
  WHERE s.link_id IS NOT NULL
  GROUP BY s.link_id;
