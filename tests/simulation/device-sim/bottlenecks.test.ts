import { expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { cityTraffic } from '#device-sim/traffic/city-traffic.ts';
import { parseInstant } from '#domain/instant.ts';

const from = parseInstant('2026-10-05T00:00:00+01:00')!;
const to = parseInstant('2026-10-19T00:00:00+01:00')!;

/** The longest queue of each bottleneck on each local day of two weeks. */
function longestQueues(seed: number) {
  const city = simulatedCity({ seed, sensors: 60, incidentsPer100KmDay: 0 });
  const days = city.bottlenecks.map(() => new Map<string, { km: number; hours: Set<number> }>());
  for (const minute of cityTraffic(city, { from, to })) {
    minute.queueKm.forEach((km, b) => {
      const day = days[b]!.get(minute.day.date) ?? { km: 0, hours: new Set() };
      day.km = Math.max(day.km, km);
      if (km > 0) day.hours.add(Math.floor(city.calendar.minuteOfDay(minute.at) / 60));
      days[b]!.set(minute.day.date, day);
    });
  }
  return { city, days };
}

for (const seed of [1, 20]) {
  test(`seed ${seed}: the three bottlenecks queue as long as planted on weekdays, and not at weekends`, () => {
    const { city, days } = longestQueues(seed);
    expect(city.bottlenecks.map((b) => [b.capacityShare, b.queueKm]).sort()).toEqual([
      [0.65, 8],
      [0.8, 4],
      [0.9, 1.5],
    ]);
    city.bottlenecks.forEach((bottleneck, b) => {
      const all = [...days[b]!.values()];
      const working = all.filter((_, n) => n % 7 < 5);
      const weekdays = working.map((d) => d.km);
      const median = [...weekdays].sort((x, y) => x - y)[5]!;
      expect(Math.abs(median - bottleneck.queueKm)).toBeLessThan(0.31 + 0.1 * bottleneck.queueKm);
      for (const km of weekdays) expect(km).toBeGreaterThan(0);
      for (const [n, d] of all.entries()) if (n % 7 >= 5) expect(d.km).toBe(0);
      const peakHour = bottleneck.peak === 'morning' ? 8 : 17;
      for (const d of working) expect(d.hours).toContain(peakHour);
      const inPeak = [...all[1]!.hours].every((h) => Math.abs(h - peakHour) <= 3);
      expect(inPeak).toBe(true);
    });
  });
}

test('nowhere but behind the bottlenecks is a freeway slow, but for the moving jam', () => {
  const city = simulatedCity({ seed: 4, sensors: 120, incidentsPer100KmDay: 0 });
  let elsewhere = 0;
  for (const minute of cityTraffic(city, { from, to })) {
    const jam = city.movingJamOf(minute.day.number);
    const jamNow = jam && minute.at >= jam.from && minute.at < jam.to + 600_000;
    for (const point of city.points) {
      if (point.watches.type !== 'freeway') continue;
      const freeway = city.freeways[point.watches.freeway]!;
      if (freeway.bottleneck && point.watches.cell <= freeway.bottleneck.cell) continue;
      if (jamNow && jam.freeway === point.watches.freeway) continue;
      if (minute.count[point.index]! >= 10 && minute.speedKmh[point.index]! < 64) elsewhere++;
    }
  }
  expect(elsewhere).toBe(0);
});
