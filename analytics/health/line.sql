-- What the ledger says of each device's line: shares of its readings that came twice, were corrected, or came after
-- their window had closed, and the longest time without any receipt beside the usual one.
CREATE OR REPLACE TEMP TABLE health_line AS
WITH of_day AS (
  SELECT device_id, hour_received, outcome, readings, late FROM ledger
  WHERE hour_observed >= asked_from() AND hour_observed < asked_to()
), sums AS (
  SELECT device_id, sum(readings)::BIGINT AS received,
    coalesce(sum(readings) FILTER (outcome = 'duplicate'), 0) / sum(readings) AS duplicate_share,
    coalesce(sum(readings) FILTER (outcome = 'restated'), 0) / sum(readings) AS restated_share,
    coalesce(sum(late) FILTER (outcome = 'counted'), 0) / sum(readings) AS late_share
  FROM of_day GROUP BY device_id
), receipts AS (
  SELECT device_id, hour_received,
    (epoch(hour_received) - epoch(lag(hour_received) OVER (PARTITION BY device_id ORDER BY hour_received))) / 3600 AS gap_h
  FROM (SELECT DISTINCT device_id, hour_received FROM of_day)
), gaps AS (
  SELECT device_id, max(gap_h) AS longest_receipt_gap_h, median(gap_h) AS usual_receipt_gap_h FROM receipts GROUP BY device_id
), domains AS (
  SELECT DISTINCT device_id, domain FROM health_detectors
)
-- Where a whole recording was sent twice, or all come late, that is no fault of a device: shares above the domain's.
SELECT s.device_id, s.received,
  s.duplicate_share - median(s.duplicate_share) OVER (PARTITION BY d.domain) AS duplicate_share,
  s.restated_share - median(s.restated_share) OVER (PARTITION BY d.domain) AS restated_share,
  s.late_share - median(s.late_share) OVER (PARTITION BY d.domain) AS late_share,
  g.longest_receipt_gap_h, median(g.usual_receipt_gap_h) OVER (PARTITION BY d.domain) AS usual_receipt_gap_h
FROM sums s JOIN domains d USING (device_id) LEFT JOIN gaps g USING (device_id);

INSERT INTO health_failures
SELECT detector, f.cause, f.detail
FROM health_detectors JOIN (
  SELECT device_id, 'repeating' AS cause, printf('%.0f %% of its readings came again', 100 * duplicate_share) AS detail
  FROM health_line WHERE duplicate_share >= 0.05 AND received >= 20
  UNION ALL
  SELECT device_id, 'restating', printf('%.0f %% of its readings were corrected', 100 * restated_share)
  FROM health_line WHERE restated_share >= 0.03 AND received >= 20
  UNION ALL
  SELECT device_id, 'reordered', printf('%.0f %% of its readings came after their window', 100 * late_share)
  FROM health_line WHERE late_share >= 0.05 AND restated_share < 0.03 AND duplicate_share < 0.05 AND received >= 20
  UNION ALL
  SELECT device_id, 'delayed', printf('nothing was received for %.0f h, then all of it', longest_receipt_gap_h)
  FROM health_line WHERE longest_receipt_gap_h >= greatest(2, 1.9 * usual_receipt_gap_h)
) f USING (device_id)
JOIN health_silence s USING (detector)
-- What never came is silence, not delay.
WHERE f.cause <> 'delayed' OR s.longest_gap_s < 3600;
