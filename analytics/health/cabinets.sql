-- Devices that fell silent together at one place: a feed (nearly all devices of a clock domain), or a cabinet (three
-- devices or more, each within 2.5 km of another, or 6 km on the same road, whose silences begin and end within a
-- quarter of an hour).
CREATE OR REPLACE TEMP TABLE health_silent_together AS
WITH RECURSIVE device_silences AS (
  SELECT d.device_id, any_value(d.domain) AS domain, any_value(d.road) AS road, any_value(d.lat) AS lat, any_value(d.lon) AS lon,
    min(s.gap_from) AS from_at, max(s.gap_to) AS to_at
  FROM health_detectors d JOIN health_silence s USING (detector)
  GROUP BY d.device_id
  HAVING min(s.longest_gap_s) >= 3600 AND count(*) = count(s.gap_from)
), feeds AS (
  SELECT d.domain, count(DISTINCT d.device_id) AS devices, count(DISTINCT q.device_id) AS silent
  FROM health_detectors d LEFT JOIN device_silences q ON q.device_id = d.device_id
    AND epoch(q.to_at) - epoch(q.from_at) >= 3600
  GROUP BY d.domain
), whole_feeds AS (
  SELECT domain, silent FROM feeds WHERE silent >= 3 AND silent >= 0.9 * devices
), near AS (
  SELECT a.device_id, b.device_id AS other
  FROM device_silences a JOIN device_silences b
    ON a.domain = b.domain AND b.lat BETWEEN a.lat - 0.054 AND a.lat + 0.054
    AND abs(epoch(a.from_at) - epoch(b.from_at)) <= 900 AND abs(epoch(a.to_at) - epoch(b.to_at)) <= 900
  WHERE distance_km(a.lat, a.lon, b.lat, b.lon) <= CASE WHEN a.road = b.road THEN 6 ELSE 2.5 END
    AND a.domain NOT IN (SELECT domain FROM whole_feeds)
), reached AS (
  SELECT device_id, other FROM near
  UNION
  SELECT r.device_id, n.other FROM reached r JOIN near n ON n.device_id = r.other
), places AS (
  SELECT device_id, min(other) AS first_device, count(*) AS devices FROM reached GROUP BY device_id HAVING count(*) >= 3
)
SELECT q.device_id, q.from_at, q.to_at,
  CASE WHEN f.domain IS NOT NULL THEN 'feed-silent' ELSE 'cabinet-silent' END AS cause,
  CASE WHEN f.domain IS NOT NULL THEN 'feed ' || f.domain ELSE 'cabinet of ' || p.first_device END AS together,
  coalesce(f.silent, p.devices) AS devices
FROM device_silences q LEFT JOIN whole_feeds f USING (domain) LEFT JOIN places p USING (device_id)
WHERE f.domain IS NOT NULL OR p.device_id IS NOT NULL;

INSERT INTO health_failures
SELECT detector, t.cause, printf('%s, silent together with %d devices from %s', t.together, t.devices - 1,
  strftime(city_time(t.from_at), '%Y-%m-%d %H:%M'))
FROM health_silent_together t JOIN health_detectors USING (device_id) JOIN health_silence s USING (detector)
WHERE s.observed_share < 0.95;
