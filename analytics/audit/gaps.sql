-- Positions of the log that were processed and have no archived record.
-- source: domain/log.ts (positions of a partition count up from 0 without a gap), semantics.md "The log, the archive,
--   the audit"
--
-- A gap is dated by the records on either side. One that the log itself names as corrupt, and of which the ledger
-- counts nothing, was stepped over by processing too: named, and no loss to the audit. Any other is a period without
-- archive: not auditable, and no difference.

CREATE OR REPLACE TEMP TABLE audit_gaps AS
WITH places AS (
  SELECT partition, position, received_at FROM archive
  UNION ALL
  SELECT partition, unnest([-1, reaches + 1]), NULL FROM audit_reach
), neighbours AS (
  SELECT partition, position + 1 AS from_position, lead(position) OVER log_order - 1 AS to_position,
    received_at AS received_from, lead(received_at) OVER log_order AS received_to
  FROM places
  WINDOW log_order AS (PARTITION BY partition ORDER BY position)
), gaps AS (
  SELECT * FROM neighbours WHERE to_position >= from_position
), named AS (
  SELECT g.partition, g.from_position, string_agg(c.detail, '; ') AS corruption,
    sum(least(c.to_position, g.to_position) - greatest(c.from_position, g.from_position) + 1) AS positions
  FROM gaps g JOIN audit_corrupt c ON c.partition = g.partition
    AND c.from_position <= g.to_position AND c.to_position >= g.from_position
  GROUP BY ALL
)
SELECT g.*, coalesce(n.corruption, '') AS corruption,
  coalesce(n.positions = g.to_position - g.from_position + 1, false) AS lost_by_log
FROM gaps g LEFT JOIN named n USING (partition, from_position);

-- What the ledger counts in the hours of a gap.
CREATE OR REPLACE TEMP TABLE audit_gap_ledger AS
SELECT g.partition, g.from_position, l.device_id, l.hour_received, sum(l.readings) AS readings
FROM audit_gaps g JOIN ledger l ON l.partition = g.partition
  AND l.hour_received >= coalesce(audit_hour_start(g.received_from), '-infinity'::TIMESTAMPTZ)
  AND l.hour_received <= coalesce(g.received_to, 'infinity'::TIMESTAMPTZ)
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE audit_stepped_over AS
SELECT g.partition, g.from_position, g.lost_by_log AND count(*) FILTER (l.readings > coalesce(r.readings, 0)) = 0 AS corrupt
FROM audit_gaps g
LEFT JOIN audit_gap_ledger l USING (partition, from_position)
LEFT JOIN (SELECT partition, device_id, hour, sum(readings) AS readings FROM audit_received GROUP BY ALL) r
  ON r.partition = l.partition AND r.device_id = l.device_id AND r.hour = audit_hour(l.hour_received)
GROUP BY g.partition, g.from_position, g.lost_by_log;

-- Devices and hours to which a record of such a period may have contributed: no figure of theirs can be recomputed.
-- Everything else still is.
CREATE OR REPLACE TEMP TABLE audit_unarchived_ledger AS
SELECT DISTINCT l.partition, l.device_id, l.hour_received
FROM audit_gap_ledger l JOIN audit_stepped_over s USING (partition, from_position)
WHERE NOT s.corrupt;

CREATE OR REPLACE TEMP TABLE audit_unarchived AS
SELECT DISTINCT device_id, audit_hour(hour_observed) AS hour
FROM ledger JOIN audit_unarchived_ledger USING (partition, device_id, hour_received)
WHERE hour_observed IS NOT NULL;
