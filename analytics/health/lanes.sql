-- Are the lanes in their order? In free flow the first lane and the last differ in speed. Which is the slow one is what
-- most of the city's sites say (three sites with lanes at least), else lane 1, counted from the kerb. A site whose
-- order is the other way round has its lanes swapped. Pairs of windows in which both lanes moved at 70 % of their own
-- 85th percentile or more.
CREATE OR REPLACE TEMP TABLE health_lane_ends AS
SELECT device_id, site_id, direction, arg_min(detector, lane) AS first_lane, arg_max(detector, lane) AS last_lane
FROM health_detectors WHERE lane > 0 GROUP BY device_id, site_id, direction HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE health_lanes AS
WITH flowing AS (
  SELECT w.detector, w.start_at, w.speed_kmh
  FROM health_windows w JOIN health_tree t USING (detector)
  WHERE w.count >= 3 AND w.speed_kmh >= 0.7 * t.speed_p85_kmh
), slopes AS (
  SELECT e.device_id, e.site_id, e.direction, median(b.speed_kmh / a.speed_kmh) - 1 AS slope, count(*) AS windows
  FROM health_lane_ends e
  JOIN flowing a ON a.detector = e.first_lane
  JOIN flowing b ON b.detector = e.last_lane AND b.start_at = a.start_at
  GROUP BY e.device_id, e.site_id, e.direction HAVING count(*) >= 24
), usual AS (
  SELECT CASE WHEN count(*) >= 3 AND median(sign(slope)) <> 0 THEN median(sign(slope)) ELSE 1 END AS usual_sign FROM slopes
)
SELECT s.*, u.usual_sign FROM slopes s, usual u;

INSERT INTO health_failures
SELECT d.detector, 'swapped-lanes', printf('the last lane is %.0f %% %s than the first', abs(100 * z.slope),
  CASE WHEN z.slope > 0 THEN 'faster' ELSE 'slower' END)
FROM health_lanes z JOIN health_detectors d ON d.device_id = z.device_id AND d.site_id = z.site_id AND d.direction = z.direction
WHERE d.lane > 0 AND z.slope * z.usual_sign < -0.05;
