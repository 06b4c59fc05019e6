-- Daily Statistics Algorithm (Chen, Kwon, Rice, Skabardonis, Varaiya, TRR 1855, 2003) on readings of up to 60 s with
-- count and occupancy, 05:00 to 22:00 by the city's clock, numbers of samples scaled to the paper's 2,040. S4 is the
-- entropy (natural logarithm) of occupancies rounded down to 0.0005, about what a loop scanned at 60 Hz resolves in
-- 30 s; its limit of 4 is scaled by ln N / ln 2040, as its ceiling is. A sample above 0.35 counts for S3 unless its own speed says that it stood in a queue (below 50 km/h). Of a
-- reading that was restated, the first counts.
CREATE OR REPLACE TEMP TABLE health_daily_statistics AS
WITH samples AS (
  SELECT d.detector, r.period_s, r.count, r.occupancy, r.speed_kmh
  FROM readings r JOIN health_detectors d
    ON d.device_id = r.device_id AND d.direction = coalesce(r.direction, '') AND d.lane = coalesce(r.lane, 0)
  WHERE r.kind = 'traffic-flow' AND r.outcome = 'counted' AND r.period_s <= 60 AND r.occupancy IS NOT NULL
    AND r.count IS NOT NULL AND r.observed_at >= city_moment(getvariable('health_date')::DATE + INTERVAL 5 hour)
    AND r.observed_at < city_moment(getvariable('health_date')::DATE + INTERVAL 22 hour)
), by_value AS (
  SELECT detector, floor(occupancy * 2000)::SMALLINT AS bin, any_value(period_s) AS period_s, count(*) AS n,
    count(*) FILTER (occupancy = 0) AS empty, count(*) FILTER (occupancy > 0 AND count = 0) AS no_flow,
    count(*) FILTER (occupancy > 0.35 AND coalesce(speed_kmh >= 50, true)) AS high
  FROM samples GROUP BY detector, bin
)
SELECT detector, sum(n)::INTEGER AS samples, any_value(period_s) AS period_s,
  sum(empty) * 2040 * any_value(period_s) / 61200 AS s1,
  sum(no_flow) * 2040 * any_value(period_s) / 61200 AS s2,
  sum(high) * 2040 * any_value(period_s) / 61200 AS s3,
  ln(sum(n)) - sum(n * ln(n)) / sum(n) AS s4
FROM by_value GROUP BY detector;

-- Stations beside which a neighbour of the same direction is covered above 0.35 in more than 5 % of the day's windows,
-- whatever its speed: they stand in the same queue.
CREATE OR REPLACE TEMP TABLE health_beside_queue AS
WITH high AS (
  SELECT detector, count(*) FILTER (occupancy > 0.35) / count(*) AS share
  FROM health_windows WHERE occupancy IS NOT NULL AND local_hour BETWEEN 5 AND 21 GROUP BY detector
)
SELECT DISTINCT p.station
FROM high h JOIN health_detectors d USING (detector) JOIN health_stations o USING (site_id, direction)
JOIN health_pairs p ON p.other = o.station AND p.same_way
WHERE h.share > 0.05;

-- The paper's limits are of urban freeways: elsewhere the statistics are kept, and condemn nobody. A single loop in a
-- queue has no speed of its own to say so.
INSERT INTO health_failures
SELECT detector, 'statistics', printf('S1 %.0f, S2 %.0f, S3 %.0f, S4 %.2f', s1, s2, s3, s4)
FROM health_daily_statistics y JOIN health_detectors d USING (detector) JOIN health_tree t USING (detector)
JOIN health_stations s USING (site_id, direction) LEFT JOIN health_beside_queue q USING (station)
WHERE is_freeway(d.speed_limit_kmh, t.speed_p85_kmh) AND samples >= 0.9 * 61200 / y.period_s
  AND (s1 > 1200 OR s2 > 50 OR s4 < 4 * ln(samples) / ln(2040) OR (s3 > 200 AND q.station IS NULL));
