import { expect, test } from 'vitest';
import type { Sensor } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import type { Fault, FaultKind } from '#device-sim/faults/fault.ts';
import { DAY_MS, formatInstant, HOUR_MS, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import type { TrafficFlow } from '#domain/readings/traffic-flow.ts';
import { sent } from './sent.ts';

const city = simulatedCity({ seed: 21, sensors: 60 });
const from = parseInstant('2026-10-13T09:00:00Z')!;
const span = { from, to: from + 6 * HOUR_MS };
const faultFrom = from + HOUR_MS;
const faultTo = from + 4 * HOUR_MS;
const healthy = sent(city, span);

const freeway = (s: Sensor) => city.points[s.firstPoint]!.watches.type === 'freeway';
const loop = city.sensors.find((s) => s.type === 'dual-loop' && s.points === 1 && freeway(s))!;
const camera = city.sensors.find((s) => s.type === 'camera')!;
const byLane = city.sensors.find((s) => s.points === 3)!;
const twoWay = city.sensors.find((s) => s.points === 2)!;

const fault = (kind: FaultKind, sensors: readonly Sensor[], details: Partial<Fault> = {}): Fault => ({
  faultId: kind,
  kind,
  deviceIds: sensors.map((s) => s.deviceId),
  from: faultFrom,
  to: faultTo,
  ...details,
});
const withFault = (kind: FaultKind, sensors: readonly Sensor[], details: Partial<Fault> = {}) =>
  sent(city, span, { faults: [fault(kind, sensors, details)] });

const inFault = (r: TrafficFlow) => {
  const at = parseInstant(r.observedAt)!;
  return at >= faultFrom && at < faultTo;
};
const outside = (r: TrafficFlow) => !inFault(r);
const id = (r: TrafficFlow) => `${r.observedAt}/${r.lane ?? 0}/${r.direction ?? ''}`;
const json = (readings: TrafficFlow[]) => readings.map((r) => JSON.stringify(r)).sort();
const vehicles = (readings: TrafficFlow[]) => readings.reduce((sum, r) => sum + (r.count ?? 0), 0);

test('a fault touches nobody but its own device', () => {
  const one = withFault('undercount', [loop]);
  for (const sensor of city.sensors) {
    if (sensor === loop) continue;
    expect(one.of(sensor.deviceId)).toEqual(healthy.of(sensor.deviceId));
  }
});

test('lose: a fifth of the readings never arrives, the others as ever', () => {
  const readings = withFault('lose', [loop], { share: 0.2 }).readings(loop.deviceId);
  const all = new Set(json(healthy.readings(loop.deviceId)));
  expect(json(readings).every((r) => all.has(r))).toBe(true);
  expect(readings.filter(outside)).toHaveLength(180);
  const lost = 180 - readings.filter(inFault).length;
  expect(lost).toBeGreaterThan(20);
  expect(lost).toBeLessThan(55);
});

test('repeat: the same readings come twice, at once or in a later message, and none other', () => {
  const all = withFault('repeat', [loop], { share: 0.15 });
  const readings = all.readings(loop.deviceId);
  expect(new Set(json(readings))).toEqual(new Set(json(healthy.readings(loop.deviceId))));
  const repeats = readings.length - 360;
  expect(repeats).toBeGreaterThan(12);
  expect(repeats).toBeLessThan(45);
  expect(all.sums.get(loop.deviceId)).toMatchObject({ counted: 360, duplicate: repeats, restated: 0 });
  const messagesOf = (key: string) =>
    all.of(loop.deviceId).filter((m) => m.readings.some((r) => id(r) === key));
  const counts = Map.groupBy(readings, id);
  const later = [...counts].filter(([key, list]) => list.length > 1 && messagesOf(key).length > 1);
  expect(later.length).toBeGreaterThan(0);
});

test('delay: nothing comes while the line is down, then everything, unchanged and in order', () => {
  const messages = withFault('delay', [loop]).of(loop.deviceId);
  expect(messages.flatMap((m) => m.readings)).toEqual(healthy.readings(loop.deviceId));
  const during = messages.filter((m) => m.receivedAt > faultFrom + 12 * MINUTE_MS && m.receivedAt < faultTo);
  expect(during).toEqual([]);
  const back = messages.find((m) => m.receivedAt >= faultTo)!;
  expect(back.readings.length).toBeGreaterThanOrEqual(170);
});

test('reorder: the same readings in another order, within messages and between them', () => {
  const messages = withFault('reorder', [loop]).of(loop.deviceId);
  const readings = messages.flatMap((m) => m.readings);
  expect(json(readings)).toEqual(json(healthy.readings(loop.deviceId)));
  const times = readings.map((r) => r.observedAt);
  expect(times).not.toEqual([...times].sort());
  const spans = messages.map((m) => m.readings.map((r) => r.observedAt).sort());
  const overlaps = spans.slice(1).filter((s, i) => spans[i]!.length > 0 && s[0]! < spans[i]!.at(-1)!);
  expect(overlaps.length).toBeGreaterThan(0);
});

test('restate: a tenth comes again, later and with other content', () => {
  for (const sensor of [loop, camera]) {
    const all = withFault('restate', [sensor], { share: 0.1 });
    const readings = all.readings(sensor.deviceId);
    const restated = [...Map.groupBy(readings, id).values()].filter((list) => list.length > 1);
    expect(restated.length).toBeGreaterThan(5);
    for (const [first, second] of restated) {
      expect(second!.count).toBeGreaterThan(first!.count!);
      if (second!.counts) expect(Object.values(second!.counts).reduce((a, b) => a + b)).toBe(second!.count);
    }
    const sums = all.sums.get(sensor.deviceId)!;
    expect(sums).toMatchObject({ counted: 360, duplicate: 0, restated: restated.length });
    const more = restated.reduce((sum, [first, second]) => sum + second!.count! - first!.count!, 0);
    expect(sums.vehicles).toBe(vehicles(healthy.readings(sensor.deviceId)) + more);
  }
});

test('a clock an hour slow: readings carry a time an hour old, and fall on readings already sent', () => {
  const all = withFault('clock-hour', [loop], { clockOffsetS: -3_600 });
  const readings = all.readings(loop.deviceId);
  const expected = healthy.readings(loop.deviceId).map((r) => {
    const at = parseInstant(r.observedAt)!;
    return inFault(r) ? { ...r, observedAt: formatInstant(at - HOUR_MS) } : r;
  });
  expect(readings).toEqual(expected);
  const sums = all.sums.get(loop.deviceId)!;
  expect(sums.counted).toBe(new Set(readings.map(id)).size);
  expect(sums.restated + sums.duplicate).toBe(60);
  expect(sums.ahead).toBe(0);
});

test('a clock an hour fast: what comes more than a minute before its time is expected in quarantine', () => {
  const all = withFault('clock-hour', [loop], { clockOffsetS: 3_600 });
  const early = all
    .of(loop.deviceId)
    .flatMap((m) => m.readings.filter((r) => parseInstant(r.observedAt)! > m.receivedAt + MINUTE_MS));
  expect(early.length).toBeGreaterThan(150);
  expect(all.sums.get(loop.deviceId)!.ahead).toBe(early.length);
});

test('a clock some minutes off shifts every reading by that much', () => {
  const readings = withFault('clock-minutes', [loop], { clockOffsetS: -317 }).readings(loop.deviceId);
  const shifted = readings.filter((r) => parseInstant(r.observedAt)! % MINUTE_MS !== 0);
  expect(shifted).toHaveLength(180);
  expect(shifted[0]!.observedAt).toBe(formatInstant(faultFrom - 317_000));
});

test('stuck: the values of the first minute again and again, then free again', () => {
  const readings = withFault('stuck', [loop]).readings(loop.deviceId);
  const values = (r: TrafficFlow) => JSON.stringify([r.count, r.speedKmh, r.occupancy]);
  expect(new Set(readings.filter(inFault).map(values)).size).toBe(1);
  expect(readings.filter(outside)).toEqual(healthy.readings(loop.deviceId).filter(outside));
});

test('silent: nothing of that time is ever sent', () => {
  const all = withFault('silent', [loop]);
  expect(all.readings(loop.deviceId)).toEqual(healthy.readings(loop.deviceId).filter(outside));
  expect(all.sums.get(loop.deviceId)).toMatchObject({ made: 360, lost: 180, sent: 180, counted: 180 });
});

test('a dead cabinet silences all its eight sensors at once', () => {
  const eight = city.sensors.slice(0, 8);
  const all = withFault('dead-cabinet', eight);
  for (const sensor of eight) expect(all.readings(sensor.deviceId).filter(inFault)).toEqual([]);
});

test('chattering: vehicles that were not there, too short to be vehicles', () => {
  const readings = withFault('chattering', [loop]).readings(loop.deviceId);
  const truly = healthy.readings(loop.deviceId);
  expect(vehicles(readings.filter(inFault))).toBeGreaterThan(1.25 * vehicles(truly.filter(inFault)));
  const lengthM = (list: TrafficFlow[]) => {
    const seen = list.filter((r) => r.speedKmh !== undefined);
    const covered = seen.reduce((sum, r) => sum + (r.occupancy! * 60 * 3 * r.speedKmh!) / 3.6, 0);
    return covered / vehicles(seen);
  };
  expect(lengthM(readings.filter(inFault))).toBeLessThan(0.85 * lengthM(truly.filter(inFault)));
});

test('undercount: 15 % of the vehicles are missing, each of the others as long as ever', () => {
  const readings = withFault('undercount', [loop]).readings(loop.deviceId);
  const truly = healthy.readings(loop.deviceId);
  expect(vehicles(readings.filter(inFault)) / vehicles(truly.filter(inFault))).toBeCloseTo(0.85, 2);
  const covered = (list: TrafficFlow[]) => list.reduce((sum, r) => sum + r.occupancy!, 0) / vehicles(list);
  expect(covered(readings.filter(inFault)) / covered(truly.filter(inFault))).toBeCloseTo(1, 1);
  expect(readings.filter(outside)).toEqual(truly.filter(outside));
});

test('swapped lanes: the kerb lane reports what the fast lane carries', () => {
  const readings = withFault('swapped-lanes', [byLane]).readings(byLane.deviceId).filter(inFault);
  const truly = healthy.readings(byLane.deviceId).filter(inFault);
  const mean = (list: TrafficFlow[], lane: number) => {
    const speeds = list.filter((r) => r.lane === lane && r.speedKmh !== undefined).map((r) => r.speedKmh!);
    return speeds.reduce((a, b) => a + b) / speeds.length;
  };
  expect(mean(truly, 3)).toBeGreaterThan(mean(truly, 1) + 8);
  expect(mean(readings, 1)).toBeGreaterThan(mean(readings, 3) + 8);
  expect(mean(readings, 2)).toBeCloseTo(mean(truly, 2), 0);
});

test('swapped directions: each of a pair reports the other carriageway', () => {
  const east = city.sensors.find(
    (s) => s.opposite !== undefined && s.points === 1 && s.type === 'dual-loop',
  )!;
  const west = city.sensors[east.opposite!]!;
  const all = withFault('swapped-directions', [east, west]);
  const counts = (run: typeof all, sensor: Sensor) => vehicles(run.readings(sensor.deviceId).filter(inFault));
  expect(Math.abs(counts(healthy, east) / counts(healthy, west) - 1)).toBeGreaterThan(0.02);
  expect(Math.abs(counts(all, east) / counts(healthy, west) - 1)).toBeLessThan(0.02);
  expect(Math.abs(counts(all, west) / counts(healthy, east) - 1)).toBeLessThan(0.02);
});

test('swapped directions: a two-way sensor has its directions exchanged', () => {
  const [one, other] = city.installations.find((i) => i.deviceId === twoWay.deviceId)!.directions!;
  const all = withFault('swapped-directions', [twoWay]);
  const total = (run: typeof all, direction: string) =>
    vehicles(run.readings(twoWay.deviceId).filter((r) => inFault(r) && r.direction === direction));
  expect(Math.abs(total(all, one!) - total(healthy, other!))).toBeLessThan(0.05 * total(healthy, other!) + 5);
  expect(Math.abs(total(all, other!) - total(healthy, one!))).toBeLessThan(0.05 * total(healthy, one!) + 5);
});

test('a device that was away for over a week is expected in quarantine, behind', () => {
  const long = { from, to: from + 9 * DAY_MS };
  const delay = { ...fault('delay', [loop]), from: from + HOUR_MS, to: from + 8 * DAY_MS };
  const hamlet = simulatedCity({ seed: 21, sensors: 20 });
  const away = hamlet.sensors.find((s) => s.points === 1)!;
  const all = sent(hamlet, long, {
    faults: [{ ...delay, deviceIds: [away.deviceId] }],
    detail: 'sums',
    batchMinutes: 60,
  });
  const sums = all.sums.get(away.deviceId)!;
  expect(sums.behind).toBeGreaterThan(22 * 60);
  expect(sums.behind + sums.counted).toBe(9 * 1_440);
});
