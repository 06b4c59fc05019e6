import { expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { faultKinds } from '#device-sim/faults/fault.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import type { TrafficFlow } from '#domain/readings/traffic-flow.ts';
import { sent } from './sent.ts';

const from = parseInstant('2026-10-13T00:00:00Z')!;
const fortnight = { from, to: from + 14 * DAY_MS };
const city = simulatedCity({ seed: 1 });

test('the usual ailments: every kind, on a tenth of the sensors at most, none at a bottleneck, one a sensor', () => {
  const faults = plantedFaults(city, fortnight);
  expect(new Set(faults.map((f) => f.kind))).toEqual(new Set(faultKinds));
  const devices = faults.flatMap((f) => f.deviceIds);
  expect(new Set(devices).size).toBe(devices.length);
  expect(devices.length).toBeLessThan(city.sensors.length / 10);
  const sensors = new Map(city.sensors.map((s) => [s.deviceId, s]));
  for (const deviceId of devices) expect(sensors.get(deviceId)!.watchesBottleneck).toBe(false);
  for (const f of faults) {
    expect(f.from).toBeGreaterThanOrEqual(fortnight.from);
    expect(f.from).toBeLessThan(fortnight.to);
    expect(f.to).toBeGreaterThan(f.from);
  }
});

test('a dead cabinet is eight neighbours on one road', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const made = simulatedCity({ seed });
    const dead = plantedFaults(made, fortnight).find((f) => f.kind === 'dead-cabinet')!;
    const sensors = dead.deviceIds.map((d) => made.sensors.find((s) => s.deviceId === d)!);
    expect(sensors).toHaveLength(8);
    expect(new Set(sensors.map((s) => s.road)).size).toBe(1);
    const byDirection = [...Map.groupBy(sensors, (s) => s.direction).values()];
    for (const list of byDirection) {
      const kms = list.map((s) => s.km);
      expect(Math.max(...kms) - Math.min(...kms)).toBeLessThan(8);
    }
  }
});

const small = simulatedCity({ seed: 8, sensors: 60 });
const day = { from: from + 6 * HOUR_MS, to: from + 18 * HOUR_MS };
const faults = plantedFaults(small, day);
const run = sent(small, day, { faults });

test('the truth names everything that was planted', () => {
  const kinds = Map.groupBy(run.lines, (l) => l.truth as string);
  expect(kinds.get('city')).toHaveLength(1);
  expect(
    kinds
      .get('bottleneck')!
      .map((b) => b.queueKm)
      .sort(),
  ).toEqual([1.5, 4, 8]);
  expect(kinds.get('fault')!.map((f) => f.faultId)).toEqual(faults.map((f) => f.faultId));
  expect(kinds.get('empty-night')!.length).toBeGreaterThan(0);
  const queue = kinds.get('queue')!.find((q) => q.bottleneckId === 'bottleneck-F1-S')!;
  expect(queue.date).toBe('2026-10-13');
  expect(queue.maxQueueKm).toBeGreaterThan(6);
  expect(parseInstant(queue.from as string)! % (5 * MINUTE_MS)).toBe(0);
});

test('the truth has every minute of every point, and every message that was sent', () => {
  const minutes = run.lines.filter((l) => l.truth === 'minute');
  expect(minutes).toHaveLength(12 * 60 * small.points.length);
  const messages = run.lines.filter((l) => l.truth === 'message');
  expect(messages).toHaveLength(run.messages.length);
  expect(messages.map((m) => [m.deviceId, m.readings])).toEqual(
    run.messages.map((m) => [m.deviceId, m.readings.length]),
  );
});

test('the sums of each sensor are those of its messages, judged by hand', () => {
  for (const sensor of small.sensors) {
    const sums = run.sums.get(sensor.deviceId)!;
    const first = new Map<string, { seen: Set<string>; count: number }>();
    const found = { counted: 0, duplicate: 0, restated: 0, ahead: 0 };
    for (const message of run.of(sensor.deviceId)) {
      for (const reading of message.readings) {
        const { observedAt, lane, direction, ...content } = reading as TrafficFlow;
        if (parseInstant(observedAt)! > message.receivedAt + 60_000) found.ahead++;
        else {
          const key = `${observedAt} ${lane} ${direction}`;
          const text = JSON.stringify(content);
          const known = first.get(key);
          if (!known) {
            first.set(key, { seen: new Set([text]), count: content.count! });
            found.counted++;
          } else if (known.seen.has(text)) found.duplicate++;
          else {
            known.seen.add(text);
            known.count = content.count!;
            found.restated++;
          }
        }
      }
    }
    expect(sums).toMatchObject(found);
    expect(sums.vehicles).toBe([...first.values()].reduce((sum, f) => sum + f.count, 0));
    expect(sums.sent).toBe(run.readings(sensor.deviceId).length);
    expect(sums.messages).toBe(run.of(sensor.deviceId).length);
  }
});

test('sums without the minutes are the same sums in few lines', () => {
  const brief = sent(small, day, { faults, detail: 'sums' });
  expect([...brief.sums]).toEqual([...run.sums]);
  expect(brief.lines.length).toBeLessThan(5 * small.sensors.length);
});
