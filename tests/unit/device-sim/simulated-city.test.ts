import { expect, test } from 'vitest';
import { cityRegistry } from '#device-sim/city/city-registry.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { registryKinds } from '#domain/registry/entries.ts';

const city = simulatedCity({ seed: 1 });

test('the same seed makes the same city, another seed another', () => {
  const { sites, links, corridors, devices, installations, points } = city;
  const parts = { sites, links, corridors, devices, installations, points };
  const again = simulatedCity({ seed: 1 });
  expect(JSON.stringify({ ...parts })).toBe(
    JSON.stringify({
      sites: again.sites,
      links: again.links,
      corridors: again.corridors,
      devices: again.devices,
      installations: again.installations,
      points: again.points,
    }),
  );
  expect(simulatedCity({ seed: 2 }).devices).not.toEqual(city.devices);
});

test('every entry is one the registry takes, and none has the name of another', () => {
  const changes = cityRegistry(city, { validFrom: 0, domain: 'recording:city' });
  for (const change of changes) registryKinds[change.kind].schema.parse(change.body);
  expect(new Set(changes.map((c) => `${c.kind}/${c.id}`)).size).toBe(changes.length);
  expect(
    changes
      .filter((c) => c.kind === 'device')
      .every((c) => JSON.stringify(c.body).includes('recording:city')),
  ).toBe(true);
});

test.each([20, 60, 300, 1_000])('a city of %i makes so many readings a minute', (sensors) => {
  const made = simulatedCity({ seed: 3, sensors });
  expect(made.points).toHaveLength(sensors);
  const promised = made.installations.reduce(
    (sum, i) => sum + Math.max(1, i.lanes?.length ?? 0) * Math.max(1, i.directions?.length ?? 0),
    0,
  );
  expect(promised).toBe(sensors);
  expect(made.bottlenecks.map((b) => b.queueKm).sort()).toEqual([1.5, 4, 8]);
});

test('every device stands at a site, and every site of a road on a link of that road and direction', () => {
  const sites = new Map(city.sites.map((s) => [s.siteId, s]));
  const links = new Map(city.links.map((l) => [l.linkId, l]));
  for (const i of city.installations) expect(sites.has(i.siteId)).toBe(true);
  for (const s of city.sites) {
    if (s.linkId === undefined) continue;
    expect(links.get(s.linkId)).toMatchObject({ road: s.road, direction: s.direction });
  }
});

test('a corridor lists its sites in driving order, as far apart as they lie', () => {
  const sites = new Map(city.sites.map((s) => [s.siteId, s]));
  const freeways = city.corridors.filter((c) => c.corridorId.startsWith('F'));
  expect(freeways).toHaveLength(6);
  for (const corridor of freeways) {
    expect(corridor.sites.at(-1)!.km).toBeGreaterThan(15);
    corridor.sites.forEach((stop, i) => {
      if (i === 0) return;
      const before = corridor.sites[i - 1]!;
      const [a, b] = [sites.get(before.siteId)!.position!, sites.get(stop.siteId)!.position!];
      const north = (b.lat - a.lat) * 111.32;
      const east = (b.lon - a.lon) * 111.32 * Math.cos((a.lat * Math.PI) / 180);
      const crow = Math.hypot(north, east);
      expect(stop.km).toBeGreaterThan(before.km);
      expect(crow).toBeLessThanOrEqual(stop.km - before.km + 0.05);
      expect(crow).toBeGreaterThan((stop.km - before.km) * 0.95 - 0.05);
    });
  }
});

test('directions are named as the compass has them', () => {
  const sites = new Map(city.sites.map((s) => [s.siteId, s]));
  for (const corridor of city.corridors) {
    const first = sites.get(corridor.sites[0]!.siteId)!;
    const last = sites.get(corridor.sites.at(-1)!.siteId)!;
    const north = last.position!.lat - first.position!.lat;
    const east = (last.position!.lon - first.position!.lon) * 0.57;
    if (first.direction === 'northbound') expect(north).toBeGreaterThan(0);
    if (first.direction === 'southbound') expect(north).toBeLessThan(0);
    if (first.direction === 'eastbound') expect(east).toBeGreaterThan(0);
    if (first.direction === 'westbound') expect(east).toBeLessThan(0);
  }
});

test('around each bottleneck speeds are measured, within a site up and down the road', () => {
  for (const b of city.bottlenecks) {
    const near = city.sensors.filter(
      (s) => s.road === b.road && s.direction === b.direction && Math.abs(s.km - b.km) < 1.5,
    );
    expect(near.some((s) => s.km <= b.km)).toBe(true);
    expect(near.some((s) => s.km > b.km)).toBe(true);
    expect(near.every((s) => s.type !== 'single-loop')).toBe(true);
  }
});

test('a city of too few sensors is refused', () => {
  expect(() => simulatedCity({ seed: 1, sensors: 5 })).toThrow('a city needs 20 sensors or more, not 5');
});
