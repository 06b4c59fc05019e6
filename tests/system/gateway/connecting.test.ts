import { readFile, stat } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { Client as AzureClient, Message } from 'azure-iot-device';
import { Mqtt as AzureMqtt } from 'azure-iot-device-mqtt';
import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { connectedSender, publishPacket } from './raw-mqtt.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { HUB, hubUsername, key, openDoor, rawSender, sasToken, until } from './test-door.ts';

const sas = (deviceId: string, expiresAt: number, signingKey?: string, host?: string) => ({
  username: hubUsername(deviceId, host),
  password: sasToken(deviceId, expiresAt, signingKey, host),
});

test('a sensor with its key sends a message, which is logged as sent under the gateway clock', async () => {
  await using door = await openDoor();
  const at = Date.UTC(2026, 4, 1, 8);
  door.at(at);
  const client = await door.client('loop-1');
  await client.publishAsync('headway/v1/loop-1/telemetry', '{"any": "bytes \u00e9"}', { qos: 1 });
  expect(door.log.entries).toEqual([
    {
      type: 'telemetry',
      deviceId: 'loop-1',
      receivedAt: at,
      domain: 'live',
      payload: Buffer.from('{"any": "bytes \u00e9"}'),
    },
  ]);
  expect(door.refusals).toEqual([]);
});

test('a sensor with a SAS token sends on the topic of IoT Hub, with and without properties', async () => {
  await using door = await openDoor();
  for (const host of [HUB, 'localhost:8883', '127.0.0.1']) {
    const client = await door.client('loop-1', sas('loop-1', door.now() + HOUR_MS, undefined, host));
    await client.publishAsync('devices/loop-1/messages/events/', 'a', { qos: 1 });
    await client.publishAsync('devices/loop-1/messages/events/%24.mid=7&road=A%26B', 'b', { qos: 1 });
    await client.endAsync();
  }
  expect(door.log.entries.map((entry) => entry.payload.toString())).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
});

test.each([
  ['an expired token', 'expired-token', 'loop-1', () => sas('loop-1', Date.now() - 1_000)],
  [
    'a token signed with another key',
    'bad-credentials',
    'loop-1',
    () => sas('loop-1', Date.now() + HOUR_MS, key('x')),
  ],
  [
    'a token for another device',
    'bad-credentials',
    'loop-1',
    () => ({
      username: hubUsername('loop-1'),
      password: sasToken('loop-2', Date.now() + HOUR_MS),
    }),
  ],
  [
    'a token for another hub',
    'bad-credentials',
    'loop-1',
    () => sas('loop-1', Date.now() + HOUR_MS, undefined, 'other.azure-devices.net'),
  ],
  ['a wrong key', 'bad-credentials', 'loop-1', () => ({ password: key('loop-2') })],
  ['no password', 'bad-credentials', 'loop-1', () => ({ password: '' })],
  ['an unknown device', 'bad-credentials', '', () => ({ clientId: 'x', username: 'x', password: key('x') })],
  ['no name at all', 'bad-credentials', '', () => ({ clientId: 'loop-1', username: '', password: '' })],
  ["another device's client id", 'bad-credentials', 'loop-1', () => ({ clientId: 'loop-2' })],
  ["a sensor's client id with a suffix", 'bad-credentials', 'loop-1', () => ({ clientId: 'loop-1/2' })],
])('%s is answered with CONNACK 5 and counted', async (_, reason, counted, credentials) => {
  await using door = await openDoor();
  await expect(door.client('loop-1', credentials())).rejects.toMatchObject({ code: 5 });
  await until(() => door.refusals.length > 0, 'the count');
  expect(door.refusals).toEqual([[reason, counted]]);
});

test('a sensor of a recording may not connect itself', async () => {
  await using door = await openDoor();
  await expect(door.client('old-1')).rejects.toMatchObject({ code: 5 });
  expect(door.refusals).toEqual([['recording-device', 'old-1']]);
});

test('a will that breaks the rules of topics is refused with CONNACK 5; one that keeps them is logged on a lost connection', async () => {
  await using door = await openDoor();
  const will = (topic: string, qos: 0 | 1 | 2 = 1) => ({
    will: { topic, qos, payload: Buffer.from('gone') },
  });
  await expect(door.client('loop-1', will('headway/v1/loop-2/telemetry'))).rejects.toMatchObject({ code: 5 });
  await expect(door.client('loop-1', will('headway/v1/loop-1/telemetry', 2))).rejects.toMatchObject({
    code: 5,
  });
  expect(door.refusals).toEqual([
    ['not-your-topic', 'loop-1'],
    ['qos', 'loop-1'],
  ]);
  const client = await door.client('loop-1', will('headway/v1/loop-1/telemetry'));
  client.stream.destroy();
  await until(() => door.log.entries.length === 1, 'the will');
  expect(door.log.entries[0]).toMatchObject({ deviceId: 'loop-1', payload: Buffer.from('gone') });
});

test('a client of MQTT 5 is told so and counted', async () => {
  await using door = await openDoor();
  await expect(door.client('loop-1', { protocolVersion: 5 })).rejects.toThrow();
  await until(() => door.refusals.length > 0, 'the count');
  expect(door.refusals).toEqual([['protocol-version', '']]);
});

test('a device that connects twice keeps the newer connection', async () => {
  await using door = await openDoor();
  const older = await door.client('loop-1');
  const closed = new Promise<void>((resolve) => older.once('close', () => resolve()));
  const newer = await door.client('loop-1');
  await closed;
  await newer.publishAsync('headway/v1/loop-1/telemetry', 'x', { qos: 1 });
  expect(door.log.entries).toHaveLength(1);
});

test('a device that was cut off connects again and goes on', async () => {
  await using door = await openDoor();
  const client = await door.client('loop-1', { reconnectPeriod: 20 });
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.publish('headway/v1/loop-2/telemetry', 'not mine', { qos: 0 });
  await closed;
  await new Promise((resolve) => client.once('connect', resolve));
  await client.publishAsync('headway/v1/loop-1/telemetry', 'mine', { qos: 1 });
  expect(door.log.entries.map((entry) => entry.payload.toString())).toEqual(['mine']);
});

test('a device retired, or given a new key, while it is connected is cut off at its next message', async () => {
  await using door = await openDoor();
  const retired = await door.client('loop-1');
  const rekeyed = await door.client('loop-2');
  door.devices.delete('loop-1');
  door.devices.set('loop-2', { ...door.devices.get('loop-2')!, key: key('new') });
  retired.publish('headway/v1/loop-1/telemetry', 'x', { qos: 1 });
  rekeyed.publish('headway/v1/loop-2/telemetry', 'x', { qos: 1 });
  await until(() => !retired.connected && !rekeyed.connected, 'the end of both');
  expect(door.refusals.sort()).toEqual([
    ['bad-credentials', 'loop-2'],
    ['retired-device', 'loop-1'],
  ]);
  expect(door.log.entries).toEqual([]);
});

test('a connection ends when its token does', async () => {
  await using door = await openDoor({ limits: { connectTimeoutMs: 400 } });
  const at = Date.now();
  door.at(at);
  const client = await door.client('loop-1', sas('loop-1', at + HOUR_MS));
  door.at(at + HOUR_MS);
  await until(() => !client.connected, 'the end');
  expect(door.refusals).toEqual([['expired-token', 'loop-1']]);
});

test('a silent client is closed after one and a half times its keep-alive, one that only publishes is not', async () => {
  await using door = await openDoor({ limits: { connectTimeoutMs: 400 } });
  const silent = await connectedSender(door, 'loop-2', 1);
  const talking = await connectedSender(door, 'loop-1', 1);
  const publishing = setInterval(() => {
    talking.send(publishPacket('headway/v1/loop-1/telemetry', '', 0, 0));
  }, 200);
  try {
    await until(() => silent.isClosed(), 'the end');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(talking.isClosed()).toBe(false);
    expect(door.log.entries.length).toBeGreaterThan(5);
  } finally {
    clearInterval(publishing);
    talking.socket.destroy();
  }
});

test('a device may listen where IoT Hub would answer it, and nowhere else', async () => {
  await using door = await openDoor();
  const client = await door.client('loop-1');
  const granted = await client.subscribeAsync([
    'devices/loop-1/messages/devicebound/#',
    '$iothub/methods/POST/#',
    '$iothub/twin/res/#',
  ]);
  expect(granted.map(({ qos }) => qos)).toEqual([0, 0, 0]);
  for (const topic of ['#', 'headway/v1/+/telemetry', 'devices/loop-2/messages/devicebound/#', '$SYS/#']) {
    await expect(client.subscribeAsync(topic)).rejects.toThrow(/Subscribe error/);
  }
  expect(client.connected).toBe(true);
});

test('the Azure SDK connects over TLS with its connection string and sends; with a wrong key it is unauthorized', async (context) => {
  const directory = await temporaryDirectory(context);
  const tls = await developmentCertificates(directory);
  await using door = await openDoor({ tls, tlsPort: 0 });
  const connect = async (sharedAccessKey: string, hosts: string) => {
    const client = AzureClient.fromConnectionString(
      `${hosts};DeviceId=loop-1;SharedAccessKey=${sharedAccessKey}`,
      AzureMqtt,
    );
    await client.setOptions({ ca: tls.ca });
    return client;
  };
  const port = door.gateway.tlsPort;
  for (const hosts of [`HostName=${HUB};GatewayHostName=localhost:${port}`, `HostName=localhost:${port}`]) {
    const client = await connect(key('loop-1'), hosts);
    await client.open();
    const message = new Message('{"kind":"device-status"}');
    message.messageId = 'm-1';
    message.contentType = 'application/json';
    message.properties.add('road', 'A 1 & B');
    await client.sendEvent(message);
    await client.close();
  }
  expect(door.log.entries.map((entry) => [entry.deviceId, entry.payload.toString()])).toEqual([
    ['loop-1', '{"kind":"device-status"}'],
    ['loop-1', '{"kind":"device-status"}'],
  ]);
  const wrong = await connect(key('loop-2'), `HostName=${HUB};GatewayHostName=localhost:${port}`);
  await expect(wrong.open()).rejects.toMatchObject({ name: 'UnauthorizedError' });
  expect(door.refusals).toEqual([['bad-credentials', 'loop-1']]);
  await until(() => door.gateway.stats().connections === 0, 'the end of every connection');
});

test('development certificates are made once, private, and anew when they run out', async (context) => {
  const directory = await temporaryDirectory(context);
  const first = await developmentCertificates(directory);
  expect(await developmentCertificates(directory)).toEqual(first);
  expect((await stat(`${directory}/server-key.pem`)).mode & 0o777).toBe(0o600);
  expect(await readFile(first.caPath, 'utf8')).toBe(first.ca);
  const later = await developmentCertificates(directory, Date.now() + 820 * DAY_MS);
  expect(later.cert).not.toBe(first.cert);
});

test('a client that speaks no TLS to the TLS port is counted and dropped', async (context) => {
  const tls = await developmentCertificates(await temporaryDirectory(context));
  await using door = await openDoor({ tls, tlsPort: 0 });
  const sender = await rawSender(door.gateway.tlsPort!);
  sender.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await until(() => sender.isClosed(), 'the end');
  expect(door.refusals).toEqual([['malformed', '']]);
  const trusted = connectTls({ port: door.gateway.tlsPort!, host: '127.0.0.1', ca: tls.ca });
  await new Promise((resolve, reject) => trusted.once('secureConnect', resolve).once('error', reject));
  trusted.destroy();
});
