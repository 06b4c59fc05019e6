-- question: Is every archived payload what its checksum says, and archived once?
-- source: docs/lake.md, table `archive`

-- [examined]
SELECT count(*) FROM audit_archived;

-- [differences]
SELECT format('{}/{}', partition, position) AS thing, 'payload altered' AS problem, noted_md5 AS expected,
  payload_md5 AS found
FROM audit_archived WHERE noted_md5 IS DISTINCT FROM payload_md5
UNION ALL
SELECT format('{}/{}', partition, position), 'archived more than once', '1', count(*)::VARCHAR
FROM audit_archived GROUP BY partition, position HAVING count(*) > 1;
