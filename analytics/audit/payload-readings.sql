-- question: Has each reading in each archived payload exactly one outcome, and no other reading one?
-- source: semantics.md "The ledger": a reading is named by (partition, position, index); an unparsable message is one
--   reading. Control records (end, readmit) hold none. domain/outcome.ts: the closed list of outcomes.
--
-- DuckDB reads JSON more leniently than RFC 8259 (NaN, a comma before a bracket), so a message that it can read and
-- that was refused as not-json is looked at again, outside its strings.

-- [prepare]
CREATE OR REPLACE TEMP TABLE audit_payloads AS
WITH texts AS (
  SELECT partition, position, device_id, received_at, type, try(decode(payload)) AS text
  FROM archive
  WHERE partition = getvariable('audit_segment_partition')
    AND position >= getvariable('audit_segment_from') AND position <= getvariable('audit_segment_to')
)
SELECT partition, position, device_id, received_at,
  CASE WHEN type <> 'telemetry' THEN 0
       WHEN ltrim(text, E' \t\r\n') LIKE '[%' THEN coalesce(try(json_array_length(text)), 1)
       ELSE 1 END AS readings
FROM texts;

INSERT INTO audit_received
SELECT partition, device_id, audit_hour(received_at), sum(readings)
FROM audit_payloads WHERE readings > 0 GROUP BY ALL;

-- [examined]
SELECT sum(readings)::BIGINT FROM audit_payloads;

-- [differences]
WITH outcomes(outcome, reasons) AS (
  VALUES ('counted', ['']), ('duplicate', ['']), ('restated', ['']), ('quarantined', ['ahead', 'behind']),
    ('rejected', ['not-json', 'unknown-kind', 'schema', 'unknown-device', 'retired-device', 'unknown-installation',
      'retired-installation', 'impossible', 'period'])
), judged AS (
  SELECT partition, position, list(index) AS indices,
    count(*) FILTER (r.reason = 'not-json') AS not_json,
    count(*) FILTER (o.outcome IS NULL OR NOT list_contains(o.reasons, r.reason)) AS unnamed
  FROM readings r LEFT JOIN outcomes o USING (outcome)
  WHERE partition = getvariable('audit_segment_partition')
    AND position >= getvariable('audit_segment_from') AND position <= getvariable('audit_segment_to')
  GROUP BY partition, position
), compared AS (
  SELECT partition, position, readings, coalesce(len(indices), 0) AS found, indices, coalesce(unnamed, 0) AS unnamed,
    coalesce(not_json, 0) AS not_json, p.partition IS NULL AS unarchived
  FROM audit_payloads p FULL JOIN judged j USING (partition, position)
), suspects AS (
  SELECT c.* FROM compared c
  WHERE unarchived OR found <> readings OR unnamed > 0
    OR (found > 0 AND (list_min(indices) <> 0 OR list_max(indices) <> found - 1 OR list_unique(indices) <> found))
), strict AS (
  SELECT s.*,
    s.not_json = 1 AND s.found = 1 AND regexp_matches(
      regexp_replace(try(decode(a.payload)), '"([^"\\]|\\.)*"', '""', 'g'), ',\s*[\]}]|[A-Za-z+.-]*(?i:nan|inf)'
    ) AS lenient_only
  FROM suspects s LEFT JOIN archive a USING (partition, position)
)
SELECT format('{}/{}', s.partition, s.position) AS thing,
  CASE WHEN unarchived THEN 'outcomes without an archived record'
       WHEN unnamed > 0 THEN 'an outcome that is not on the list'
       WHEN found < readings THEN 'readings without an outcome'
       WHEN found > readings THEN 'more outcomes than readings'
       ELSE 'indices that are not 0, 1, 2, ...' END AS problem,
  coalesce(readings, 0)::VARCHAR AS expected,
  CASE WHEN found = readings THEN list_sort(indices)[:20]::VARCHAR ELSE found::VARCHAR END AS found
FROM strict s
LEFT JOIN audit_gaps g ON s.unarchived AND g.partition = s.partition AND s.position BETWEEN g.from_position AND g.to_position
WHERE g.partition IS NULL AND coalesce(lenient_only, false) IS FALSE;
