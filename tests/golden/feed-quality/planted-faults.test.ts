import { readFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, expect, it } from 'vitest';
import { createFeedQualityViews } from '#analytics/feed-quality/feed-quality-views.ts';
import { readingFields, wholeColumns } from '#analytics/lake/reading-fields.ts';

interface Row {
  kind?: string;
  vehicle_id?: string;
  /** Seconds after 08:00:00Z. */
  observedS: number;
  /** The same as observed unless said. */
  receivedS?: number;
  outcome?: string;
  reason?: string;
  [column: string]: string | number | undefined;
}

const START = Date.parse('2026-03-02T08:00:00Z');
const at = (s: number) => new Date(START + s * 1_000).toISOString();
/** 0.001 degrees of latitude are 111.19 m. */
const north = (metres: number) => 60 + metres / 111_190;

const status = (observedS: number, headerS: number, unusable?: string): Row => ({
  kind: 'feed-status',
  observedS,
  header_at: at(headerS),
  heard: 10,
  used: unusable ? 7 : 10,
  ...(unusable && { unusable }),
});

/** Each rule's planted faults beside what only looks like one. */
const rows: Row[] = [
  // Made 66 s before it came: stale; 65 s: not. The third is as the second was: frozen. 400 s later the fourth.
  status(100, 34),
  status(130, 65),
  status(160, 65),
  status(560, 559, '{"cut-short":3}'),
  {
    vehicle_id: 'ahead',
    observedS: 3_600,
    receivedS: 0,
    outcome: 'quarantined',
    reason: 'ahead',
    lat: 60,
    lon: 24,
  },
  { vehicle_id: 'old', observedS: 0, receivedS: 91, lat: 60, lon: 24 },
  { vehicle_id: 'fresh', observedS: 0, receivedS: 90, lat: 60, lon: 24 },
  // Ten reports of a clock an hour behind; ten that were held back for ten minutes and came together.
  ...Array.from(
    { length: 10 },
    (_, n): Row => ({
      vehicle_id: 'behind',
      observedS: 60 * n,
      receivedS: 60 * n + 3_600,
      lat: north(n),
      lon: 24,
    }),
  ),
  ...Array.from(
    { length: 10 },
    (_, n): Row => ({ vehicle_id: 'held', observedS: 60 * n, receivedS: 900, lat: north(n), lon: 24 }),
  ),
  // Ten of half a minute, held back together: they are equally late, as they must be.
  ...Array.from(
    { length: 10 },
    (_, n): Row => ({ vehicle_id: 'burst', observedS: 3 * n, receivedS: 900, lat: north(n), lon: 24 }),
  ),
  { vehicle_id: 'lost', observedS: 0 },
  { vehicle_id: 'zero', observedS: 0, outcome: 'rejected', reason: 'impossible', lat: 0, lon: 0 },
  { vehicle_id: 'off', observedS: 0, outcome: 'rejected', reason: 'schema', lat: 95, lon: 24 },
  { vehicle_id: 'twice', observedS: 0, lat: 60, lon: 24 },
  { vehicle_id: 'twice', observedS: 0, outcome: 'restated', lat: 60, lon: 25 },
  { vehicle_id: 'again', observedS: 0, lat: 60, lon: 24 },
  { vehicle_id: 'again', observedS: 0, outcome: 'duplicate', lat: 60, lon: 24 },
  // 500 m in 10 s are 180 km/h; in 20 s 90. 150 m are the noise of a receiver.
  { vehicle_id: 'jump', observedS: 0, lat: north(0), lon: 24 },
  { vehicle_id: 'jump', observedS: 10, lat: north(500), lon: 24 },
  { vehicle_id: 'jump', observedS: 30, lat: north(1_000), lon: 24 },
  { vehicle_id: 'jump', observedS: 31, lat: north(1_150), lon: 24 },
  // Ten minutes at one place while it says 30 km/h; another waits at its terminus.
  ...[0, 300, 600].map((s): Row => ({ vehicle_id: 'frozen', observedS: s, lat: 60, lon: 24, speed_kmh: 30 })),
  ...[0, 300, 600].map((s): Row => ({ vehicle_id: 'waits', observedS: s, lat: 60, lon: 24, speed_kmh: 0 })),
  // Nor has one driven whose odometer began anew while it stood between two trips.
  ...[3_000, 3_300, 3_600].map(
    (s): Row => ({
      vehicle_id: 'turns',
      observedS: s,
      lat: 60,
      lon: 24,
      speed_kmh: 0,
      trip_id: s < 3_600 ? 'T' : 'Q',
      odometer_m: s < 3_600 ? 9_000 : 0,
    }),
  ),
  // Twenty minutes and 3 km with one next stop; another in a queue for as long.
  ...[0, 600, 1_200].map(
    (s): Row => ({
      vehicle_id: 'stuck',
      observedS: s,
      lat: north(s * 2.5),
      lon: 24,
      trip_id: 'T',
      stop_sequence: 4,
    }),
  ),
  ...[0, 600, 1_200].map(
    (s): Row => ({
      vehicle_id: 'queue',
      observedS: s,
      lat: north(s / 2),
      lon: 24,
      trip_id: 'Q',
      stop_sequence: 4,
    }),
  ),
  { vehicle_id: 'one', observedS: 60, lat: 60, lon: 24, trip_id: 'shared' },
  { vehicle_id: 'other', observedS: 90, lat: 60, lon: 24, trip_id: 'shared' },
  { vehicle_id: 'torn', observedS: 60, lat: 60, lon: 24, trip_id: 'A', event: 'x' },
  { vehicle_id: 'torn', observedS: 60, lat: 60, lon: 24, trip_id: 'B', event: 'y' },
  {
    kind: 'trip-update',
    observedS: 0,
    trip_id: 'back',
    stops: JSON.stringify([
      { stopId: 'a', arrivalAt: at(100), departureAt: at(90) },
      { stopId: 'b', arrivalAt: at(200) },
      { stopId: 'c', arrivalAt: at(150), departureAt: at(250) },
      { stopId: 'd', departureAt: at(250) },
    ]),
  },
];

let db: DuckDBConnection;
beforeAll(async () => {
  db = await (await DuckDBInstance.create()).connect();
  const columns = readingFields
    .filter(([, column]) => column !== 'observed_at')
    .map(([, column, type]) => `${column} ${wholeColumns.includes(column) ? 'BIGINT' : type}`);
  await db.run(`SET TimeZone = 'UTC'; CREATE TABLE readings (partition INTEGER, position BIGINT, index INTEGER, device_id VARCHAR,
    received_at TIMESTAMPTZ, domain VARCHAR, outcome VARCHAR, reason VARCHAR, observed_at TIMESTAMPTZ, ${columns.join(', ')})`);
  for (const [position, { observedS, receivedS = observedS, ...row }] of rows.entries()) {
    const cells = {
      kind: 'vehicle-position',
      outcome: 'counted',
      reason: '',
      device_id: 'feed',
      partition: 0,
      position,
      index: 0,
      observed_at: at(observedS),
      received_at: at(receivedS),
      ...row,
    };
    const values = Object.values(cells).map((v) => (typeof v === 'number' ? v : `'${v}'`));
    await db.run(`INSERT INTO readings (${Object.keys(cells).join(', ')}) VALUES (${values.join(', ')})`);
  }
  await db.run(readFileSync('analytics/lake/macros.sql', 'utf8'));
  await createFeedQualityViews(db);
});

const ask = async (sql: string) => (await db.runAndReadAll(sql)).getRowsJson();

it('each planted fault is found, and nothing that only looks like one', async () => {
  const found = await ask(
    `SELECT rule, coalesce(vehicle_id, ''), sum(found)::INT FROM feed_findings GROUP BY ALL ORDER BY ALL`,
  );
  expect(found).toEqual([
    ['clock-ahead', 'ahead', 1],
    ['clock-behind', 'behind', 1],
    ['conflicting-duplicate', 'twice', 1],
    ['frozen-feed', '', 1],
    ['frozen-vehicle', 'frozen', 1],
    ['impossible-jump', 'jump', 1],
    ['no-position', 'lost', 1],
    ['one-vehicle-on-two-trips', 'torn', 1],
    ['position-off-earth', 'off', 1],
    ['silent-feed', '', 1],
    ['stale-feed', '', 2],
    ['stale-vehicle', 'behind', 10],
    ['stale-vehicle', 'burst', 10],
    ['stale-vehicle', 'held', 10],
    ['stale-vehicle', 'old', 1],
    ['stuck-sequence', 'stuck', 1],
    ['times-run-back', '', 2],
    ['two-vehicles-on-one-trip', '', 1],
    ['unusable', '', 3],
    ['zero-position', 'zero', 1],
  ]);
});

it('says of each rule at how many things it looked', async () => {
  const checked = await ask(
    `SELECT rule, checked, findings FROM feed_quality WHERE rule IN ('stale-feed', 'unusable', 'times-run-back', 'zero-position') ORDER BY rule`,
  );
  const positions = rows.filter((r) => r.kind === undefined).length;
  expect(checked.map((row) => row.map(String))).toEqual([
    ['stale-feed', '4', '2'],
    ['times-run-back', '4', '2'],
    ['unusable', '40', '3'],
    ['zero-position', String(positions), '1'],
  ]);
});

it('a feed that never says when it made what it sent is not looked at for that', async () => {
  await db.run(`INSERT INTO readings (partition, position, index, device_id, kind, outcome, observed_at, received_at, heard, used)
    VALUES (1, 0, 0, 'undated', 'feed-status', 'counted', '${at(0)}', '${at(0)}', 1, 1)`);
  expect(await ask(`SELECT rule FROM feed_quality WHERE device_id = 'undated' ORDER BY rule`)).toEqual([
    ['silent-feed'],
    ['unusable'],
  ]);
  await db.run(`DELETE FROM readings WHERE device_id = 'undated'`);
});

it('calls a trip or stop unknown only where a timetable is known', async () => {
  expect(await ask(`SELECT * FROM feed_quality WHERE rule LIKE 'unknown%'`)).toEqual([]);
  await db.run(`CREATE TABLE timetables AS SELECT 'F/1' AS timetable, DATE '2026-03-01' AS valid_from, DATE '9999-12-31' AS valid_to;
    CREATE TABLE timetable_trips AS SELECT 'F/1' AS timetable, unnest(['T', 'Q', 'shared', 'A', 'B']) AS trip_id;
    CREATE TABLE timetable_stops AS SELECT 'F/1' AS timetable, unnest(['a', 'b', 'c']) AS stop_id`);
  await createFeedQualityViews(db);
  const unknown = await ask(
    `SELECT rule, detail FROM feed_findings WHERE rule LIKE 'unknown%' ORDER BY rule`,
  );
  expect(unknown).toEqual([
    ['unknown-stop', 'd'],
    ['unknown-trip', 'back'],
  ]);
});

it('positions off the way are of trips that were matched, and of none before', async () => {
  expect(await ask(`SELECT * FROM feed_quality WHERE rule = 'off-shape'`)).toEqual([]);
  await db.run(`CREATE TABLE trips_performed AS SELECT DATE '2026-03-02' AS date, * FROM (VALUES
    ('jump', 'J', TIMESTAMPTZ '${at(0)}', 'p', 4::BIGINT, 1::BIGINT), ('old', 'O', TIMESTAMPTZ '${at(0)}', 'p', 6::BIGINT, 0::BIGINT),
    ('queue', 'Q', TIMESTAMPTZ '${at(0)}', NULL, 3::BIGINT, 3::BIGINT)) t(vehicle_id, trip_id, first_seen_at, pattern_id, positions, off_way)`);
  await createFeedQualityViews(db);
  expect(
    await ask(
      `SELECT checked::INT, findings::INT, vehicles::INT, examples FROM feed_quality WHERE rule = 'off-shape'`,
    ),
  ).toEqual([[10, 1, 1, 'jump: J: 1 of 4 positions']]);
});

it('limits are the session’s, where it sets them', async () => {
  await db.run('SET VARIABLE max_kmh = 60');
  const [jumps] = await ask(`SELECT count(*)::INT FROM feed_findings WHERE rule = 'impossible-jump'`);
  expect(jumps).toEqual([2]);
  await db.run('RESET VARIABLE max_kmh');
});
