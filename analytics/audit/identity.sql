-- question: Is every reading counted, duplicate or restated as the order of the log within its device says?
-- source: semantics.md "Identity and outcomes"; `identity` and `content` of each domain/readings/*.ts

-- [examined]
SELECT count(*) FROM audit_entries;

-- [differences]
WITH judged AS (
  SELECT partition, position, index, device_id, kind, observed_ms, 'counted' AS expected, outcome AS found
  FROM audit_entries ANTI JOIN audit_repeated USING (identity)
  WHERE outcome <> 'counted'
  UNION ALL
  SELECT partition, position, index, device_id, kind, observed_ms, expected_outcome, outcome
  FROM audit_judged WHERE expected_outcome <> outcome
)
SELECT format('{}/{}/{}', partition, position, index) AS thing,
  format('{} of device {} observed {}', kind, device_id, make_timestamptz(observed_ms * 1000)::VARCHAR) AS problem,
  expected, found
FROM judged
WHERE (device_id, observed_ms // 3600000) NOT IN (SELECT (device_id, hour) FROM audit_unarchived);
