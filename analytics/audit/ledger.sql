-- question: Is every row of the ledger the number of readings that met that outcome, and is none missing?
-- source: semantics.md "The ledger": by partition, device, hour received, hour observed (null where it can not be
--   trusted), outcome and reason. `late` depends on arrival and is not compared.

-- [examined]
SELECT count(*) FROM ledger;

-- [differences]
WITH rows AS (
  SELECT partition, device_id, audit_hour(received_at) AS received,
    CASE WHEN outcome <> 'quarantined' AND audit_readable(outcome, reason) THEN audit_hour(observed_at) END AS observed,
    outcome, reason, 1 AS made, 0 AS stored
  FROM readings
  UNION ALL
  SELECT partition, device_id, audit_hour(hour_received), audit_hour(hour_observed), outcome, reason, 0, readings
  FROM ledger
), compared AS (
  SELECT partition, device_id, received, observed, outcome, reason, sum(made) AS made, sum(stored) AS stored
  FROM rows GROUP BY ALL HAVING sum(made) <> sum(stored)
)
SELECT format('device {} in partition {}, received {}, observed {}', device_id, partition,
    audit_hour_at(received)::VARCHAR, coalesce(audit_hour_at(observed)::VARCHAR, 'at no trusted time')) AS thing,
  concat_ws(' ', outcome, nullif(reason, '')) AS problem, made::VARCHAR AS expected, stored::VARCHAR AS found
FROM compared
WHERE (partition, device_id, received) NOT IN (
  SELECT (partition, device_id, audit_hour(hour_received)) FROM audit_unarchived_ledger);
