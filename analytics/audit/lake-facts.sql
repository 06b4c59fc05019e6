-- What the checks know of the whole lake before the first of them runs.

-- Readings in archived payloads by partition, device and hour received; the check payload-readings fills it.
CREATE OR REPLACE TEMP TABLE audit_received (partition INTEGER, device_id VARCHAR, hour BIGINT, readings BIGINT);

-- Where each device's recording was last over.
CREATE OR REPLACE TEMP TABLE audit_ended AS
SELECT device_id, max(position) AS ended_at FROM archive WHERE type = 'end' GROUP BY device_id;

-- Live time by partition: the greatest receivedAt read.
CREATE OR REPLACE TEMP TABLE audit_live_time AS
SELECT partition, max(epoch_ms(received_at)) AS live_ms FROM archive WHERE domain = 'live' GROUP BY partition;

-- How far the archive should reach; what is processed but not archived is added to it.
CREATE OR REPLACE TEMP TABLE audit_reach AS
SELECT partition, max(position) AS reaches FROM archive GROUP BY partition;

-- Positions that the log could not read, by its own word.
CREATE OR REPLACE TEMP TABLE audit_corrupt (partition INTEGER, from_position BIGINT, to_position BIGINT, detail VARCHAR);

CREATE OR REPLACE TEMP TABLE audit_log_records (partition INTEGER, position BIGINT, type VARCHAR, device_id VARCHAR,
  received_at TIMESTAMPTZ, domain VARCHAR, payload_md5 VARCHAR);
