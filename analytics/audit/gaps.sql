-- question: Is there an archived record for every position of the log that was processed?
-- source: docs/lake.md (positions of a partition count up from 0 without a gap), semantics.md "The log, the archive, the audit"
--
-- A gap that nobody named as corrupt is a period without archive: not auditable. A gap is dated by the records on
-- either side of it.

-- [prepare]
CREATE OR REPLACE TEMP TABLE audit_gaps AS
WITH ends AS (
  SELECT partition, -1 AS position, NULL::TIMESTAMPTZ AS received_at FROM audit_reach
  UNION ALL
  SELECT partition, reaches + 1, NULL FROM audit_reach
), places AS (
  SELECT partition, position, received_at FROM archive
  UNION ALL
  SELECT * FROM ends
), neighbours AS (
  SELECT partition, position + 1 AS from_position, lead(position) OVER log_order - 1 AS to_position,
    received_at AS received_from, lead(received_at) OVER log_order AS received_to
  FROM places
  WINDOW log_order AS (PARTITION BY partition ORDER BY position)
)
SELECT n.*,
  coalesce((
    SELECT string_agg(DISTINCT c.detail, '; ') FROM audit_corrupt c
    WHERE c.partition = n.partition AND c.from_position <= n.to_position AND c.to_position >= n.from_position
  ), '') AS corruption,
  n.to_position - n.from_position + 1 = (
    SELECT coalesce(sum(least(c.to_position, n.to_position) - greatest(c.from_position, n.from_position) + 1), 0)
    FROM audit_corrupt c
    WHERE c.partition = n.partition AND c.from_position <= n.to_position AND c.to_position >= n.from_position
  ) AS corrupt
FROM neighbours n
WHERE n.to_position >= n.from_position;

-- Devices and observed hours to which a record of such a period may have contributed: no figure of theirs can be
-- recomputed. Everything else still is.
CREATE OR REPLACE TEMP TABLE audit_unarchived_ledger AS
SELECT DISTINCT l.partition, l.device_id, l.hour_received
FROM ledger l JOIN audit_gaps g ON g.partition = l.partition AND NOT g.corrupt
  AND l.hour_received >= coalesce(audit_hour_start(g.received_from), '-infinity'::TIMESTAMPTZ)
  AND l.hour_received <= coalesce(g.received_to, 'infinity'::TIMESTAMPTZ);

CREATE OR REPLACE TEMP TABLE audit_unarchived AS
SELECT DISTINCT device_id, audit_hour(hour_observed) AS hour
FROM ledger JOIN audit_unarchived_ledger USING (partition, device_id, hour_received)
WHERE hour_observed IS NOT NULL;

-- [examined]
SELECT count(*) FROM archive;

-- [differences]
SELECT format('{}/{}', partition, position) AS thing, 'archived more than once' AS problem, '1' AS expected,
  count(*)::VARCHAR AS found
FROM archive GROUP BY partition, position HAVING count(*) > 1;
