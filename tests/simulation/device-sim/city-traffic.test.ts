import { expect, test } from 'vitest';
import type { City } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { cityTraffic } from '#device-sim/traffic/city-traffic.ts';
import { DAY_MS, HOUR_MS, type Instant, parseInstant } from '#domain/instant.ts';

const at = (text: string): Instant => parseInstant(text)!;

/** Vehicles by local hour on all points. */
function byHour(city: City, from: Instant, to: Instant): number[] {
  const hours = new Array<number>(24).fill(0);
  for (const minute of cityTraffic(city, { from, to })) {
    const hour = Math.floor(city.calendar.minuteOfDay(minute.at) / 60);
    for (const n of minute.count) hours[hour]! += n;
  }
  return hours;
}

test('a minute is the same wherever the simulation started', () => {
  const city = simulatedCity({ seed: 9, sensors: 60 });
  const run = (from: Instant) => {
    const kept: number[] = [];
    for (const minute of cityTraffic(city, { from, to: at('2026-10-14T09:00:00Z') })) {
      if (minute.at < at('2026-10-14T08:30:00Z')) continue;
      kept.push(
        ...minute.count,
        ...minute.trucks,
        ...minute.speedKmh,
        ...minute.occupancy,
        ...minute.queueKm,
      );
    }
    return kept;
  };
  expect(run(at('2026-10-14T08:30:00Z'))).toEqual(run(at('2026-10-12T17:11:00Z')));
});

test('speed, flow and occupancy fit together: the vehicle they imply is 4 to 9 m long', () => {
  const city = simulatedCity({ seed: 2, sensors: 120 });
  let checked = 0;
  let lengths = 0;
  for (const minute of cityTraffic(city, {
    from: at('2026-10-13T05:00:00Z'),
    to: at('2026-10-13T20:00:00Z'),
  })) {
    for (const point of city.points) {
      const p = point.index;
      const count = minute.count[p]!;
      if (count < 15 || minute.speedKmh[p]! < 12) continue;
      const lengthM = (minute.occupancy[p]! * 60 * point.lanes * (minute.speedKmh[p]! / 3.6)) / count;
      expect(lengthM).toBeGreaterThan(4);
      expect(lengthM).toBeLessThan(9);
      expect(minute.occupancy[p]!).toBeLessThan(1);
      lengths += lengthM;
      checked++;
    }
  }
  expect(checked).toBeGreaterThan(10_000);
  expect(lengths / checked).toBeGreaterThan(6);
  expect(lengths / checked).toBeLessThan(7);
});

test('classes add up to the count, and between two points without a ramp no vehicle is lost', () => {
  const city = simulatedCity({ seed: 2, sensors: 300 });
  const freeway = city.freeways[2]!;
  const ramps = [...freeway.offRamps, ...freeway.onRamps].map((r) => r.cell);
  const along = city.points
    .filter((p) => p.watches.type === 'freeway' && p.watches.freeway === 2 && p.lane === 0)
    .map((p) => ({ p: p.index, cell: p.watches.type === 'freeway' ? p.watches.cell : 0 }))
    .sort((a, b) => a.cell - b.cell);
  const pairs = along
    .slice(1)
    .map((b, i) => [along[i]!, b] as const)
    .filter(([a, b]) => !ramps.some((cell) => cell >= a.cell && cell <= b.cell + 1));
  expect(pairs.length).toBeGreaterThan(5);
  const passed = new Float64Array(city.points.length);
  const from = at('2026-10-13T03:00:00Z');
  for (const minute of cityTraffic(city, { from, to: from + 23 * HOUR_MS })) {
    for (const { index } of city.points) {
      const classes =
        minute.cars[index]! + minute.vans[index]! + minute.trucks[index]! + minute.buses[index]!;
      if (classes !== minute.count[index]) expect(classes).toBe(minute.count[index]);
      passed[index]! += minute.count[index]!;
    }
  }
  for (const [a, b] of pairs) {
    expect(passed[a.p]!).toBeGreaterThan(20_000);
    // What is on the road between them at the end, and a rounding.
    expect(Math.abs(passed[a.p]! - passed[b.p]!)).toBeLessThan(30);
  }
});

test('the morning peak keeps to the wall clock across both clock changes', () => {
  const city = simulatedCity({ seed: 6, sensors: 40, incidentsPer100KmDay: 0 });
  const spring = ['2026-03-27T00:00:00Z', '2026-03-30T00:00:00+01:00'].map(at);
  const autumn = ['2026-10-23T00:00:00+01:00', '2026-10-26T00:00:00Z'].map(at);
  for (const start of [...spring, ...autumn]) {
    const hours = byHour(city, start, start + DAY_MS);
    const morning = hours.slice(0, 12).indexOf(Math.max(...hours.slice(0, 12)));
    expect([7, 8]).toContain(morning);
  }
  const lost = byHour(city, at('2026-03-29T00:00:00Z'), at('2026-03-30T00:00:00+01:00'));
  expect(lost[1]).toBe(0);
  const twice = byHour(city, at('2026-10-25T00:00:00+01:00'), at('2026-10-26T00:00:00Z'));
  const once = byHour(city, at('2026-10-18T00:00:00+01:00'), at('2026-10-19T00:00:00+01:00'));
  expect(twice[1]! / once[1]!).toBeGreaterThan(1.7);
  expect(twice[1]! / once[1]!).toBeLessThan(2.3);
});

test('trucks are a larger share of the counted vehicles by night than by day', () => {
  const city = simulatedCity({ seed: 6, sensors: 60 });
  const share = (from: string, to: string) => {
    let trucks = 0;
    let all = 0;
    for (const minute of cityTraffic(city, { from: at(from), to: at(to) })) {
      for (const point of city.points) {
        if (point.watches.type !== 'freeway') continue;
        trucks += minute.trucks[point.index]!;
        all += minute.count[point.index]!;
      }
    }
    return trucks / all;
  };
  expect(share('2026-10-13T10:00:00Z', '2026-10-13T14:00:00Z')).toBeLessThan(0.12);
  expect(share('2026-10-13T00:00:00Z', '2026-10-13T03:00:00Z')).toBeGreaterThan(0.17);
});

test('some rural roads are truly empty from 23:00 to 05:00, others are not, and by day all have traffic', () => {
  const city = simulatedCity({ seed: 3, sensors: 300 });
  const night = new Map<string, number>();
  const day = new Map<string, number>();
  for (const minute of cityTraffic(city, {
    from: at('2026-10-13T00:00:00Z'),
    to: at('2026-10-15T00:00:00Z'),
  })) {
    const hour = Math.floor(city.calendar.minuteOfDay(minute.at) / 60);
    for (const point of city.points) {
      if (point.watches.type !== 'street') continue;
      const street = city.streets[point.watches.street]!;
      if (street.type !== 'rural') continue;
      const sums = hour >= 23 || hour < 5 ? night : day;
      sums.set(street.road, (sums.get(street.road) ?? 0) + minute.count[point.index]!);
    }
  }
  const empty = new Set(city.streets.filter((s) => s.emptyAtNight).map((s) => s.road));
  expect(empty.size).toBeGreaterThanOrEqual(2);
  expect(empty.size).toBeLessThan(night.size);
  for (const [road, vehicles] of night) {
    if (empty.has(road)) expect(vehicles).toBe(0);
    else expect(vehicles).toBeGreaterThan(0);
  }
  for (const vehicles of day.values()) expect(vehicles).toBeGreaterThan(500);
});

test('a planted change scales the traffic of its road from its day on, and of no other', () => {
  const from = at('2026-10-13T00:00:00+01:00');
  const options = { seed: 12, sensors: 60, incidentsPer100KmDay: 0 };
  const before = simulatedCity(options);
  const road = before.freeways.find((f) => f.road === 'F2' && !f.bottleneck)!;
  const after = simulatedCity({
    ...options,
    changes: [{ road: road.road, direction: road.direction, from: from + DAY_MS, factor: 0.92 }],
  });
  const daily = (city: City, onRoad: boolean) => {
    const days = [0, 0];
    for (const minute of cityTraffic(city, { from, to: from + 2 * DAY_MS })) {
      for (const sensor of city.sensors) {
        if ((sensor.road === road.road && sensor.direction === road.direction) !== onRoad) continue;
        days[minute.at < from + DAY_MS ? 0 : 1]! += minute.count[sensor.firstPoint]!;
      }
    }
    return days as [number, number];
  };
  const there = [daily(before, true), daily(after, true)] as const;
  expect(there[1][0]).toBe(there[0][0]);
  expect(there[1][1] / there[0][1]).toBeCloseTo(0.92, 2);
  expect(daily(after, false)).toEqual(daily(before, false));
});

test('two weeks of 300 points take seconds of processor time', () => {
  const city = simulatedCity({ seed: 1 });
  const from = at('2026-10-05T00:00:00Z');
  const started = process.cpuUsage();
  let minutes = 0;
  for (const _ of cityTraffic(city, { from, to: from + 2 * DAY_MS })) minutes++;
  const used = process.cpuUsage(started);
  const perFortnightS = ((used.user + used.system) / 1e6) * 7;
  expect(minutes).toBe(2_880);
  expect(perFortnightS).toBeLessThan(20);
});
