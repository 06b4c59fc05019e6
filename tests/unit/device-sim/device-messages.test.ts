import { expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import { deviceMessages } from '#device-sim/messages/device-messages.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import { sent } from './sent.ts';

const from = parseInstant('2026-10-13T05:00:00Z')!;
const city = simulatedCity({ seed: 11, sensors: 120 });
const trafficFlow = readingKinds.find((k) => k.kind === 'traffic-flow')!;

test('every reading is one that admission takes: by the schema, and possible', () => {
  const span = { from, to: from + 4 * HOUR_MS };
  const all = sent(city, span, { faults: plantedFaults(city, span) });
  const readings = all.messages.flatMap((m) => m.readings);
  expect(readings.map((r) => trafficFlow.schema.safeParse(r).error?.message).filter(Boolean)).toEqual([]);
  expect(readings.map((r) => trafficFlow.impossible(r)).filter(Boolean)).toEqual([]);
  expect(readings.length).toBeGreaterThan(120 * 200);
});

test('each sensor sends one reading a minute for each lane and direction, each once, batched', () => {
  const span = { from, to: from + 3 * HOUR_MS };
  const all = sent(city, span, { batchMinutes: 15 });
  for (const sensor of city.sensors) {
    const readings = all.readings(sensor.deviceId);
    const ids = new Set(readings.map((r) => `${r.observedAt}/${r.lane ?? 0}/${r.direction ?? ''}`));
    expect(readings).toHaveLength(180 * sensor.points);
    expect(ids.size).toBe(readings.length);
    expect(all.of(sensor.deviceId).length).toBeLessThanOrEqual(13);
  }
});

test('messages come in the order they are received, each within two minutes of its last reading', () => {
  const all = sent(city, { from, to: from + HOUR_MS }, { batchMinutes: 5 });
  let before = 0;
  for (const message of all.messages) {
    expect(message.receivedAt).toBeGreaterThanOrEqual(before);
    before = message.receivedAt;
    const last = parseInstant(message.readings.at(-1)!.observedAt)!;
    expect(message.receivedAt - last).toBeGreaterThan(MINUTE_MS);
    if (message.receivedAt < from + HOUR_MS) expect(message.receivedAt - last).toBeLessThan(2 * MINUTE_MS);
  }
});

test('the same city, span and faults send the same bytes', () => {
  const span = { from, to: from + 2 * HOUR_MS };
  const bytes = () => {
    const again = simulatedCity({ seed: 11, sensors: 120 });
    const faults = plantedFaults(again, span);
    return [...deviceMessages(again, { ...span, batchMinutes: 10, faults })].map(
      (m) => `${m.receivedAt} ${m.deviceId} ${Buffer.from(m.payload).toString()}`,
    );
  };
  expect(bytes()).toEqual(bytes());
});

test('each type of sensor sends what it can see', () => {
  const all = sent(city, { from: from + 3 * HOUR_MS, to: from + 4 * HOUR_MS });
  const fields = (type: string) =>
    new Set(
      city.sensors
        .filter((s) => s.type === type && !s.speedBins)
        .flatMap((s) => all.readings(s.deviceId))
        .flatMap((r) => Object.keys(r)),
    );
  const common = ['kind', 'observedAt', 'periodS', 'count'];
  expect([...fields('single-loop')].sort()).toEqual([...common, 'occupancy'].sort());
  expect([...fields('dual-loop')].filter((f) => f !== 'lane').sort()).toEqual(
    [...common, 'occupancy', 'speedKmh'].sort(),
  );
  expect([...fields('radar')].filter((f) => f !== 'direction').sort()).toEqual(
    [...common, 'speedKmh'].sort(),
  );
  expect([...fields('camera')].sort()).toEqual([...common, 'counts'].sort());
  const binned = city.sensors.filter((s) => s.speedBins).flatMap((s) => all.readings(s.deviceId));
  expect(binned.length).toBeGreaterThan(0);
  for (const r of binned) expect((r.speedBins ?? []).reduce((sum, b) => sum + b.count, 0)).toBe(r.count);
});

test('a healthy sensor counts within 3 % of what truly passed, and measures speed without bias', () => {
  const all = sent(city, { from, to: from + 12 * HOUR_MS });
  for (const sensor of city.sensors) {
    const { trueVehicles, vehicles } = all.sums.get(sensor.deviceId)!;
    if (trueVehicles > 500) expect(Math.abs(vehicles / trueVehicles - 1)).toBeLessThan(0.03);
  }
  const errors: number[] = [];
  for (const line of all.lines) {
    const measured = (line.measured as { speedKmh?: number } | undefined)?.speedKmh;
    if (line.truth === 'minute' && measured !== undefined) errors.push(measured - (line.speedKmh as number));
  }
  expect(errors.length).toBeGreaterThan(10_000);
  expect(Math.abs(errors.reduce((a, b) => a + b) / errors.length)).toBeLessThan(0.2);
  expect(errors.filter((e) => Math.abs(e) < 5).length / errors.length).toBeGreaterThan(0.97);
});

test('two weeks of 300 sensors take seconds of processor time, not minutes', () => {
  const large = simulatedCity({ seed: 1 });
  const started = process.cpuUsage();
  let readings = 0;
  const span = { from, to: from + DAY_MS };
  for (const m of deviceMessages(large, { ...span, batchMinutes: 60, faults: plantedFaults(large, span) })) {
    readings += m.readings;
  }
  const used = process.cpuUsage(started);
  const seconds = ((used.user + used.system) / 1e6) * 14;
  expect(readings).toBeGreaterThan(300 * 1_440 * 0.9);
  expect(seconds).toBeLessThan(40);
});
