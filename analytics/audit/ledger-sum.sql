-- question: Does the ledger add up to what was received, for each device and hour?
-- source: semantics.md "The ledger": received = counted + duplicate + restated + rejected + quarantined, where received
--   are the readings found in the archived payloads

-- [examined]
SELECT count(DISTINCT (partition, device_id, hour)) FROM audit_received;

-- [differences]
WITH rows AS (
  SELECT partition, device_id, hour, readings AS received, 0 AS added FROM audit_received
  UNION ALL
  SELECT partition, device_id, audit_hour(hour_received), 0, readings FROM ledger
  WHERE outcome IN ('counted', 'duplicate', 'restated', 'rejected', 'quarantined')
), compared AS (
  SELECT partition, device_id, hour, sum(received) AS received, sum(added) AS added
  FROM rows GROUP BY ALL HAVING sum(received) <> sum(added)
)
SELECT format('device {} in partition {}, received {}', device_id, partition, audit_hour_at(hour)::VARCHAR) AS thing,
  'outcomes do not add up to readings received' AS problem, received::VARCHAR AS expected, added::VARCHAR AS found
FROM compared
WHERE (partition, device_id, hour) NOT IN (
  SELECT (partition, device_id, audit_hour(hour_received)) FROM audit_unarchived_ledger);
