-- Hours without any vehicle in which there always were some: the smallest count of that hour on the good days before
-- (working days and weekends apart, three at least) adds up to 20 vehicles or more. A road on which the neighbours
-- counted nobody either is closed, or empty, and no fault.
CREATE OR REPLACE TEMP TABLE health_zeros AS
WITH empty AS (
  SELECT d.detector, d.device_id, d.site_id, d.direction, d.lane, h.hour_at, hour(city_time(h.hour_at)) AS local_hour
  FROM hourly h JOIN health_detectors d USING (site_id, direction, lane)
  WHERE h.kind = 'traffic-flow' AND h.hour_at >= asked_from() AND h.hour_at < asked_to() AND h.count = 0
    AND h.count_s >= 3590
), good AS (
  SELECT date, device_id, site_id, direction, lane FROM health_history
  WHERE verdict <> 'bad' AND date < getvariable('health_date')::DATE
    AND (isodow(date) >= 6) = (isodow(getvariable('health_date')::DATE) >= 6)
), usual AS (
  SELECT e.detector, e.hour_at, min(h.count) AS least
  FROM empty e
  JOIN good g USING (device_id, site_id, direction, lane)
  JOIN hourly h ON h.kind = 'traffic-flow' AND h.site_id = e.site_id AND h.direction = e.direction AND h.lane = e.lane
    AND h.hour_at = city_moment(g.date + to_hours(e.local_hour)) AND h.count_s >= 3590
  WHERE h.hour_at >= asked_from() - INTERVAL 28 day AND h.hour_at < asked_from()
  GROUP BY e.detector, e.hour_at HAVING count(*) >= 3
), nearby AS (
  SELECT e.detector, e.hour_at, bool_or(h.count > 0) AS others_counted
  FROM empty e JOIN health_stations s USING (site_id, direction)
  JOIN health_pairs p ON p.station = s.station AND p.same_way
  JOIN health_stations o ON o.station = p.other
  JOIN hourly h ON h.kind = 'traffic-flow' AND h.site_id = o.site_id AND h.direction = o.direction AND h.hour_at = e.hour_at
  WHERE h.hour_at >= asked_from() AND h.hour_at < asked_to()
  GROUP BY e.detector, e.hour_at
)
SELECT u.detector, sum(u.least)::BIGINT AS expected, count(*) AS hours
FROM usual u LEFT JOIN nearby n USING (detector, hour_at)
WHERE u.least > 0 AND coalesce(n.others_counted, true)
GROUP BY u.detector;

INSERT INTO health_failures
SELECT detector, 'zeros', printf('nobody counted in %d hours that never had fewer than %d vehicles together', hours, expected)
FROM health_zeros WHERE expected >= 20 AND hours >= 2;
