-- What the checks know of the whole lake before the first of them runs.

-- Readings in archived payloads by partition, device and hour received; the check payload-readings fills it.
CREATE OR REPLACE TEMP TABLE audit_received (partition INTEGER, device_id VARCHAR, hour BIGINT, readings BIGINT);

-- Where each device's recording was last over.
CREATE OR REPLACE TEMP TABLE audit_ended AS
SELECT device_id, max(position) AS ended_at FROM archive WHERE type = 'end' GROUP BY device_id;

-- Live time by partition: the greatest receivedAt read.
CREATE OR REPLACE TEMP TABLE audit_live_time AS
SELECT partition, max(epoch_ms(received_at)) AS live_ms FROM archive WHERE domain = 'live' GROUP BY partition;

-- Stretches of the archive, small enough to be held in memory record by record.
CREATE OR REPLACE TEMP TABLE audit_stretches AS
WITH stretches AS (
  SELECT partition, position // 500000 AS stretch FROM archive
  UNION
  SELECT partition, position // 500000 FROM readings
)
SELECT partition, stretch * 500000 AS from_position, stretch * 500000 + 499999 AS to_position
FROM stretches GROUP BY ALL ORDER BY ALL;
