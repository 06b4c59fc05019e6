import { Client, Message } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import { type ClientCertificate, clientCertificate } from './client-certificate.ts';
import { openHub, type TestHub } from './iot-hub-device.ts';
import { hubUsername, sasToken, until } from './test-door.ts';

async function withCertificate(door: TestHub, deviceId: string, { cert, key }: ClientCertificate) {
  const client = Client.fromConnectionString(
    `HostName=localhost:${door.gateway.tlsPort};DeviceId=${deviceId};x509=true`,
    Mqtt,
  );
  await client.setOptions({ ca: door.ca, cert, key });
  return client;
}

test('a device is let in by a certificate whose thumbprint is registered, SHA-1 or SHA-256, and by no other', async (context) => {
  const [own, next, other] = await Promise.all(
    ['loop-1', 'loop-1', 'loop-1'].map((id) => clientCertificate(id)),
  );
  await using door = await openHub(context);
  const thumbprints = [own!.sha1, next!.sha256];
  door.devices.set('loop-1', { deviceId: 'loop-1', domain: 'live', role: 'sensor', thumbprints });
  for (const certificate of [own!, next!]) {
    const device = await withCertificate(door, 'loop-1', certificate);
    await device.open();
    await device.sendEvent(new Message('{"kind":"device-status"}'));
    expect((await device.getTwin()).properties.reported).toMatchObject({ $version: 1 });
    await device.close();
  }
  expect(door.log.entries).toHaveLength(2);
  expect(door.refusals).toEqual([]);
  const stranger = await withCertificate(door, 'loop-1', other!);
  await expect(stranger.open()).rejects.toMatchObject({ name: 'UnauthorizedError' });
  // loop-2 has a key: a certificate is nothing to it.
  const misplaced = await withCertificate(door, 'loop-2', own!);
  await expect(misplaced.open()).rejects.toMatchObject({ name: 'UnauthorizedError' });
  expect(door.refusals).toEqual([
    ['bad-credentials', 'loop-1'],
    ['bad-credentials', 'loop-2'],
  ]);
});

test('a device with a certificate is not let in by a token that is signed with no key', async (context) => {
  await using door = await openHub(context);
  const { sha256 } = await clientCertificate('loop-1');
  door.devices.set('loop-1', { deviceId: 'loop-1', domain: 'live', role: 'sensor', thumbprints: [sha256] });
  for (const password of [sasToken('loop-1', Date.now() + HOUR_MS, ''), '']) {
    await expect(door.client('loop-1', { username: hubUsername('loop-1'), password })).rejects.toMatchObject({
      code: 5,
    });
  }
  await expect(door.client('loop-1', { password: '' })).rejects.toMatchObject({ code: 5 });
});

test('an expired certificate is refused by name, and a connection ends when its certificate does, or is taken off', async (context) => {
  await using door = await openHub(context, { limits: { connectTimeoutMs: 400 } });
  const certificate = await clientCertificate('loop-1');
  const registered = { domain: 'live' as const, role: 'sensor' as const, thumbprints: [certificate.sha256] };
  door.devices.set('loop-1', { deviceId: 'loop-1', ...registered });
  const at = Date.now();
  const connect = () =>
    door.client('loop-1', {
      protocol: 'mqtts',
      host: 'localhost',
      port: door.gateway.tlsPort!,
      ca: door.ca,
      cert: certificate.cert,
      key: certificate.key,
      username: hubUsername('loop-1'),
      password: undefined as never,
    });
  const device = await connect();
  door.at(at + DAY_MS);
  await until(() => !device.connected, 'the end');
  await expect(connect()).rejects.toMatchObject({ code: 5 });
  door.at(at);
  const replaced = await connect();
  door.devices.set('loop-1', { deviceId: 'loop-1', ...registered, thumbprints: ['A'.repeat(40)] });
  replaced.publish('headway/v1/loop-1/telemetry', 'x', { qos: 1 });
  await until(() => !replaced.connected, 'the end');
  expect(door.refusals).toEqual([
    ['expired-certificate', 'loop-1'],
    ['expired-certificate', 'loop-1'],
    ['bad-credentials', 'loop-1'],
  ]);
});
