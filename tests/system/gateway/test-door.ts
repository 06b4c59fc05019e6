import { createHmac } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Instant } from '#domain/instant.ts';
import { LIVE, type LogEntry, LogUnavailable } from '#domain/log.ts';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import type { KnownDevice } from '#ingest/gateway/device-directory.ts';
import type { DoorReason } from '#ingest/gateway/door-reason.ts';
import { type Gateway, type GatewayOptions, startGateway } from '#ingest/gateway/gateway.ts';

export const HUB = 'city.azure-devices.net';

export const key = (deviceId: string) => Buffer.from(`the key of ${deviceId}`).toString('base64');

const device = (deviceId: string, domain = LIVE, role: KnownDevice['role'] = 'sensor'): KnownDevice => ({
  deviceId,
  key: key(deviceId),
  domain,
  role,
});

/** A log that says when it is durable: at once, or when told. */
export interface TestLog {
  readonly entries: LogEntry[];
  /** Keeps appends waiting until `release`. */
  hold(): void;
  release(): void;
  /** The appends from now on are refused, until `mend`. */
  fail(): void;
  mend(): void;
  append(entries: readonly LogEntry[]): Promise<void>;
}

export function testLog(): TestLog {
  let held: { promise: Promise<void>; resolve: () => void } | undefined;
  let failing = false;
  const entries: LogEntry[] = [];
  return {
    entries,
    hold: () => {
      held = Promise.withResolvers<void>();
    },
    release: () => {
      held?.resolve();
      held = undefined;
    },
    fail: () => {
      failing = true;
    },
    mend: () => {
      failing = false;
    },
    append: async (batch) => {
      await held?.promise;
      if (failing) throw new LogUnavailable('no space left on device');
      entries.push(...batch.map((entry) => ({ ...entry, payload: Buffer.from(entry.payload) })));
    },
  };
}

export interface TestDoor {
  gateway: Gateway;
  log: TestLog;
  devices: Map<string, KnownDevice>;
  refusals: [DoorReason, string][];
  /** Sets the gateway's clock. */
  at(instant: Instant): void;
  now(): Instant;
  /** A client that does not reconnect, connected; plain credentials unless told otherwise. */
  client(deviceId: string, options?: IClientOptions): Promise<MqttClient>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Devices: sensors loop-1 and loop-2; recorder week with its sensor old-1; recorder bridge (another recording). */
export async function openDoor(options: Partial<GatewayOptions> = {}): Promise<TestDoor> {
  const log = testLog();
  const devices = new Map(
    [
      device('loop-1'),
      device('loop-2'),
      device('feed', LIVE, 'recorder'),
      device('week', 'recording:week', 'recorder'),
      device('old-1', 'recording:week'),
      device('bridge', 'recording:bridge', 'recorder'),
      device('bridge-1', 'recording:bridge'),
    ].map((each) => [each.deviceId, each]),
  );
  const refusals: [DoorReason, string][] = [];
  let clock: Instant | undefined;
  const now = () => clock ?? Date.now();
  const twins = openDeviceTwins(':memory:', now);
  const gateway = await startGateway({
    deviceState: twins.state,
    log,
    devices: { find: (id) => devices.get(id) },
    door: { refused: (reason, deviceId) => void refusals.push([reason, deviceId]) },
    host: '127.0.0.1',
    port: 0,
    clock: now,
    hubName: HUB,
    ...options,
  });
  const clients: MqttClient[] = [];
  return {
    gateway,
    log,
    devices,
    refusals,
    now,
    at: (instant) => {
      clock = instant;
    },
    client: async (deviceId, options = {}) => {
      const client = mqtt.connect(`mqtt://127.0.0.1:${gateway.port}`, {
        clientId: deviceId,
        username: deviceId,
        password: key(deviceId),
        reconnectPeriod: 0,
        ...options,
      });
      clients.push(client);
      client.on('error', () => {});
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve());
        client.once('error', reject);
        client.once('close', () => reject(new Error('closed before CONNACK')));
      });
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.end(true);
      log.release();
      await gateway.close();
      twins.close();
    },
  };
}

export function sasToken(
  deviceId: string,
  expiresAt: Instant,
  signingKey = key(deviceId),
  host = HUB,
): string {
  const sr = encodeURIComponent(`${host}/devices/${deviceId}`);
  const se = Math.floor(expiresAt / 1000);
  const sig = createHmac('sha256', Buffer.from(signingKey, 'base64')).update(`${sr}\n${se}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}`;
}

export const hubUsername = (deviceId: string, host = HUB) =>
  `${host}/${deviceId}/?api-version=2021-04-12&DeviceClientType=test`;

export async function until(condition: () => boolean, what: string, withinMs = 5_000): Promise<void> {
  for (const end = Date.now() + withinMs; !condition(); await sleep(5)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
  }
}

/** A socket with no MQTT library behind it. */
export interface RawSender {
  socket: Socket;
  received(): Buffer;
  isClosed(): boolean;
  send(bytes: Uint8Array): void;
}

export async function rawSender(port: number): Promise<RawSender> {
  const socket = connectTcp(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk) => void chunks.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    socket,
    received: () => Buffer.concat(chunks),
    isClosed: () => closed,
    send: (bytes) => void socket.write(bytes),
  };
}
