-- The detectors of the day (device, direction and lane), numbered, with what they owed and where they stand. A detector
-- owes from the day's start to its end, within its installation and within the time that its clock domain was on: a
-- recording is on from its first to its last window of the eight days around, the live city also up to as_of.
-- A stream that nobody promised has no expected_s.
CREATE OR REPLACE TEMP TABLE health_detectors AS
WITH device_domains AS (
  SELECT device_id, max_by(domain, valid_from) AS domain FROM devices WHERE valid_from < asked_to() GROUP BY device_id
), heard AS (
  SELECT site_id, min(hour_at) AS first_at, max(hour_at) + INTERVAL 1 hour AS last_at
  FROM hourly
  WHERE kind = 'traffic-flow' AND hour_at >= asked_from() - INTERVAL 8 day AND hour_at < asked_to() + INTERVAL 8 day
  GROUP BY site_id
), of_day AS (
  SELECT device_id, site_id, direction, lane, min(start_at) AS first_at,
    make_timestamptz(max(epoch_us(start_at) + window_s::BIGINT * 1000000)) AS last_at
  FROM windows
  WHERE kind = 'traffic-flow' AND start_at >= asked_from() AND start_at < asked_to()
  GROUP BY ALL
), domain_day AS (
  SELECT domain, min(first_at) AS first_at, max(last_at) AS last_at
  FROM of_day JOIN device_domains USING (device_id) GROUP BY domain
), domain_spans AS (
  SELECT d.domain,
    -- The hourly table knows hours only: on the first and last day of a domain, its windows say when.
    CASE WHEN min(h.first_at) >= asked_from() THEN coalesce(any_value(t.first_at), min(h.first_at)) ELSE min(h.first_at) END
      AS first_at,
    greatest(CASE WHEN max(h.last_at) <= asked_to() THEN coalesce(any_value(t.last_at), max(h.last_at)) ELSE max(h.last_at) END,
      CASE WHEN d.domain = 'live' THEN getvariable('as_of')::TIMESTAMPTZ END) AS last_at
  FROM device_domains d
  JOIN installations i USING (device_id)
  JOIN heard h ON h.site_id = i.site_id
  LEFT JOIN domain_day t ON t.domain = d.domain
  GROUP BY d.domain
), owed AS (
  SELECT i.device_id, i.site_id, i.period_s, i.directions, i.lanes,
    greatest(asked_from(), i.valid_from, s.first_at) AS owed_from, least(asked_to(), i.valid_to, s.last_at) AS owed_to
  FROM installations i JOIN device_domains d USING (device_id) JOIN domain_spans s USING (domain)
  WHERE i.period_s IS NOT NULL
), promised AS (
  SELECT device_id, site_id, period_s, owed_from, owed_to, direction, unnest(lanes)::INTEGER AS lane
  FROM (
    SELECT device_id, site_id, period_s, owed_from, owed_to,
      unnest(CASE WHEN len(directions) > 0 THEN directions ELSE [''] END) AS direction,
      CASE WHEN len(lanes) > 0 THEN lanes ELSE [0] END AS lanes
    FROM owed WHERE owed_from < owed_to
  )
), together AS (
  SELECT device_id, site_id, direction, lane, min(period_s) AS period_s, min(owed_from) AS owed_from,
    max(owed_to) AS owed_to, sum(epoch(owed_to) - epoch(owed_from))::BIGINT AS expected_s
  FROM promised GROUP BY device_id, site_id, direction, lane
  UNION ALL
  SELECT device_id, site_id, direction, lane, NULL, asked_from(), asked_to(), NULL
  FROM of_day ANTI JOIN promised USING (device_id, site_id, direction, lane)
)
SELECT (row_number() OVER (ORDER BY t.site_id, t.device_id, t.direction, t.lane))::INTEGER AS detector, t.*, d.domain,
  f.name AS site_name, f.road, coalesce(nullif(t.direction, ''), f.direction, '') AS travel, f.lat, f.lon,
  f.speed_limit_kmh, f.length_km, f.corridor_id,
  -- Lanes that one value of this detector speaks for; NULL where nobody knows.
  CASE WHEN t.lane > 0 THEN 1
       WHEN t.direction = '' THEN f.lanes
       WHEN f.lanes % 2 = 0 THEN f.lanes // 2 END AS lanes,
  s.link_id
FROM together t
LEFT JOIN device_domains d USING (device_id)
LEFT JOIN site_facts f USING (site_id)
LEFT JOIN (
  SELECT site_id, link_id FROM sites WHERE valid_from < asked_to() AND valid_to > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY site_id)
) s ON s.site_id = t.site_id;
