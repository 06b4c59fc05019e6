-- question: Does the archive hold every record that is still in the log, byte for byte, and none that is not?
-- source: semantics.md "The log, the archive, the audit": the exporter copies every record verbatim
--
-- Runs once for each stretch of the log that was read into audit_segment_records; audit_segment_from and
-- audit_segment_to name its positions. The archive's checksum is computed anew from its payload. What can no longer be
-- read from the log (a bad checksum there) is named by the check `gaps` where the archive lacks it too.

-- [prepare]
CREATE OR REPLACE TEMP VIEW audit_archived_stretch AS
SELECT partition, position, type, device_id, received_at, domain, md5(payload) AS payload_md5
FROM archive
WHERE partition = getvariable('audit_segment_partition')
  AND position >= getvariable('audit_segment_from') AND position <= getvariable('audit_segment_to');

-- [examined]
SELECT count(*) FROM audit_segment_records;

-- [differences]
WITH both_sides AS (
  SELECT coalesce(s.partition, a.partition) AS partition, coalesce(s.position, a.position) AS position, s, a
  FROM audit_segment_records s FULL JOIN audit_archived_stretch a USING (partition, position)
  WHERE s IS DISTINCT FROM a
), readable AS (
  SELECT * FROM both_sides b
  WHERE NOT EXISTS (
    SELECT 1 FROM audit_corrupt c
    WHERE c.partition = b.partition AND b.position BETWEEN c.from_position AND c.to_position)
)
SELECT format('{}/{}', partition, position) AS thing,
  CASE WHEN a IS NULL THEN 'in the log, not in the archive'
       WHEN s IS NULL THEN 'in the archive, not in the log'
       ELSE concat_ws(', ',
         CASE WHEN s.type IS DISTINCT FROM a.type THEN 'another type' END,
         CASE WHEN s.device_id IS DISTINCT FROM a.device_id THEN 'another device' END,
         CASE WHEN s.received_at IS DISTINCT FROM a.received_at THEN 'received at another time' END,
         CASE WHEN s.domain IS DISTINCT FROM a.domain THEN 'another clock domain' END,
         CASE WHEN s.payload_md5 IS DISTINCT FROM a.payload_md5 THEN 'another payload' END) END AS problem,
  to_json(s)::VARCHAR AS expected, to_json(a)::VARCHAR AS found
FROM readable;
