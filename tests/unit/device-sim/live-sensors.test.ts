import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { afterEach, expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { liveClock } from '#device-sim/live/live-clock.ts';
import { runLiveSensors } from '#device-sim/live/run-live-sensors.ts';
import { deviceMessages } from '#device-sim/messages/device-messages.ts';
import { MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';

const city = simulatedCity({ seed: 30, sensors: 20 });
const from = parseInstant('2026-10-13T08:00:00Z')!;
const keys = new Map(city.devices.map((d) => [d.deviceId, d.key]));

interface Heard {
  clientId: string;
  username: string;
  topic: string;
  qos: number;
  payload: string;
}

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A broker that lets plain devices in by their key and remembers what it was sent. */
async function listeningBroker(tls?: { key: string; cert: string }) {
  const heard: Heard[] = [];
  const names = new Map<string, string>();
  const aedes = await Aedes.createBroker({
    authenticate: (client, username, password, done) => {
      names.set(client.id, username ?? '');
      const plain = keys.get(username ?? '') === password?.toString();
      const azure =
        username?.includes(`/${client.id}/?api-version=`) && password?.toString().includes('sig=');
      done(null, plain || azure === true);
    },
  });
  aedes.on('publish', (packet, client) => {
    if (!client) return;
    heard.push({
      clientId: client.id,
      username: names.get(client.id)!,
      topic: packet.topic,
      qos: packet.qos,
      payload: packet.payload.toString(),
    });
  });
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  };
  const server = tls ? createTlsServer(tls, accept) : createServer(accept);
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const cut = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  endings.push(async () => {
    await cut();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  });
  return { heard, port, cut, back: () => listen(server, port) };
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the city's devices send in the first minutes, by the generator alone. */
function expected(minutes: number): Map<string, string[]> {
  const byDevice = new Map<string, string[]>();
  for (const m of deviceMessages(city, { from, to: from + minutes * MINUTE_MS })) {
    byDevice.set(m.deviceId, [...(byDevice.get(m.deviceId) ?? []), Buffer.from(m.payload).toString()]);
  }
  return byDevice;
}

test('each sensor is a client of its own that sends its reading every minute, as itself, with QoS 1', async () => {
  const broker = await listeningBroker();
  const stop = new AbortController();
  const running = runLiveSensors({
    city,
    host: '127.0.0.1',
    port: broker.port,
    clock: liveClock({ startAt: from + MINUTE_MS, factor: 60 }),
    from,
    signal: stop.signal,
  });
  await until(() => broker.heard.length >= 3 * city.sensors.length);
  stop.abort();
  const report = await running;
  expect(report.connections).toBe(city.sensors.length);
  expect(report.acknowledged).toBeGreaterThanOrEqual(3 * city.sensors.length - 1);
  const want = expected(5);
  for (const sensor of city.sensors) {
    const mine = broker.heard.filter((h) => h.clientId === sensor.deviceId);
    expect(mine.length).toBeGreaterThanOrEqual(2);
    expect(mine.map((h) => h.payload)).toEqual(want.get(sensor.deviceId)!.slice(0, mine.length));
    for (const h of mine) {
      expect(h).toMatchObject({
        username: sensor.deviceId,
        topic: `headway/v1/${sensor.deviceId}/telemetry`,
        qos: 1,
      });
    }
  }
});

test('after an outage everything that was measured meanwhile arrives, in order', async () => {
  const broker = await listeningBroker();
  const stop = new AbortController();
  const drops: string[] = [];
  const running = runLiveSensors({
    city,
    host: '127.0.0.1',
    port: broker.port,
    clock: liveClock({ startAt: from + MINUTE_MS, factor: 120 }),
    from,
    signal: stop.signal,
    onEvent: (sensor, event) => {
      if (event === 'disconnected') drops.push(sensor.deviceId);
    },
  });
  await until(() => broker.heard.length >= city.sensors.length);
  await broker.cut();
  await until(() => drops.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await broker.back();
  const want = expected(8);
  const distinct = (deviceId: string) => [
    ...new Set(broker.heard.filter((h) => h.clientId === deviceId).map((h) => h.payload)),
  ];
  await until(() => city.sensors.every((s) => distinct(s.deviceId).length >= 5));
  stop.abort();
  const report = await running;
  expect(report.dropped).toBe(0);
  for (const { deviceId } of city.sensors)
    expect(distinct(deviceId).slice(0, 5)).toEqual(want.get(deviceId)!.slice(0, 5));
});

test('a sensor that finds nobody keeps its newest messages and counts what it forgot', async () => {
  const stop = new AbortController();
  const refused = new Set<string>();
  const running = runLiveSensors({
    city,
    host: '127.0.0.1',
    port: 1,
    clock: liveClock({ startAt: from + 6 * MINUTE_MS, factor: 1 }),
    from,
    buffer: 2,
    signal: stop.signal,
    onEvent: (sensor, event) => {
      if (event === 'refused') refused.add(sensor.deviceId);
    },
  });
  await until(() => refused.size === city.sensors.length);
  stop.abort();
  const report = await running;
  expect(report.sent).toBeGreaterThanOrEqual(5 * city.sensors.length - 1);
  expect(report.dropped).toBe(report.sent - 2 * city.sensors.length);
  expect(report.acknowledged).toBe(0);
});

test('a share of the sensors is the real Azure IoT device client, over TLS', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headway-sim-'));
  endings.push(() => rm(directory, { recursive: true, force: true }));
  const certificates = await developmentCertificates(directory);
  const broker = await listeningBroker();
  const hub = await listeningBroker(certificates);
  const stop = new AbortController();
  const running = runLiveSensors({
    city,
    host: '127.0.0.1',
    port: broker.port,
    azure: {
      sensors: 3,
      hubHostName: 'larkmere.azure-devices.net',
      gateway: `localhost:${hub.port}`,
      ca: certificates.ca,
    },
    clock: liveClock({ startAt: from + MINUTE_MS, factor: 60 }),
    from,
    signal: stop.signal,
  });
  await until(() => hub.heard.length >= 6 && broker.heard.length >= 30);
  stop.abort();
  await running;
  const devices = new Set(hub.heard.map((h) => h.clientId));
  expect(devices.size).toBe(3);
  const want = expected(3);
  for (const deviceId of devices) {
    const mine = hub.heard.filter((h) => h.clientId === deviceId);
    expect(mine[0]!.topic).toMatch(new RegExp(`^devices/${deviceId}/messages/events/`));
    expect(mine[0]!.username).toContain(`larkmere.azure-devices.net/${deviceId}/`);
    expect(mine[0]!.qos).toBe(1);
    expect(mine[0]!.payload).toBe(want.get(deviceId)![0]);
  }
  expect(broker.heard.some((h) => devices.has(h.clientId))).toBe(false);
});
