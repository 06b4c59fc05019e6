-- question: How much of what the installations promised was observed, by hour observed?
-- source: issue 2 item 6: beside the ledger, by observed hour, expected = observed + missing
--
-- A device owes from its installation (a recording: from the first window of its clock domain) to its removal, at most
-- to the last window of its clock domain. What comes twice, or beyond the promise, makes up for nothing missing.

WITH device_domains AS (
  SELECT device_id, max_by(domain, valid_from) AS domain FROM devices GROUP BY device_id
), spans AS (
  SELECT domain, min(start_at) AS first_at, max(start_at + to_seconds(window_s)) AS last_at
  FROM windows JOIN device_domains USING (device_id) GROUP BY domain
), owed AS (
  SELECT i.device_id, i.site_id,
    unnest(CASE WHEN len(i.directions) > 0 THEN i.directions ELSE [''] END) AS direction, i.lanes,
    epoch_ms(greatest(i.valid_from, s.first_at)) // 1000 AS from_s, epoch_ms(least(i.valid_to, s.last_at)) // 1000 AS to_s
  FROM installations i JOIN device_domains d USING (device_id) JOIN spans s USING (domain)
  WHERE i.period_s IS NOT NULL
), lanes_owed AS (
  SELECT * EXCLUDE (lanes), unnest(CASE WHEN len(lanes) > 0 THEN lanes ELSE [0] END) AS lane FROM owed WHERE from_s < to_s
), hours_owed AS (
  SELECT device_id, site_id, direction, lane, hour,
    sum(least(to_s, hour * 3600 + 3600) - greatest(from_s, hour * 3600)) AS expected_s
  FROM (SELECT *, unnest(range(from_s // 3600, (to_s - 1) // 3600 + 1)) AS hour FROM lanes_owed)
  GROUP BY ALL
), came AS (
  SELECT device_id, site_id, direction, lane::INTEGER AS lane, epoch_ms(start_at) // 1000 AS from_s,
    epoch_ms(start_at) // 1000 + window_s AS to_s, window_s, least(observed_s, window_s) AS observed_s
  FROM windows WHERE observed_s > 0
), hours_came AS (
  SELECT device_id, site_id, direction, lane, hour,
    sum(CASE WHEN window_s <= 3600 AND from_s // 3600 = (to_s - 1) // 3600 THEN observed_s
             ELSE observed_s * (least(to_s, hour * 3600 + 3600) - greatest(from_s, hour * 3600)) // window_s END) AS observed_s
  FROM (SELECT *, unnest(range(from_s // 3600, (to_s - 1) // 3600 + 1)) AS hour FROM came)
  GROUP BY ALL
)
SELECT audit_hour_at(hour) AS hour_at, sum(expected_s)::BIGINT AS expected_s,
  sum(least(expected_s, coalesce(observed_s, 0)))::BIGINT AS observed_s,
  sum(expected_s - least(expected_s, coalesce(observed_s, 0)))::BIGINT AS missing_s
FROM hours_owed LEFT JOIN hours_came USING (device_id, site_id, direction, lane, hour)
GROUP BY hour ORDER BY hour;
