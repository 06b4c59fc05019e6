import { formatInstant, type Instant } from '#domain/instant.ts';
import type { City, Point, Sensor } from '../city/city.ts';
import type { Fault } from '../faults/fault.ts';
import type { Outgoing } from '../messages/outbox.ts';
import type { CityMinute } from '../traffic/passing.ts';
import { EMPTY_FROM_HOUR, EMPTY_TO_HOUR } from '../traffic/street.ts';
import { type ExpectedOutcomes, expectedOutcomes } from './expected-outcomes.ts';
import { queueDays } from './queue-days.ts';
import { sensorDays } from './sensor-days.ts';

/**
 * Writes down what was planted, what every sensor measured and what it sent, as it happens: one JSON object a line,
 * each with `truth` naming what it is (see README).
 */
export interface Truth {
  minute(minute: CityMinute): void;
  /** `sends` is false for a reading that never leaves. */
  measured(
    sensor: Sensor,
    point: Point,
    minute: CityMinute,
    count: number,
    content: string,
    sends: boolean,
  ): void;
  /** A message of a sensor that nothing ails: its last readings, each once and in order. */
  sent(sensor: Sensor, receivedAt: Instant, readings: number): void;
  sentItems(sensor: Sensor, receivedAt: Instant, items: readonly Outgoing[]): void;
  /** Writes the sums. Nothing may follow. */
  close(): SensorTruth[];
}

/** What one sensor's readings must come to, whoever processes them. */
export interface SensorTruth extends ExpectedOutcomes {
  deviceId: string;
  /** Vehicles that truly passed what the sensor should watch. */
  trueVehicles: number;
  /** Readings the sensor made, and of those the ones that never left. */
  made: number;
  lost: number;
  /** Readings in all its messages, repeats and corrections included. */
  sent: number;
  messages: number;
}

export interface TruthOptions {
  city: City;
  from: Instant;
  to: Instant;
  faults: readonly Fault[];
  /** 'full': also every minute of every sensor and every message, some 250 bytes a reading. */
  detail: 'sums' | 'full';
  /** Takes a line with its line feed. */
  write(line: string): void;
}

export function truth(options: TruthOptions): Truth {
  const { city, from, to, faults, write } = options;
  const full = options.detail === 'full';
  const line = (kind: string, body: object) => write(`${JSON.stringify({ truth: kind, ...body })}\n`);
  const queues = queueDays(city, (kind, body) => line(kind, body));
  const days = sensorDays(city, from, to);
  const faulty = new Set(faults.flatMap((f) => f.deviceIds));
  const expected = new Map(
    city.sensors.filter((s) => faulty.has(s.deviceId)).map((s) => [s.index, expectedOutcomes()]),
  );
  const zeros = () => new Float64Array(city.sensors.length);
  const sums = {
    vehicles: zeros(),
    seen: zeros(),
    made: zeros(),
    lost: zeros(),
    sent: zeros(),
    messages: zeros(),
  };

  planted(options, line);

  const sensorTruth = (sensor: Sensor): SensorTruth => {
    const s = sensor.index;
    const outcomes = expected.get(s)?.result() ?? {
      counted: sums.sent[s]!,
      duplicate: 0,
      restated: 0,
      ahead: 0,
      behind: 0,
      vehicles: sums.seen[s]!,
    };
    return {
      deviceId: sensor.deviceId,
      trueVehicles: sums.vehicles[s]!,
      made: sums.made[s]!,
      lost: sums.lost[s]!,
      sent: sums.sent[s]!,
      messages: sums.messages[s]!,
      ...outcomes,
    };
  };

  return {
    minute: queues.minute,
    measured: (sensor, point, minute, count, content, sends) => {
      const s = sensor.index;
      const passed = minute.count[point.index]!;
      sums.vehicles[s]! += passed;
      sums.seen[s]! += count;
      sums.made[s]!++;
      if (!sends) sums.lost[s]!++;
      days.measured(s, minute.at, passed, count, sends);
      if (full) write(minuteLine(sensor, point, minute, content, sends));
    },
    sent: (sensor, receivedAt, readings) => {
      sums.sent[sensor.index]! += readings;
      sums.messages[sensor.index]!++;
      if (full)
        line('message', { deviceId: sensor.deviceId, receivedAt: formatInstant(receivedAt), readings });
    },
    sentItems: (sensor, receivedAt, items) => {
      sums.sent[sensor.index]! += items.length;
      sums.messages[sensor.index]!++;
      expected.get(sensor.index)?.received(receivedAt, items);
      if (!full) return;
      line('message', {
        deviceId: sensor.deviceId,
        receivedAt: formatInstant(receivedAt),
        readings: items.length,
        identities: items.map((i) => [formatInstant(i.observedAt), i.point.direction, i.point.lane, i.count]),
      });
    },
    close: () => {
      queues.close();
      days.write((body) => line('sensor-day', body));
      const results = city.sensors.map(sensorTruth);
      for (const result of results) line('sensor', result);
      return results;
    },
  };
}

function planted(options: TruthOptions, line: (kind: string, body: object) => void): void {
  const { city, from, to, faults } = options;
  line('city', {
    name: city.name,
    seed: city.seed,
    timezone: city.timezone,
    from: formatInstant(from),
    to: formatInstant(to),
    sensors: city.sensors.length,
    readingsAMinute: city.points.length,
  });
  for (const b of city.bottlenecks) line('bottleneck', { ...b, ...sitesAround(city, b) });
  const firstDay = city.calendar.dayOf(from).number;
  const lastDay = city.calendar.dayOf(to - 1).number;
  for (let day = firstDay; day <= lastDay; day++) {
    const jam = city.movingJamOf(day);
    if (!jam || jam.to <= from || jam.from >= to) continue;
    line('moving-jam', { ...jam, from: formatInstant(jam.from), to: formatInstant(jam.to) });
  }
  for (const change of city.changes) line('change', { ...change, from: formatInstant(change.from) });
  for (const fault of faults) {
    const open = fault.to === Number.POSITIVE_INFINITY;
    line('fault', { ...fault, from: formatInstant(fault.from), to: open ? null : formatInstant(fault.to) });
  }
  for (const street of city.streets) {
    if (!street.emptyAtNight) continue;
    const { road, direction } = street;
    line('empty-night', { road, direction, fromHour: EMPTY_FROM_HOUR, toHour: EMPTY_TO_HOUR });
  }
}

/** The sensors next to a place on a freeway: the last before it and the first behind. */
function sitesAround(city: City, place: { road: string; direction: string; km: number }) {
  const there = city.sensors
    .filter((s) => s.road === place.road && s.direction === place.direction)
    .sort((a, b) => a.km - b.km);
  return {
    upstreamSite: there.findLast((s) => s.km <= place.km)?.siteId ?? null,
    downstreamSite: there.find((s) => s.km > place.km)?.siteId ?? null,
  };
}

function minuteLine(
  sensor: Sensor,
  point: Point,
  minute: CityMinute,
  content: string,
  sends: boolean,
): string {
  const p = point.index;
  const speed = minute.speedKmh[p]!;
  return (
    `{"truth":"minute","deviceId":${JSON.stringify(sensor.deviceId)},"at":"${formatInstant(minute.at)}"` +
    `,"direction":${JSON.stringify(point.direction)},"lane":${point.lane},"cars":${minute.cars[p]}` +
    `,"vans":${minute.vans[p]},"trucks":${minute.trucks[p]},"buses":${minute.buses[p]}` +
    `,"speedKmh":${Number.isNaN(speed) ? 'null' : speed.toFixed(2)},"occupancy":${minute.occupancy[p]!.toFixed(5)}` +
    `,"measured":{${content.slice(1)},"sends":${sends}}\n`
  );
}
