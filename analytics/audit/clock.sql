-- question: Is every reading with an impossible time quarantined, and no other?
-- source: semantics.md "Time": observedAt more than 60 s after receivedAt or more than 7 days before it, that reading alone
--
-- Judged after not-json, unusable, unknown-kind and schema and before all other reasons (domain/outcome.ts). Fractions of
-- observedAt finer than a millisecond are cut off (domain/instant.ts).

-- [examined]
SELECT count(*) FROM readings WHERE audit_readable(outcome, reason);

-- [differences]
WITH told AS (
  SELECT partition, position, index, device_id, received_at, observed_at,
    epoch_ms(observed_at) * 1000 - epoch_us(received_at) AS ahead_us,
    CASE WHEN outcome = 'quarantined' THEN reason ELSE 'in bounds' END AS found
  FROM readings WHERE audit_readable(outcome, reason)
), judged AS (
  SELECT *, CASE WHEN ahead_us IS NULL THEN 'unreadable'
                 WHEN ahead_us > getvariable('audit_ahead_ms') * 1000 THEN 'ahead'
                 WHEN ahead_us < -getvariable('audit_behind_ms') * 1000 THEN 'behind'
                 ELSE 'in bounds' END AS expected
  FROM told
)
SELECT format('{}/{}/{}', partition, position, index) AS thing,
  format('device {} observed {} received {}', device_id, coalesce(observed_at::VARCHAR, 'at no readable time'),
    received_at::VARCHAR) AS problem, expected, found
FROM judged WHERE expected <> found;
