-- question: Is every archived payload what its checksum says?
-- source: docs/lake.md, table `archive`

-- [prepare]

-- [examined]
SELECT count(*) FROM archive;

-- [differences]
SELECT format('{}/{}', partition, position) AS thing, 'payload altered' AS problem, payload_md5 AS expected,
  md5(payload) AS found
FROM archive
WHERE payload_md5 IS DISTINCT FROM md5(payload);
