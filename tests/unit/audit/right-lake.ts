import type { DuckDBConnection } from '@duckdb/node-api';
import { openLake } from '#analytics/lake/open-lake.ts';
import type { EventLog, LogRecord, RecordType } from '#domain/log.ts';
import { registryView } from '#domain/registry/registry.ts';

const domain = 'recording:test';
const at = (clock: string): number => Date.parse(`2026-05-01T${clock}Z`);

/** A day of one loop detector, worked by hand: every outcome is once in it, and two windows. */
const records: LogRecord[] = [
  record(0, '10:06:00', [
    {
      kind: 'traffic-flow',
      observedAt: '2026-05-01T10:00:00Z',
      periodS: 60,
      count: 10,
      speedKmh: 50,
      occupancy: 0.1,
    },
    { kind: 'traffic-flow', observedAt: '2026-05-01T10:01:00Z', periodS: 60, count: 20, speedKmh: 36 },
  ]),
  record(1, '10:07:00', [
    {
      kind: 'traffic-flow',
      observedAt: '2026-05-01T10:00:00Z',
      periodS: 60,
      count: 10,
      speedKmh: 50,
      occupancy: 0.1,
    },
    {
      kind: 'traffic-flow',
      observedAt: '2026-05-01T10:00:00Z',
      periodS: 60,
      count: 12,
      speedKmh: 50,
      occupancy: 0.1,
    },
    { kind: 'traffic-flow', observedAt: '2026-05-01T10:01:00Z', periodS: 60, count: 20, speedKmh: 400 },
  ]),
  record(2, '10:08:00', 'oops'),
  record(3, '11:00:30', [
    {
      kind: 'traffic-flow',
      observedAt: '2026-05-01T10:00:00Z',
      periodS: 60,
      count: 10,
      speedKmh: 50,
      occupancy: 0.1,
    },
  ]),
  record(4, '11:00:40', {
    kind: 'traffic-flow',
    observedAt: '2026-05-01T10:05:00Z',
    periodS: 60,
    speedKmh: 80,
  }),
  record(5, '11:00:50', { kind: 'traffic-flow', observedAt: '2099-01-01T00:00:00Z', periodS: 60, count: 1 }),
  record(6, '11:01:00', '', 'end'),
];

/** What became of them. The last of 10:00 is the first once more, after other content: a duplicate. */
const rightRows = `
  INSERT INTO readings BY NAME SELECT * FROM (VALUES
    (0, 0, 0, 'a', TIMESTAMPTZ '2026-05-01 10:06:00Z', 'counted', '', 's', TIMESTAMPTZ '2026-05-01 10:00:00Z', 'traffic-flow', 60, 10, 50, 0.1),
    (0, 0, 1, 'a', '2026-05-01 10:06:00Z', 'counted', '', 's', '2026-05-01 10:01:00Z', 'traffic-flow', 60, 20, 36, NULL),
    (0, 1, 0, 'a', '2026-05-01 10:07:00Z', 'duplicate', '', 's', '2026-05-01 10:00:00Z', 'traffic-flow', 60, 10, 50, 0.1),
    (0, 1, 1, 'a', '2026-05-01 10:07:00Z', 'restated', '', 's', '2026-05-01 10:00:00Z', 'traffic-flow', 60, 12, 50, 0.1),
    (0, 1, 2, 'a', '2026-05-01 10:07:00Z', 'rejected', 'impossible', NULL, '2026-05-01 10:01:00Z', 'traffic-flow', 60, 20, 400, NULL),
    (0, 2, 0, 'a', '2026-05-01 10:08:00Z', 'rejected', 'not-json', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (0, 3, 0, 'a', '2026-05-01 11:00:30Z', 'duplicate', '', 's', '2026-05-01 10:00:00Z', 'traffic-flow', 60, 10, 50, 0.1),
    (0, 4, 0, 'a', '2026-05-01 11:00:40Z', 'counted', '', 's', '2026-05-01 10:05:00Z', 'traffic-flow', 60, NULL, 80, NULL),
    (0, 5, 0, 'a', '2026-05-01 11:00:50Z', 'quarantined', 'ahead', NULL, '2099-01-01 00:00:00Z', 'traffic-flow', 60, 1, NULL, NULL)
  ) t(partition, position, index, device_id, received_at, outcome, reason, site_id, observed_at, kind, period_s, count, speed_kmh, occupancy);
  UPDATE readings SET domain = '${domain}';

  INSERT INTO windows VALUES
    -- 12 vehicles at 50 km/h: 12 * 3.6e9 / 50 = 864,000,000 us/km; 20 at 36 km/h: 2,000,000,000. Occupancy 100,000 * 60 s.
    ('traffic-flow', 'a', '', 's', '', 0, '2026-05-01 10:00:00Z', 300, 2, 120, 32, 120, MAP {}, 6000000, 60,
      2864000000, 32, 0, 0, MAP {36: 20, 50: 12}, 'means-by-count', 300, 1, 'restated'),
    ('traffic-flow', 'a', '', 's', '', 0, '2026-05-01 10:05:00Z', 300, 1, 60, NULL, 0, MAP {}, 0, 0,
      0, 0, 4800000, 60, MAP {80: 60}, 'means-by-time', 300, 0, 'published');

  INSERT INTO hourly VALUES
    ('traffic-flow', 's', '', 0, '2026-05-01 10:00:00Z', 2, 3, 180, 32, 120, 6000000, 60, 2864000000, 32, 4800000, 60, 600);

  INSERT INTO ledger VALUES
    (0, 'a', '2026-05-01 10:00:00Z', '2026-05-01 10:00:00Z', 'counted', '', 2, 0),
    (0, 'a', '2026-05-01 10:00:00Z', '2026-05-01 10:00:00Z', 'duplicate', '', 1, 0),
    (0, 'a', '2026-05-01 10:00:00Z', '2026-05-01 10:00:00Z', 'restated', '', 1, 1),
    (0, 'a', '2026-05-01 10:00:00Z', '2026-05-01 10:00:00Z', 'rejected', 'impossible', 1, 0),
    (0, 'a', '2026-05-01 10:00:00Z', NULL, 'rejected', 'not-json', 1, 0),
    (0, 'a', '2026-05-01 11:00:00Z', '2026-05-01 10:00:00Z', 'duplicate', '', 1, 0),
    (0, 'a', '2026-05-01 11:00:00Z', '2026-05-01 10:00:00Z', 'counted', '', 1, 0),
    (0, 'a', '2026-05-01 11:00:00Z', NULL, 'quarantined', 'ahead', 1, 0);`;

/** A lake in which everything is right, and the log it was copied from. */
export async function rightLake(): Promise<{
  db: DuckDBConnection;
  log: Pick<EventLog, 'partitions' | 'read' | 'starts' | 'ends'>;
}> {
  const db = await emptyLake();
  await archive(db, records);
  await db.run(rightRows);
  return { db, log: logOf(records) };
}

/** The tables of a lake without rows; one loop `a` and one cabinet `c`, both at site s of a recording. */
export async function emptyLake(): Promise<DuckDBConnection> {
  const change = { version: 1, changedAt: 0, validFrom: 0 } as const;
  const registry = registryView([
    { ...change, kind: 'device', id: 'a', body: { deviceId: 'a', domain, role: 'sensor', key: 'a2V5' } },
    { ...change, kind: 'installation', id: 'a', body: { deviceId: 'a', siteId: 's', periodS: 60 } },
    { ...change, kind: 'installation', id: 'c', body: { deviceId: 'c', siteId: 's' } },
  ]);
  return openLake({ directory: '/nowhere', registry, city: { name: 'Testford', timezone: 'UTC' } });
}

export async function archive(db: DuckDBConnection, entries: readonly LogRecord[]): Promise<void> {
  for (const r of entries) {
    await db.run(
      `INSERT INTO archive SELECT 0, $1, $2, $3, make_timestamptz($4::BIGINT * 1000), $5, encode($6), md5($6)`,
      [r.position, r.type, r.deviceId, r.receivedAt, r.domain, Buffer.from(r.payload).toString()],
    );
  }
}

export function record(
  position: number,
  clock: string,
  payload: unknown,
  type: RecordType = 'telemetry',
  deviceId = 'a',
): LogRecord {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return { position, type, deviceId, receivedAt: at(clock), domain, payload: Buffer.from(text) };
}

export function logOf(entries: readonly LogRecord[]) {
  return {
    partitions: 1,
    starts: async () => [entries[0]?.position ?? 0],
    ends: async () => [entries.at(-1)?.position ?? -1],
    async *read(partition: number, after: number) {
      yield { partition, records: entries.filter((r) => r.position > after), corrupt: [] };
    },
  };
}
