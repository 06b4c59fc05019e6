import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLake } from '#analytics/lake/open-lake.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import { type RegistryChange, registryView } from '#domain/registry/registry.ts';
import { networkChanges } from '#ingest/network/network-changes.ts';
import { parseNetwork } from '#ingest/network/parse-network.ts';

const square = [
  [4, 52],
  [5, 52],
  [5, 53],
  [4, 52],
];
const zones = (...properties: object[]) =>
  parseNetwork(
    JSON.stringify({
      type: 'FeatureCollection',
      features: properties.map((p) => ({
        type: 'Feature',
        properties: p,
        geometry: { type: 'Polygon', coordinates: [square] },
      })),
    }),
    'geojson',
  );

test('a zone has its people, its deprivation and the people of each group, as numbers or as text', () => {
  const { changes, problems } = zones(
    { zoneId: 'a', population: 1200, deprivation: -1.5, people_over65: 300, people_carless: '0' },
    { zoneId: 'b', population: '800.5', deprivation: '42' },
    { zoneId: 'c', population: null, deprivation: '', people_over65: null },
  );
  expect(problems).toEqual([]);
  expect(changes.map(({ body }) => body)).toEqual([
    {
      zoneId: 'a',
      rings: [square],
      population: 1_200,
      deprivation: -1.5,
      people: { over65: 300, carless: 0 },
    },
    { zoneId: 'b', rings: [square], population: 800.5, deprivation: 42 },
    { zoneId: 'c', rings: [square] },
  ]);
});

test('a number that can not be one is left out by name, the rest of the zone is read', () => {
  const { changes, problems } = zones(
    { zoneId: 'a', population: -5, deprivation: 'high', people_young: 10 },
    { zoneId: 'b', population: 100, people_young: 101, people_old: 'many', people_few: -1, people_some: 7 },
    { zoneId: 'c', population: 100, people_all: 100 },
  );
  expect(changes.map(({ body }) => body)).toEqual([
    { zoneId: 'a', rings: [square], people: { young: 10 } },
    { zoneId: 'b', rings: [square], population: 100, people: { some: 7 } },
    { zoneId: 'c', rings: [square], population: 100 },
  ]);
  expect(problems.map(({ row, problem }) => `${row}: ${problem}`)).toEqual([
    expect.stringMatching(/^1: zone a is read without its population, -5: /),
    expect.stringMatching(/^1: zone a is read without its deprivation, "high": /),
    '2: zone b is read without its people_young, 101: is more than the population, 100',
    '2: zone b is read without its people_old, "many": is no number of people',
    '2: zone b is read without its people_few, -1: is no number of people',
    '3: zone c is read without its people_all, 100: all is everybody, no group',
  ]);
});

test('a new census holds from its date on, the one before it until then, and both are rows of the lake', async () => {
  const [first, second] = [1_000, 2_000];
  const change = (census: object, version: number, validFrom: number, before: RegistryChange[]) => {
    const { changes } = networkChanges(registryView(before), zones({ zoneId: 'a', ...census }), validFrom);
    return [...before, ...changes.map((c) => ({ ...c, version, changedAt: validFrom }))];
  };
  const census = { population: 100, deprivation: 3, people_young: 10 };
  const once = change(census, 1, first, []);
  expect(change(census, 2, second, once)).toEqual(once);
  const registry = registryView(change({ population: 120 }, 2, second, once));
  const directory = await mkdtemp(join(tmpdir(), 'headway-zones-'));
  const lake = await openLake({ directory, registry, city: { name: 'Testville', timezone: 'UTC' } });
  const rows = await rowsOf(
    lake,
    `SELECT population, deprivation, people['young'] AS young, epoch_ms(valid_from) AS from_ms, isfinite(valid_to) AS ended
     FROM zones ORDER BY valid_from`,
  );
  lake.closeSync();
  rmSync(directory, { recursive: true });
  expect(rows).toEqual([
    { population: 100, deprivation: 3, young: 10, from_ms: first, ended: true },
    { population: 120, deprivation: null, young: null, from_ms: second, ended: false },
  ]);
});
