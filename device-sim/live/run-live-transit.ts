import type { TransitMessage } from '../transit/transit-messages.ts';
import type { LiveClock } from './live-clock.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { sensorLine } from './sensor-line.ts';

export interface LiveTransitOptions {
  messages: Iterable<TransitMessage>;
  deviceId: string;
  key: string;
  host: string;
  port: number;
  clock: LiveClock;
  signal: AbortSignal;
}

/** Messages kept while there is no connection: ten minutes of one a second. */
const BUFFER = 600;

/** Sends what vehicles report when its time has come, as one MQTT client, until the signal aborts. */
export async function runLiveTransit(options: LiveTransitOptions): Promise<void> {
  const { messages, deviceId, key, host, port, clock, signal } = options;
  const line = sensorLine({
    connect: () => mqttConnection({ deviceId, key, host, port }),
    buffer: BUFFER,
    firstWaitMs: 0,
    signal,
    onEvent: () => undefined,
  });
  for (const message of messages) {
    await clock.sleepUntil(message.receivedAt, signal);
    if (signal.aborted) break;
    line.put(message.payload);
  }
  await line.closed;
}
