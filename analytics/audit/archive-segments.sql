-- question: Does the archive hold every record that is still in the log, byte for byte, and none that is not?
-- source: semantics.md "The log, the archive, the audit": the exporter copies every record verbatim
--
-- Runs once for each stretch; audit_log_records holds what the log has of it, from audit_log_from to audit_log_to. What
-- the log can no longer read (a bad checksum there) is no fault of the archive.

-- [examined]
SELECT count(*) FROM audit_log_records;

-- [differences]
WITH archived AS (
  SELECT partition, position, type, device_id, received_at, domain, payload_md5 FROM audit_archived
  WHERE position >= getvariable('audit_log_from') AND position <= getvariable('audit_log_to')
), both_sides AS (
  SELECT coalesce(s.partition, a.partition) AS partition, coalesce(s.position, a.position) AS position, s, a
  FROM audit_log_records s FULL JOIN archived a USING (partition, position)
  WHERE s IS DISTINCT FROM a
)
SELECT format('{}/{}', partition, position) AS thing,
  CASE WHEN a.position IS NULL THEN 'in the log, not in the archive'
       WHEN s.position IS NULL THEN 'in the archive, not in the log'
       ELSE concat_ws(', ',
         CASE WHEN s.type IS DISTINCT FROM a.type THEN 'another type' END,
         CASE WHEN s.device_id IS DISTINCT FROM a.device_id THEN 'another device' END,
         CASE WHEN s.received_at IS DISTINCT FROM a.received_at THEN 'received at another time' END,
         CASE WHEN s.domain IS DISTINCT FROM a.domain THEN 'another clock domain' END,
         CASE WHEN s.payload_md5 IS DISTINCT FROM a.payload_md5 THEN 'another payload' END) END AS problem,
  CASE WHEN s.position IS NOT NULL THEN to_json(s)::VARCHAR END AS expected,
  CASE WHEN a.position IS NOT NULL THEN to_json(a)::VARCHAR END AS found
FROM both_sides b
WHERE NOT EXISTS (
  SELECT 1 FROM audit_corrupt c WHERE c.partition = b.partition AND b.position BETWEEN c.from_position AND c.to_position);
