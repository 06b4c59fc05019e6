import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { countOf, laneOf, minuteOf } from '../recovery/load-reading.ts';
import { keyOf } from '../recovery/run-pipeline.ts';

/** What one device knows: its nth reading was sent for each n below `sent`. */
export interface Remembered {
  deviceId: string;
  sent: number;
  /** Sent and not acknowledged. */
  waiting: Set<number>;
}

export interface RememberingLoad {
  records: readonly Remembered[];
  acknowledged(): number;
  /** No more new readings. */
  pause(): void;
  resume(): void;
  /** Resolves when everything is acknowledged. @throws after a minute. */
  settle(): Promise<void>;
  /** Sends once more and leaves at once, with that in flight. */
  vanish(): Promise<void>;
}

const TICK_MS = 50;
const A_TICK = 3;
const WINDOW = 20;

/**
 * Devices with the `mqtt` client at QoS 1, some 60 readings/s each, which come again and send again whatever becomes of
 * their connection, and remember what was acknowledged.
 */
export async function rememberingLoad(
  deviceIds: readonly string[],
  port: number,
  first: number,
): Promise<RememberingLoad> {
  const records = deviceIds.map((deviceId): Remembered => ({ deviceId, sent: 0, waiting: new Set() }));
  const clients = await Promise.all(deviceIds.map((deviceId) => connected(deviceId, port)));
  let on = true;
  const send = (): void => {
    if (!on) return;
    for (const [i, record] of records.entries()) {
      for (let k = 0; k < A_TICK && record.waiting.size < WINDOW; k++) publish(clients[i]!, record, first);
    }
  };
  const timer = setInterval(send, TICK_MS);
  const owed = (): number => records.reduce((n, { waiting }) => n + waiting.size, 0);
  return {
    records,
    acknowledged: () => records.reduce((n, { sent }) => n + sent, 0) - owed(),
    pause: () => {
      on = false;
    },
    resume: () => {
      on = true;
    },
    settle: async () => {
      on = false;
      for (const end = Date.now() + 60_000; owed() > 0; await sleep(20))
        if (Date.now() > end) throw new Error(`${owed()} readings were not acknowledged within a minute`);
    },
    vanish: async () => {
      clearInterval(timer);
      on = true;
      send();
      // Written, and some of it read at the other end.
      await sleep(2);
      await Promise.all(clients.map((client) => client.endAsync(true)));
    },
  };
}

async function connected(deviceId: string, port: number): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    clientId: deviceId,
    username: deviceId,
    password: keyOf(deviceId),
    reconnectPeriod: 300,
  });
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

function publish(client: MqttClient, record: Remembered, first: number): void {
  const n = record.sent++;
  record.waiting.add(n);
  const reading = {
    kind: 'traffic-flow',
    observedAt: formatInstant(minuteOf(n, first) * MINUTE_MS),
    periodS: 60,
    lane: laneOf(n),
    count: countOf(n),
    seq: n,
  };
  client.publish(`headway/v1/${record.deviceId}/telemetry`, JSON.stringify(reading), { qos: 1 }, (error) => {
    if (!error) record.waiting.delete(n);
  });
}
