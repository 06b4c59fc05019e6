-- What two runs over the same readings must agree on, one JSON text a row.
-- source: semantics.md "Equality between two runs": sorted keys, values and ledger, without partition, position,
--   revision, receivedAt-derived and store-internal fields; readings repeated by producer retries are listed apart
--
-- A record repeated by a retry has the device, receivedAt and payload of one before it. Its readings are taken out of
-- the ledger and listed; windows do not know them (their content was there already).

-- [prepare]
CREATE OR REPLACE TEMP TABLE canonical_repeats AS
WITH repeated AS (
  SELECT device_id, received_at, payload_md5 FROM archive
  WHERE type = 'telemetry' GROUP BY ALL HAVING count(*) > 1
), again AS (
  SELECT partition, position
  FROM archive JOIN repeated USING (device_id, received_at, payload_md5)
  WHERE type = 'telemetry'
  QUALIFY row_number() OVER (PARTITION BY device_id, received_at, payload_md5 ORDER BY partition, position) > 1
)
SELECT device_id,
  CASE WHEN outcome = 'quarantined' OR reason IN ('not-json', 'unusable', 'unknown-kind', 'schema') THEN NULL
       ELSE make_timestamptz(epoch_us(observed_at) // 3600000000 * 3600000000) END AS hour_observed,
  outcome, reason, count(*) AS readings
FROM readings SEMI JOIN again USING (partition, position)
GROUP BY ALL;

-- [windows]
SELECT to_json({'window': {
  class_counts: map_from_entries(list_sort(map_entries(class_counts))), count: count, count_s: count_s,
  device_id: device_id, direction: direction, expected_s: expected_s, histogram_basis: histogram_basis, kind: kind,
  lane: lane, observed_s: observed_s, occupancy_micro_s: occupancy_micro_s, occupancy_s: occupancy_s,
  pace_count: pace_count, pace_micro_s: pace_micro_s, readings: readings, site_id: site_id,
  speed_histogram: map_from_entries(list_sort(map_entries(speed_histogram))), speed_milli_s: speed_milli_s,
  speed_s: speed_s, start_at: strftime(start_at, '%Y-%m-%dT%H:%M:%S.%gZ'), subject: subject, window_s: window_s
}})::VARCHAR AS line
FROM windows
ORDER BY kind, device_id, subject, site_id, direction, lane, start_at, window_s;

-- [ledger]
WITH counted AS (
  SELECT device_id, hour_observed, outcome, reason, readings FROM ledger
  UNION ALL
  SELECT device_id, hour_observed, outcome, reason, -readings FROM canonical_repeats
)
SELECT to_json({ledger: {
  device_id: device_id, hour_observed: strftime(hour_observed, '%Y-%m-%dT%H:%M:%SZ'), outcome: outcome,
  readings: sum(readings)::BIGINT, reason: reason
}})::VARCHAR AS line
FROM counted GROUP BY device_id, hour_observed, outcome, reason HAVING sum(readings) <> 0
ORDER BY device_id, hour_observed NULLS FIRST, outcome, reason;

-- [repeats]
SELECT device_id AS "deviceId", strftime(hour_observed, '%Y-%m-%dT%H:%M:%SZ') AS "hourObserved", outcome, reason,
  readings::DOUBLE AS readings
FROM canonical_repeats ORDER BY ALL;
