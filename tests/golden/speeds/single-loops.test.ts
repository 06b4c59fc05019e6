import type { DuckDBConnection } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { estimateSpeeds, prepareSpeeds } from '#analytics/speeds/estimate-speeds.ts';
import { series, smallLake } from '../measures/small-lake.ts';

const one = async (db: DuckDBConnection, sql: string) =>
  (await db.runAndReadAll(sql)).getRows()[0]!.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell));

test('1,200 vehicles an hour that cover a loop a tenth of the time at 100 km/h are 8 1/3 m long; at twice the occupancy they drive 50', async () => {
  const db = await smallLake({});
  await prepareSpeeds(db);
  const [g, v, none] = await one(
    db,
    'SELECT effective_length_m(1200, 0.1, 100), single_loop_kmh(1200, 0.2, 25 / 3.0), single_loop_kmh(0, 0, 8)',
  );
  expect(g).toBeCloseTo(8.3333, 4);
  expect(v).toBeCloseTo(50, 6);
  expect(none).toBeNull();
});

test('a lane of 900 at 100 km/h and one of 300 at 50 km/h drive at 80 together, not at 75 or 87.5', async () => {
  const db = await smallLake({});
  await prepareSpeeds(db);
  // 1,200 vehicles need 900 / 100 + 300 / 50 = 15 h for a kilometre.
  expect(
    await one(db, 'SELECT space_mean_kmh(q, v) FROM (VALUES (900, 100), (300, 50), (0, 90)) AS t(q, v)'),
  ).toEqual([80]);
});

/** A site that measures speed, 100 km/h by night, and a single loop next to it. */
const nightAndMorning = (limit?: number) => ({
  sites: [
    { site: 'dual', lat: 51, lon: 0, lanes: 1 },
    { site: 'loop', lat: 51.01, lon: 0, lanes: 1, ...(limit && { limit }) },
  ],
  devices: [
    { device: 'd-dual', site: 'dual' },
    { device: 'd-loop', site: 'loop' },
  ],
  windows: [
    ...series(
      '2026-03-02T00:00:00Z',
      Array.from({ length: 24 }, () => ({ site: 'dual', count: 10, speedKmh: 100 })),
    ),
    // Two hours of night: 10 vehicles in five minutes, each 0.24 s over the loop: 120 veh/h at 0.008.
    ...series(
      '2026-03-02T00:00:00Z',
      Array.from({ length: 24 }, () => ({ site: 'loop', count: 10, occupancy: 0.008 })),
    ),
    // Then a queue: 100 vehicles in five minutes at 0.32.
    ...series(
      '2026-03-02T02:00:00Z',
      Array.from({ length: 4 }, () => ({ site: 'loop', count: 100, occupancy: 0.32 })),
    ),
  ],
});

test('a single loop learns g from the nights of its neighbour: 0.008 x 100 km/h / 120 veh/h = 6 2/3 m, and sees the queue at 25 km/h', async () => {
  const db = await smallLake(nightAndMorning());
  await db.run(`UPDATE sites SET road = 'A', direction = 'north'; SET VARIABLE city_tz = 'UTC'`);
  await estimateSpeeds(db);
  const [g, basis] = await one(db, 'SELECT g_m, free_flow_basis FROM single_loop_factors WHERE hour = 0');
  expect(g).toBeCloseTo(6.6667, 2);
  expect(basis).toBe('measured at dual');
  const queue = await one(
    db,
    'SELECT raw_kmh, speed_kmh FROM single_loop_speeds WHERE count = 100 ORDER BY start_at LIMIT 1',
  );
  // q g / occ = 1,200 x 6.6667 / 0.32 / 1,000 = 25; smoothed: p = 100 / 150 of 25, a third of the 100 before.
  expect(queue[0]).toBeCloseTo(25, 1);
  expect(queue[1]).toBeCloseTo(50, 1);
});

test('without a neighbour that measures speed, the limit + 8 km/h is assumed, and said', async () => {
  const db = await smallLake(nightAndMorning(72));
  await db.run("UPDATE sites SET road = site_id; SET VARIABLE city_tz = 'UTC'");
  await estimateSpeeds(db);
  const [g, basis, free] = await one(
    db,
    'SELECT g_m, free_flow_basis, free_flow_kmh FROM single_loop_factors WHERE hour = 0',
  );
  expect(basis).toBe('assumed: limit + 8 km/h');
  expect(free).toBe(80);
  expect(g).toBeCloseTo(5.3333, 2);
});
