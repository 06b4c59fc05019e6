import { type DuckDBConnection, timestampTZValue } from '@duckdb/node-api';
import type { Recording } from '#ingest/recordings/recording.ts';
import { emptyLake } from '../../unit/notebooks/lake-tables.ts';

/**
 * A recording as the lake would hold it if every reading were counted as it came: for reports to be looked at without
 * the rest of the pipeline. `path` keeps it in a DuckDB file.
 */
export async function recordedLake(recording: Recording, path = ':memory:'): Promise<DuckDBConnection> {
  const db = await emptyLake({ name: recording.city, timezone: recording.timezone }, path);
  await addRegistry(db, recording);
  await db.run('CREATE TEMP TABLE messages (device_id VARCHAR, received_at TIMESTAMPTZ, payload VARCHAR)');
  const appender = await db.createAppender('messages', 'main', 'temp');
  for await (const message of recording.messages()) {
    appender.appendVarchar(message.deviceId);
    appender.appendTimestampTZ(timestampTZValue(BigInt(message.receivedAt) * 1_000n));
    appender.appendVarchar(String(message.payload));
    appender.endRow();
  }
  appender.closeSync();
  await db.run(fromMessages);
  return db;
}

async function addRegistry(db: DuckDBConnection, { name, registry }: Recording): Promise<void> {
  const insert = async (table: string, columns: string, rows: unknown[]) => {
    if (rows.length === 0) return;
    await db.run(
      `INSERT INTO ${table} BY NAME SELECT ${columns} FROM (SELECT unnest(from_json($rows, '["JSON"]')) AS r)`,
      { rows: JSON.stringify(rows) },
    );
  };
  await insert(
    'sites',
    `r->>'siteId' AS site_id, r->>'name' AS name, (r->>'$.position.lat')::DOUBLE AS lat,
     (r->>'$.position.lon')::DOUBLE AS lon, r->>'road' AS road, r->>'direction' AS direction`,
    registry.sites,
  );
  await insert(
    'corridors',
    `r->>'id' AS corridor_id, r->>'name' AS name, r->>'road' AS road, (r->>'position')::INT AS position,
     r->>'siteId' AS site_id, (r->>'km')::DOUBLE AS km`,
    registry.corridors.flatMap((c) =>
      c.sites.map((s, i) => ({ ...s, id: c.corridorId, name: c.name, road: c.road, position: i + 1 })),
    ),
  );
  const domain = `recording:${name}`;
  await insert(
    'devices',
    `r->>'deviceId' AS device_id, r->>'domain' AS domain`,
    registry.deviceIds.map((deviceId) => ({ deviceId, domain })),
  );
  await insert(
    'installations',
    `r->>'deviceId' AS device_id, r->>'siteId' AS site_id, (r->>'periodS')::INT AS period_s`,
    registry.installations,
  );
}

const fromMessages = `
CREATE TEMP TABLE parsed AS
SELECT device_id, received_at, r.*, r."observedAt"::TIMESTAMPTZ AS observed_at
FROM (
  SELECT device_id, received_at, unnest(from_json(payload, '[{"kind":"VARCHAR","observedAt":"VARCHAR",
    "periodS":"INT","count":"BIGINT","speedKmh":"DOUBLE","eventCode":"INT","parameter":"INT"}]')) AS r
  FROM messages);
INSERT INTO windows BY NAME
SELECT kind, device_id, device_id AS site_id,
  CASE WHEN "eventCode" IN (81, 82) THEN parameter ELSE 0 END::SMALLINT AS lane,
  time_bucket(to_seconds(greatest(300, coalesce("periodS", 0))), observed_at) AS start_at,
  greatest(300, coalesce("periodS", 0))::INT AS window_s, count(*) AS readings,
  coalesce(sum("periodS"), 0) AS observed_s,
  CASE WHEN any_value(kind) = 'signal-event' THEN count(*) FILTER ("eventCode" = 82) ELSE sum(count) END AS count,
  coalesce(sum("periodS") FILTER (count IS NOT NULL), 0) AS count_s,
  coalesce(sum(round("speedKmh" * 1000)::BIGINT * "periodS"), 0) AS speed_milli_s,
  coalesce(sum("periodS") FILTER ("speedKmh" IS NOT NULL), 0) AS speed_s,
  any_value(greatest(300, "periodS")) FILTER ("periodS" IS NOT NULL) AS expected_s
FROM parsed GROUP BY ALL;
INSERT INTO ledger BY NAME
SELECT 0 AS "partition", device_id, date_trunc('hour', received_at) AS hour_received,
  date_trunc('hour', observed_at) AS hour_observed, 'counted' AS outcome, count(*) AS readings
FROM parsed GROUP BY ALL;
DROP TABLE parsed`;
