import { expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { cityTraffic } from '#device-sim/traffic/city-traffic.ts';
import { HOUR_MS, MINUTE_MS, parseInstant } from '#domain/instant.ts';

const first = parseInstant('2026-10-01T12:00:00Z')!;

function jamsFrom(seed: number, day: number, days: number) {
  const city = simulatedCity({ seed, sensors: 150, incidentsPer100KmDay: 0 });
  const number = city.calendar.dayOf(day).number;
  const jams = Array.from({ length: days }, (_, d) => city.movingJamOf(number + d)).filter(
    (j) => j !== undefined,
  );
  return { city, jams };
}

test('any fortnight has exactly one moving jam', () => {
  const { city } = jamsFrom(5, first, 0);
  const day = city.calendar.dayOf(first).number;
  for (let start = day; start < day + 14; start++) {
    const jams = Array.from({ length: 14 }, (_, d) => city.movingJamOf(start + d)).filter(
      (j) => j !== undefined,
    );
    expect(jams).toHaveLength(1);
  }
});

for (const seed of [1, 2]) {
  test(`seed ${seed}: the jam wanders upstream at 18 km/h and stays over each place for minutes only`, () => {
    const { city, jams } = jamsFrom(seed, first, 14);
    const jam = jams[0]!;
    const watching = city.sensors
      .filter((s) => s.road === jam.road && s.direction === jam.direction)
      .filter((s) => s.km > jam.toKm + 1 && s.km < jam.fromKm - 1);
    const slow = new Map(watching.map((s) => [s, [] as number[]]));
    const span = { from: jam.from - HOUR_MS, to: jam.to + HOUR_MS };
    for (const minute of cityTraffic(city, span)) {
      for (const [sensor, minutes] of slow) {
        const speed = minute.speedKmh[sensor.firstPoint]!;
        if (speed < 40 || Number.isNaN(speed)) minutes.push((minute.at - jam.from) / MINUTE_MS);
      }
    }
    const seen = [...slow].filter(([, minutes]) => minutes.length > 0);
    expect(seen.length).toBeGreaterThanOrEqual(watching.length - 1);
    for (const [, minutes] of seen) expect(minutes.length).toBeLessThanOrEqual(7);
    const points = seen.map(([s, minutes]) => ({
      km: s.km,
      h: minutes.reduce((a, b) => a + b) / minutes.length / 60,
    }));
    const meanKm = points.reduce((a, p) => a + p.km, 0) / points.length;
    const meanH = points.reduce((a, p) => a + p.h, 0) / points.length;
    const slope =
      points.reduce((a, p) => a + (p.h - meanH) * (p.km - meanKm), 0) /
      points.reduce((a, p) => a + (p.h - meanH) ** 2, 0);
    expect(slope).toBeGreaterThan(-20);
    expect(slope).toBeLessThan(-16);
  });
}
