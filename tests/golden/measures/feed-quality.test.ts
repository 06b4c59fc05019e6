import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, expect, it } from 'vitest';
import type { MeasureParameters } from '#analytics/measures/parameters.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { smallLake } from './small-lake.ts';

// Two feeds of one morning. `b` has a vehicle that is stale six times of ten, another twice; `a` nothing but a silence.
const reports: [vehicle: string, minute: number, ageS: number][] = [
  ...[0, 1, 2, 3, 4, 5].map((n): [string, number, number] => ['bad', 60 + n, 100]),
  ...[6, 7, 8, 9].map((n): [string, number, number] => ['bad', 60 + n, 5]),
  ['slow', 10, 95],
  ['slow', 12, 91],
  ...[14, 16, 18, 20, 22, 24, 26, 28].map((n): [string, number, number] => ['slow', n, 90]),
];

let db: DuckDBConnection;
beforeAll(async () => {
  db = await smallLake({ timezone: 'UTC' });
  const at = (minute: number, s = 0) => `TIMESTAMPTZ '2024-05-13 08:00:00Z' + to_seconds(${60 * minute + s})`;
  const rows = [
    ...reports.map(
      ([vehicle, minute, ageS], i) =>
        `('b', 'vehicle-position', 'counted', ${i}, ${at(minute, -ageS)}, ${at(minute)}, '${vehicle}', 60.0, 24.0, NULL, NULL)`,
    ),
    ...[0, 1, 2, 8].map(
      (minute) =>
        `('a', 'feed-status', 'counted', ${100 + minute}, ${at(minute)}, ${at(minute)}, NULL, NULL, NULL, 20, 20)`,
    ),
  ];
  await db.run(`INSERT INTO readings BY NAME SELECT *, 0 AS partition, 0 AS index FROM (VALUES ${rows.join(', ')})
    t(device_id, kind, outcome, position, observed_at, received_at, vehicle_id, lat, lon, heard, used)`);
});

const ask = (parameters: Record<string, unknown> = {}) =>
  runMeasure(db, 'feed-quality', {
    from_at: Date.parse('2024-05-13T00:00:00Z'),
    to_at: Date.parse('2024-05-14T00:00:00Z'),
    ...parameters,
  } as MeasureParameters);
const rowsOf = async (parameters: Record<string, unknown> = {}) => {
  const answer = await ask(parameters);
  if (!answer.computable) throw new Error(answer.because);
  return answer.rows;
};

it('feed quality: of each feed and rule how much was looked at, found, and of what most', async () => {
  const rows = await rowsOf();
  expect(rows.find((r) => r.rule === 'stale-vehicle')).toMatchObject({
    feed: 'b',
    looked_at: 20,
    findings: 8,
    share: 0.4,
    vehicles: 2,
    worst_vehicle: 'bad',
    worst_vehicle_findings: 6,
    worst_hour_at: '2024-05-13T09:00:00Z',
    worst_hour_findings: 6,
    examples: 'bad: 100 s old; slow: 91 s old; slow: 95 s old',
  });
  // Of four statuses one came six minutes after the one before it.
  expect(rows.find((r) => r.rule === 'silent-feed')).toMatchObject({
    feed: 'a',
    looked_at: 4,
    findings: 1,
    share: 0.25,
    vehicles: 0,
    worst_vehicle: null,
    worst_hour_findings: 1,
    examples: 'nothing for 360 s',
  });
  // A rule that found nothing stands there with what it looked at, after those that did.
  expect(rows.filter((r) => r.feed === 'a').map((r) => [r.rule, r.looked_at, r.findings])).toEqual([
    ['silent-feed', 4, 1],
    ['unusable', 80, 0],
  ]);
});

it('feed quality is of one feed, and by other limits, where they are asked for', async () => {
  expect([...new Set((await rowsOf({ feed: 'a' })).map((r) => r.feed))]).toEqual(['a']);
  const [stale] = (await rowsOf({ stale_vehicle_s: 95 })).filter((r) => r.rule === 'stale-vehicle');
  expect(stale).toMatchObject({ looked_at: 20, findings: 6, vehicles: 1 });
});

it('feed quality is not computable where no feed sent anything', async () => {
  const may = { from_at: Date.parse('2024-05-14T00:00:00Z'), to_at: Date.parse('2024-05-15T00:00:00Z') };
  expect(await ask(may)).toMatchObject({
    computable: false,
    because: 'no feed that sent anything in this period',
  });
});
