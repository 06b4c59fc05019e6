-- Routes and stops by their names, and the way that a route takes over the ground. Session variables as in transit-views.sql.

-- By the newest timetable that has them; a route or stop that is in none is not here.
CREATE OR REPLACE TEMP VIEW route_names AS
  SELECT r.route_id, coalesce(nullif(concat_ws(' ', arg_max(nullif(r.short_name, ''), v.valid_from), arg_max(nullif(r.long_name, ''), v.valid_from)), ''), r.route_id) AS route_name
  FROM timetable_routes r JOIN timetables v USING (timetable) GROUP BY r.route_id;

CREATE OR REPLACE TEMP VIEW stop_places AS
  SELECT s.stop_id, coalesce(arg_max(s.name, v.valid_from), s.stop_id) AS stop_name, arg_max(s.lat, v.valid_from) AS lat, arg_max(s.lon, v.valid_from) AS lon,
    arg_max(s.parent_station, v.valid_from) AS station_id
  FROM timetable_stops s JOIN timetables v USING (timetable) GROUP BY s.stop_id;

-- How many trips each pattern was to run on the asked dates: its trips of each service, times the dates of that.
CREATE OR REPLACE TEMP VIEW pattern_trips AS
  SELECT t.timetable, t.pattern_id, t.route_id, coalesce(t.direction_id, 0) AS direction_id, sum(t.trips * d.dates)::BIGINT AS trips
  FROM (SELECT timetable, service_id, route_id, direction_id, pattern_id, count(*) AS trips FROM timetable_trips WHERE asked_route(route_id) GROUP BY ALL) t
  JOIN (SELECT a.timetable, s.service_id, count(*) AS dates FROM asked_service_dates a
    JOIN timetable_service_dates s ON s.timetable = a.timetable AND s.date = a.service_date GROUP BY ALL) d USING (timetable, service_id)
  GROUP BY ALL;

-- The pattern that a route and direction runs most often on the asked dates: the axis that its other patterns are laid on.
CREATE OR REPLACE TEMP VIEW main_patterns AS
  SELECT route_id, direction_id, timetable, pattern_id, trips FROM pattern_trips
  QUALIFY row_number() OVER (PARTITION BY route_id, direction_id ORDER BY trips DESC, timetable DESC, pattern_id) = 1;

-- Its stops; a loop's first call at a stop stands for it.
CREATE OR REPLACE TEMP VIEW main_pattern_stops AS
  SELECT m.route_id, m.direction_id, m.timetable, m.pattern_id, p.position, p.stop_id, p.along_m, s.stop_name, s.lat, s.lon
  FROM main_patterns m JOIN timetable_pattern_stops p USING (timetable, pattern_id) LEFT JOIN stop_places s USING (stop_id)
  QUALIFY row_number() OVER (PARTITION BY m.route_id, m.direction_id, p.stop_id ORDER BY p.position) = 1;

-- The line that a pattern follows: its shape, or straight lines from stop to stop. Metres as shape.ts has them, on a flat patch
-- around the first point, so that they go with along_m of its stops.
CREATE OR REPLACE TEMP VIEW pattern_points AS
  WITH points AS (
    SELECT p.timetable, p.pattern_id, s.position, s.lat, s.lon
    FROM timetable_patterns p JOIN timetable_shapes s USING (timetable, shape_id) WHERE p.way_basis = 'shape'
    UNION ALL
    SELECT p.timetable, p.pattern_id, s.position, t.lat, t.lon
    FROM timetable_patterns p JOIN timetable_pattern_stops s USING (timetable, pattern_id) JOIN timetable_stops t USING (timetable, stop_id)
    WHERE p.way_basis <> 'shape'
  ), steps AS (
    SELECT *, coalesce(sqrt(((lon - lag(lon) OVER way) * 111195 * cos(radians(first_value(lat) OVER way))) ** 2
      + ((lat - lag(lat) OVER way) * 111195) ** 2), 0) AS step_m
    FROM points WINDOW way AS (PARTITION BY timetable, pattern_id ORDER BY position)
  )
  SELECT timetable, pattern_id, position, lat, lon,
    sum(step_m) OVER (PARTITION BY timetable, pattern_id ORDER BY position) AS along_m
  FROM steps;
