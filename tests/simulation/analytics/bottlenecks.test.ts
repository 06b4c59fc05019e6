import { beforeAll, describe, expect, it } from 'vitest';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import type { City } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { DAY_MS } from '#domain/instant.ts';
import {
  type BottlenecksFound,
  findBottlenecks,
  from,
  type Place,
  sitesApart,
} from './planted-bottlenecks.ts';
import { simulatedLake } from './simulated-lake.ts';

// Other seeds and longer: npm run study:bottlenecks
describe('a city of 300 sensors, three working days, the last with a moving jam', () => {
  let found: BottlenecksFound;
  beforeAll(async () => {
    found = await findBottlenecks(1, 3);
  }, 120_000);

  it('has each planted bottleneck found within one site of its place', () => {
    for (const b of found.planted) {
      expect(b.found, b.bottleneckId).toHaveLength(1);
      expect(b.found[0]!.part_of_day).toBe(b.peak === 'morning' ? 'am' : 'pm');
    }
  });

  it('has each working day’s queue found within ten minutes of its start and end', () => {
    expect(found.planted.map((b) => b.days.length)).toEqual([3, 3, 3]);
    const off = found.planted.flatMap((b) => b.days.flatMap((d) => d.ofQueue));
    expect(Math.max(...off), JSON.stringify(off)).toBeLessThanOrEqual(10);
  });

  it('names at most one other a week and 100 km, and the moving jam is in no list', () => {
    expect(found.others.length).toBeLessThanOrEqual(found.freewayKm / 100);
    expect(found.jams).toBeGreaterThan(0);
    expect(found.movingJams).toEqual([]);
  });
});

it('ties an episode to the incident that explains it, and does not call it recurrent', async () => {
  const city = simulatedCity({ seed: 3, sensors: 300, incidentsPer100KmDay: 6 });
  const day = { from, to: from + DAY_MS };
  const first = city.calendar.dayOf(from).number;
  const incidents = Array.from({ length: 1 }, (_, d) => city.incidentsOf(first + d)).flat();
  const lake = await simulatedLake(city, day, {
    incidents: incidents.map((i) => ({
      incident: i.incidentId,
      sites: [nearestSite(city, i)],
      from: new Date(i.from).toISOString(),
      to: new Date(i.to).toISOString(),
    })),
  });
  const answer = await runMeasure(lake, 'bottleneck-episodes', { from_at: day.from, to_at: day.to });
  if (!answer.computable) throw new Error(answer.because);
  const elsewhere = answer.rows.filter((row) => city.bottlenecks.every((b) => sitesApart(city, b, row) > 1));
  expect(elsewhere.length).toBeGreaterThan(0);
  const unexplained = elsewhere.filter((row) => row.incidents === 0);
  expect(unexplained).toEqual([]);
  const ranked = await runMeasure(lake, 'bottlenecks', { from_at: day.from, to_at: day.to });
  if (!ranked.computable) throw new Error(ranked.because);
  expect(ranked.rows.filter((row) => city.bottlenecks.every((b) => sitesApart(city, b, row) > 1))).toEqual(
    [],
  );
}, 120_000);

function nearestSite(city: City, place: Place): string {
  return city.sensors
    .filter((s) => s.road === place.road && s.direction === place.direction)
    .reduce((a, b) => (Math.abs(b.km - place.km) < Math.abs(a.km - place.km) ? b : a)).siteId;
}
