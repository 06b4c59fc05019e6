-- question: Has each reading in each archived payload exactly one outcome, and no other reading one?
-- source: semantics.md "The ledger": a reading is named by (partition, position, index); domain/outcome.ts: the closed
--   list of outcomes
--
-- DuckDB reads JSON more leniently than RFC 8259 (NaN, a comma before a bracket), so a message that it can read and
-- that was refused as not-json is looked at again, outside its strings. Outcomes of positions without a record are the
-- business of the check `gaps`.

-- [prepare]
CREATE OR REPLACE TEMP TABLE audit_suspects AS
WITH judged AS (
  SELECT partition, position, list(index) AS indices,
    count(*) FILTER (reason = 'not-json') AS not_json,
    count(*) FILTER (coalesce((outcome, reason) NOT IN (('counted', ''), ('duplicate', ''), ('restated', ''),
      ('quarantined', 'ahead'), ('quarantined', 'behind'), ('rejected', 'not-json'), ('rejected', 'unknown-kind'),
      ('rejected', 'schema'), ('rejected', 'unknown-device'), ('rejected', 'retired-device'),
      ('rejected', 'unknown-installation'), ('rejected', 'retired-installation'), ('rejected', 'impossible'),
      ('rejected', 'period'), ('rejected', 'unusable')), true)) AS unnamed
  FROM readings
  WHERE partition = getvariable('audit_partition')
    AND position >= getvariable('audit_from') AND position <= getvariable('audit_to')
  GROUP BY partition, position
), compared AS (
  SELECT partition, position,
    CASE WHEN not_json > 0 AND len(indices) > 1 THEN 1 ELSE coalesce(readings, 0) END AS readings, coalesce(len(indices), 0) AS found, indices,
    coalesce(unnamed, 0) AS unnamed, coalesce(not_json, 0) AS not_json, a.partition IS NULL AS unarchived
  FROM audit_archived a FULL JOIN judged j USING (partition, position)
)
SELECT * FROM compared
WHERE unarchived OR found <> readings OR unnamed > 0
  OR (found > 0 AND (list_min(indices) <> 0 OR list_max(indices) <> found - 1 OR list_unique(indices) <> found));

-- Two steps: in one, the pattern would be tried on every payload.
CREATE OR REPLACE TEMP TABLE audit_refused_texts AS
SELECT partition, position, payload
FROM archive SEMI JOIN (SELECT partition, position FROM audit_suspects WHERE not_json = 1 AND found = 1)
  USING (partition, position);

CREATE OR REPLACE TEMP TABLE audit_lenient AS
SELECT partition, position FROM audit_refused_texts
WHERE regexp_matches(regexp_replace(try(decode(payload)), '"([^"\\]|\\.)*"', '""', 'g'), ',\s*[\]}]|(?i:nan|inf)');

INSERT INTO audit_received
SELECT partition, device_id, audit_hour(received_at), sum(CASE WHEN l.position IS NULL THEN readings ELSE 1 END)
FROM audit_archived LEFT JOIN audit_lenient l USING (partition, position)
WHERE readings > 0 GROUP BY ALL;

-- [examined]
SELECT sum(readings)::BIGINT FROM audit_archived;

-- [differences]
SELECT format('{}/{}', s.partition, s.position) AS thing,
  CASE WHEN unarchived THEN 'outcomes without an archived record'
       WHEN unnamed > 0 THEN 'an outcome that is not on the list'
       WHEN found < readings THEN 'readings without an outcome'
       WHEN found > readings THEN 'more outcomes than readings'
       ELSE 'indices that are not 0, 1, 2, ...' END AS problem,
  readings::VARCHAR AS expected,
  CASE WHEN found = readings THEN list_sort(indices)[:20]::VARCHAR ELSE found::VARCHAR END AS found
FROM audit_suspects s ANTI JOIN audit_lenient USING (partition, position) LEFT JOIN audit_reach r USING (partition)
WHERE NOT (unarchived AND coalesce(s.position <= r.reaches, false));
