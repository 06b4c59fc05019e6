-- One stretch of the archive (variables audit_partition, audit_from, audit_to), each payload read once: its checksum
-- computed anew, and how many readings it holds.
-- source: semantics.md "The ledger": an unparsable message is one reading; control records (end, readmit) hold none.

CREATE OR REPLACE TEMP TABLE audit_archived AS
WITH texts AS (
  SELECT partition, position, type, device_id, received_at, domain, payload_md5 AS noted_md5, payload,
    try(decode(payload)) AS text
  FROM archive
  WHERE partition = getvariable('audit_partition')
    AND position >= getvariable('audit_from') AND position <= getvariable('audit_to')
)
SELECT partition, position, type, device_id, received_at, domain, md5(payload) AS payload_md5, noted_md5,
  CASE WHEN type <> 'telemetry' THEN 0
       WHEN ltrim(text, E' \t\r\n') LIKE '[%' THEN coalesce(try(json_array_length(text)), 1)
       ELSE 1 END AS readings
FROM texts;
