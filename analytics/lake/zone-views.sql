-- Zones as they stood last in the asked period: their edges, and who lives there around which centre.

CREATE OR REPLACE TEMP VIEW held_zones AS
  SELECT * FROM zones WHERE valid_from < asked_to() AND valid_to > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY zone_id);

-- A side of a ring; a ring that is left open is closed. Inside a zone is what an odd number of its sides has on its east.
CREATE OR REPLACE TEMP VIEW zone_edges AS
  WITH closed AS (
    SELECT zone_id, generate_subscripts(r, 1) AS ring, unnest(r) AS points
    FROM (SELECT zone_id, from_json(rings, '[[["DOUBLE"]]]') AS r FROM held_zones)
  ), corners AS (
    SELECT zone_id, ring, generate_subscripts(points, 1) AS n, unnest(list_append(points, points[1])) AS p FROM closed
  )
  SELECT zone_id, ring, n, p[1] AS lon, p[2] AS lat, lead(p[1]) OVER side AS to_lon, lead(p[2]) OVER side AS to_lat
  FROM corners
  WINDOW side AS (PARTITION BY zone_id, ring ORDER BY n)
  QUALIFY to_lon IS NOT NULL;

-- Whether a side lies to the east of a point, level with it.
CREATE OR REPLACE TEMP MACRO is_east(from_lon, from_lat, to_lon, to_lat, lon, lat) AS
  (from_lat > lat) <> (to_lat > lat) AND lon < from_lon + (to_lon - from_lon) * (lat - from_lat) / (to_lat - from_lat);

-- `lat`, `lon`: the centre of its area, less the holes; a ring is a hole where an odd number of others surrounds it, whichever way round
-- it is drawn. The box holds all of it.
CREATE OR REPLACE TEMP VIEW zone_facts AS
  WITH starts AS (
    SELECT zone_id, ring, lon AS x0, lat AS y0 FROM zone_edges WHERE n = 1
  ), hulls AS (
    SELECT s.zone_id, s.ring, s.x0, s.y0, count(*) FILTER (e.ring <> s.ring AND is_east(e.lon, e.lat, e.to_lon, e.to_lat, s.x0, s.y0)) % 2 = 1 AS is_hole
    FROM starts s JOIN zone_edges e USING (zone_id) GROUP BY ALL
  ), sides AS (
    -- From a corner of the zone, for the sake of digits.
    SELECT e.zone_id, e.ring, o.x0, o.y0, e.lon, e.lat, e.lon - o.x0 AS x, e.lat - o.y0 AS y, e.to_lon - o.x0 AS to_x, e.to_lat - o.y0 AS to_y,
      (e.lon - o.x0) * (e.to_lat - o.y0) - (e.to_lon - o.x0) * (e.lat - o.y0) AS turned
    FROM zone_edges e JOIN starts o ON o.zone_id = e.zone_id AND o.ring = 1
  ), parts AS (
    SELECT zone_id, ring, any_value(x0) AS x0, any_value(y0) AS y0, sum(turned) / 2 AS area, sum((x + to_x) * turned) / 6 AS area_x,
      sum((y + to_y) * turned) / 6 AS area_y, min(lat) AS least_lat, max(lat) AS greatest_lat, min(lon) AS least_lon, max(lon) AS greatest_lon
    FROM sides GROUP BY zone_id, ring
  ), signed AS (
    SELECT p.* EXCLUDE (ring), CASE WHEN h.is_hole THEN -1 ELSE 1 END * sign(p.area) AS sense
    FROM parts p JOIN hulls h USING (zone_id, ring)
  ), centres AS (
    -- What has no area is where it begins.
    SELECT zone_id, any_value(x0) + coalesce(sum(sense * area_x) / nullif(sum(sense * area), 0), 0) AS lon,
      any_value(y0) + coalesce(sum(sense * area_y) / nullif(sum(sense * area), 0), 0) AS lat,
      min(least_lat) AS least_lat, max(greatest_lat) AS greatest_lat, min(least_lon) AS least_lon, max(greatest_lon) AS greatest_lon
    FROM signed GROUP BY zone_id
  )
  SELECT zone_id, z.name, z.population, z.deprivation, z.people, c.lat, c.lon, c.least_lat, c.greatest_lat, c.least_lon, c.greatest_lon
  FROM held_zones z JOIN centres c USING (zone_id);
