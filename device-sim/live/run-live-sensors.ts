import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { City, Sensor } from '../city/city.ts';
import type { Fault } from '../faults/fault.ts';
import { deviceMessages } from '../messages/device-messages.ts';
import { azureConnection } from './azure-connection.ts';
import type { Connect } from './connection.ts';
import type { LiveClock } from './live-clock.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { type LineEvent, sensorLine } from './sensor-line.ts';

export interface LiveOptions {
  city: City;
  /** Where plain MQTT listens. */
  host: string;
  port: number;
  /** Sensors that use the Azure IoT device SDK, and where they connect; none without it. */
  azure?: { sensors: number; hubHostName: string; gateway?: string; ca?: string };
  clock: LiveClock;
  signal: AbortSignal;
  /** The first minute measured; without it, the running one. */
  from?: Instant;
  faults?: readonly Fault[];
  /** Messages a sensor keeps while it is not connected: a day of them. */
  buffer?: number;
  onEvent?: (sensor: Sensor, event: LineEvent, error?: unknown) => void;
}

export interface LiveReport {
  sent: number;
  acknowledged: number;
  dropped: number;
  connections: number;
}

const DAY_OF_MINUTES = 1_440;
/** All sensors connect within the first two seconds. */
const CONNECT_SPREAD = 1 / 30;

/**
 * Lives on with the city until the signal aborts: each sensor a client of its own, one reading a minute. What it
 * sends is what `deviceMessages` of the same city, start and faults yields: its truth can be had from there.
 */
export async function runLiveSensors(options: LiveOptions): Promise<LiveReport> {
  const { city, clock, signal } = options;
  const report: LiveReport = { sent: 0, acknowledged: 0, dropped: 0, connections: 0 };
  const lines = city.sensors.map((sensor) =>
    sensorLine({
      connect: connectOf(options, sensor),
      buffer: options.buffer ?? DAY_OF_MINUTES,
      firstWaitMs: sensor.offsetMs * CONNECT_SPREAD,
      signal,
      onEvent: (event, error) => {
        if (event === 'acknowledged') report.acknowledged++;
        if (event === 'dropped') report.dropped++;
        if (event === 'connected') report.connections++;
        options.onEvent?.(sensor, event, error);
      },
    }),
  );
  const from = options.from ?? Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
  const messages = deviceMessages(city, {
    from,
    to: Number.POSITIVE_INFINITY,
    ...(options.faults && { faults: options.faults }),
  });
  for (const message of messages) {
    await clock.sleepUntil(message.receivedAt, signal);
    if (signal.aborted) break;
    report.sent++;
    lines[message.sensor]!.put(message.payload);
  }
  await Promise.all(lines.map((line) => line.closed));
  return report;
}

function connectOf(options: LiveOptions, sensor: Sensor): Connect {
  const { deviceId, key } = sensor;
  const { azure, host, port, city } = options;
  if (!azure || !usesAzure(sensor.index, azure.sensors, city.sensors.length)) {
    return () => mqttConnection({ deviceId, key, host, port });
  }
  const { sensors: _, ...hub } = azure;
  return () => azureConnection({ deviceId, key, ...hub });
}

/** `some` of `all`, evenly over the city. */
function usesAzure(index: number, some: number, all: number): boolean {
  return Math.floor(((index + 1) * some) / all) > Math.floor((index * some) / all);
}
