import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { City, Sensor } from '../city/city.ts';
import type { Fault } from '../faults/fault.ts';
import { measuringFaults } from '../faults/measuring-faults.ts';
import { emptyMeasurement, measure } from '../sensors/measure.ts';
import { contentFields, head, slotFields } from '../sensors/reading-json.ts';
import { cityTraffic } from '../traffic/city-traffic.ts';
import type { Truth } from '../truth/truth.ts';
import { outbox } from './outbox.ts';

/** What one device sends in one go: a JSON array of readings. */
export interface DeviceMessage {
  deviceId: string;
  sensor: number;
  receivedAt: Instant;
  payload: Uint8Array;
  readings: number;
}

export interface MessagesOptions {
  from: Instant;
  /** Infinity: for ever, without an end. */
  to: Instant;
  /** Minutes a device collects before it sends. */
  batchMinutes?: number;
  faults?: readonly Fault[];
  truth?: Truth;
}

/** Below the gateway's 256 KiB whatever the readings look like. */
const READINGS_A_MESSAGE = 500;
/** After the last sensor's turn (see `Sensor.offsetMs`), within the minute. */
const CLOSING_MS = 56_000;

/**
 * Every message of the city's devices in [from, to), in the order of `receivedAt`. Each device sends at its own
 * second of the minute in which its batch is full. What is still held at `to` is sent within the minute after it.
 */
export function* deviceMessages(
  city: City,
  options: MessagesOptions,
): Generator<DeviceMessage, void, undefined> {
  const { from, to, batchMinutes = 1, faults = [], truth } = options;
  const { seed, sensors, points } = city;
  const lines = sensors.map((sensor) => lineOf(city, sensor, faults, batchMinutes));
  const slots = points.map(slotFields);
  const turns = Array.from({ length: batchMinutes }, (_, turn) =>
    sensors.filter((s) => s.index % batchMinutes === turn).sort((a, b) => a.offsetMs - b.offsetMs),
  );
  const collected: string[] = sensors.map(() => '');
  const readings = new Int32Array(sensors.length);
  const scratch = emptyMeasurement();

  const message = (sensor: Sensor, receivedAt: Instant, text: string, n: number): DeviceMessage => ({
    deviceId: sensor.deviceId,
    sensor: sensor.index,
    receivedAt,
    payload: Buffer.from(`[${text}]`, 'latin1'),
    readings: n,
  });

  function* send(sensor: Sensor, receivedAt: Instant, everything: boolean): Generator<DeviceMessage> {
    const line = lines[sensor.index];
    if (!line) {
      const n = readings[sensor.index]!;
      if (n === 0) return;
      truth?.sent(sensor, receivedAt, n);
      yield message(sensor, receivedAt, collected[sensor.index]!, n);
      collected[sensor.index] = '';
      readings[sensor.index] = 0;
      return;
    }
    const items = line.outbox.take(receivedAt, everything);
    for (let i = 0; i < items.length; i += READINGS_A_MESSAGE) {
      const some = items.slice(i, i + READINGS_A_MESSAGE);
      truth?.sentItems(sensor, receivedAt, some);
      yield message(sensor, receivedAt, some.map((item) => item.json).join(','), some.length);
    }
  }

  for (const minute of cityTraffic(city, { from, to })) {
    const { at } = minute;
    const start = head(at);
    truth?.minute(minute);
    for (let s = 0; s < sensors.length; s++) {
      const sensor = sensors[s]!;
      const line = lines[s];
      const last = sensor.firstPoint + sensor.points;
      for (let p = sensor.firstPoint; p < last; p++) {
        const point = points[p]!;
        measure(sensor, minute, line ? line.measuring.watched(point, at) : p, seed, scratch);
        line?.measuring.distort(point, at, scratch);
        const { count } = scratch;
        const content = contentFields(scratch);
        const slot = slots[p]!;
        let sends = true;
        if (line) {
          sends = line.outbox.put({
            point,
            at,
            count,
            content,
            json: (observedAt, body) => (observedAt === at ? start : head(observedAt)) + slot + body,
            corrected: (more) => {
              scratch.count = count + more;
              if (scratch.classified) scratch.cars += more;
              return contentFields(scratch);
            },
          });
        } else {
          collected[s] =
            readings[s] === 0 ? start + slot + content : `${collected[s]},${start}${slot}${content}`;
          readings[s]!++;
        }
        truth?.measured(sensor, point, minute, count, content, sends);
      }
    }
    for (const sensor of turns[(at / MINUTE_MS) % batchMinutes]!) {
      yield* send(sensor, at + MINUTE_MS + sensor.offsetMs, false);
    }
  }
  if (to === Number.POSITIVE_INFINITY) return;
  for (const sensor of sensors) yield* send(sensor, to + CLOSING_MS, true);
}

/** What stands between a faulty sensor and the receiver; undefined for a sensor that nothing ails. */
function lineOf(city: City, sensor: Sensor, faults: readonly Fault[], batchMinutes: number) {
  const own = faults.filter((f) => f.deviceIds.includes(sensor.deviceId));
  if (own.length === 0) return undefined;
  const opposite = sensor.opposite === undefined ? undefined : city.sensors[sensor.opposite];
  return {
    measuring: measuringFaults(city.seed, sensor, opposite, own),
    outbox: outbox(city.seed, sensor, own, batchMinutes),
  };
}
