-- Stations (a site and direction of travel) and their neighbours: up to four each on the same road and direction, the
-- nearest first, and up to four of the other direction, which tell a swap: those not at the same gantry, which would be
-- swapped with it. Within 8 km.
CREATE OR REPLACE TEMP TABLE health_stations AS
SELECT (row_number() OVER (ORDER BY site_id, direction))::INTEGER AS station, *
FROM (
  SELECT d.site_id, d.direction, any_value(d.road) AS road, any_value(d.travel) AS travel, any_value(d.lat) AS lat,
    any_value(d.lon) AS lon, any_value(d.link_id) AS link_id, count(*) AS detectors, list(d.detector) AS members,
    any_value(is_freeway(d.speed_limit_kmh, t.speed_p85_kmh)) AS freeway
  FROM health_detectors d LEFT JOIN health_tree t USING (detector)
  GROUP BY d.site_id, d.direction
);

CREATE OR REPLACE TEMP TABLE health_pairs AS
SELECT a.station, b.station AS other, a.travel = b.travel AS same_way,
  a.travel = b.travel AND a.link_id = b.link_id AND a.freeway AS same_link, distance_km(a.lat, a.lon, b.lat, b.lon) AS km
FROM health_stations a JOIN health_stations b ON a.road = b.road AND a.site_id <> b.site_id
WHERE a.travel <> '' AND b.travel <> '' AND distance_km(a.lat, a.lon, b.lat, b.lon) <= 8
  AND (a.travel = b.travel OR distance_km(a.lat, a.lon, b.lat, b.lon) > 0.5)
QUALIFY row_number() OVER (PARTITION BY a.station, a.travel = b.travel ORDER BY km, b.station) <= 4;

-- Stations with a detector that is condemned by the tests so far: no neighbour is judged by them.
CREATE OR REPLACE TEMP TABLE health_condemned_stations AS
SELECT DISTINCT station FROM health_failures JOIN health_causes USING (cause) JOIN health_detectors USING (detector)
JOIN health_stations USING (site_id, direction)
WHERE verdict = 'bad';
