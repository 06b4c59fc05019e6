import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, expect, test } from 'vitest';
import { rowsOf } from '#analytics/measures/rows.ts';
import { smallLake } from '../../golden/measures/small-lake.ts';

type Ring = [lon: number, lat: number][];

let lake: DuckDBConnection;
beforeAll(async () => {
  lake = await smallLake({});
});

async function centreOf(...rings: Ring[]) {
  await lake.run(`DELETE FROM zones; INSERT INTO zones BY NAME SELECT 'z' AS zone_id, '${JSON.stringify(rings)}'::JSON AS rings,
    TIMESTAMPTZ '1970-01-01 00:00:00Z' AS valid_from, TIMESTAMPTZ 'infinity' AS valid_to`);
  const [row] = await rowsOf(lake, 'SELECT lon, lat FROM zone_facts');
  return [row!.lon, row!.lat].map((degrees) => Math.round((degrees as number) * 1e9) / 1e9);
}

const square = (west: number, south: number, side: number): Ring => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
];

test('the centre of a zone is that of its area, whichever way round a ring is drawn, closed or not', async () => {
  // An L of three unit squares at (0,0), (1,0), (0,1): mean of their centres.
  const l: Ring = [
    [4, 52],
    [6, 52],
    [6, 53],
    [5, 53],
    [5, 54],
    [4, 54],
    [4, 52],
  ];
  const expected = [4 + (0.5 + 1.5 + 0.5) / 3, 52 + (0.5 + 0.5 + 1.5) / 3].map(
    (x) => Math.round(x * 1e9) / 1e9,
  );
  expect(await centreOf(l)).toEqual(expected);
  expect(await centreOf(l.toReversed())).toEqual(expected);
  expect(await centreOf(l.slice(0, -1))).toEqual(expected);
});

test('a hole counts against it, an island for it, though rings are drawn alike', async () => {
  // Four by four about (2, 2), less one by one about (3.5, 3.5): (16 * 2 - 3.5) / 15.
  const hole = square(13, 13, 1);
  expect(await centreOf(square(10, 10, 4), hole)).toEqual([11.9, 11.9]);
  expect(await centreOf(square(10, 10, 4), hole.toReversed())).toEqual([11.9, 11.9]);
  // Two squares of the same size: half-way.
  expect(await centreOf(square(10, 10, 1), square(14, 10, 1).toReversed())).toEqual([12.5, 10.5]);
});

test('a zone is what it was last in the asked period', async () => {
  const at = (day: number) => `TIMESTAMPTZ '2024-05-${day} 00:00:00Z'`;
  const ring = JSON.stringify([square(4, 52, 1)]);
  await lake.run(`DELETE FROM zones; INSERT INTO zones BY NAME SELECT 'z' AS zone_id, '${ring}'::JSON AS rings, * FROM (VALUES
    (100, ${at(10)}, ${at(20)}), (200, ${at(20)}, TIMESTAMPTZ 'infinity')) AS t(population, valid_from, valid_to)`);
  const peopleUntil = async (from: number, to: number) => {
    await lake.run(`SET VARIABLE from_at = ${at(from)}; SET VARIABLE to_at = ${at(to)}`);
    return (await rowsOf(lake, 'SELECT population FROM zone_facts')).map((r) => r.population);
  };
  expect(await peopleUntil(12, 15)).toEqual([100]);
  expect(await peopleUntil(15, 25)).toEqual([200]);
  await lake.run('RESET VARIABLE from_at; RESET VARIABLE to_at');
});
