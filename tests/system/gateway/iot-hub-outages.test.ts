import { type DeviceMethodRequest, type DeviceMethodResponse, Message } from 'azure-iot-device';
import { expect, test } from 'vitest';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { openHub } from './iot-hub-device.ts';
import { connectedSender } from './raw-mqtt.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { openDoor, until } from './test-door.ts';

test('after the gateway was away for a while, a device is heard and hears again by itself', async (context) => {
  const directory = await temporaryDirectory(context);
  const twins = openDeviceTwins(`${directory}/twins.db`, Date.now);
  const deviceState = twins.state;
  const tls = await developmentCertificates(directory);
  const first = await openHub(context, { deviceState, tls });
  const tlsPort = first.gateway.tlsPort!;
  const device = await first.azureDevice('loop-1');
  const heard: string[] = [];
  device.on('message', (message) => {
    heard.push(message.data.toString());
    void device.complete(message);
  });
  device.onDeviceMethod('ping', (_: DeviceMethodRequest, response: DeviceMethodResponse) => {
    response.send(200, () => {});
  });
  const desired: unknown[] = [];
  (await device.getTwin()).on('properties.desired', (delta: unknown) => void desired.push(delta));
  const message = (text: string) => ({ body: Buffer.from(text), properties: {}, ttlMs: 60_000 });
  const call = { method: 'ping', payload: null, responseTimeoutMs: 5_000, connectTimeoutMs: 30_000 };
  expect(await first.gateway.hub.callMethod('loop-1', call)).toMatchObject({ status: 200 });
  await first.gateway.close();

  const second = await openDoor({ deviceState, tls, tlsPort });
  try {
    await second.gateway.hub.send('loop-1', message('while you were away'));
    expect(await second.gateway.hub.callMethod('loop-1', call)).toMatchObject({ status: 200 });
    // The SDK does not subscribe to this anew: the session has it.
    await second.gateway.hub.changeTwin('loop-1', { type: 'patch', desired: { interval: 5 } });
    await until(() => heard.length === 1, 'the message');
    await until(() => desired.some((delta) => (delta as { interval?: number }).interval === 5), 'the twin');
    await device.sendEvent(new Message('{"kind":"device-status"}'));
    expect(second.log.entries).toHaveLength(1);
    expect(heard).toEqual(['while you were away']);
  } finally {
    await device.close();
    await second[Symbol.asyncDispose]();
    twins.close();
  }
});

test('a device that is retired, or given a new key, while it only listens hears no more within a second', async () => {
  await using door = await openDoor({ limits: { connectTimeoutMs: 400 } });
  const retired = await door.client('loop-1');
  const rekeyed = await door.client('loop-2');
  door.devices.delete('loop-1');
  door.devices.set('loop-2', { ...door.devices.get('loop-2')!, key: 'bmV3' });
  await until(() => !retired.connected && !rekeyed.connected, 'the end of both', 1_000);
  expect(door.refusals.sort()).toEqual([
    ['bad-credentials', 'loop-2'],
    ['retired-device', 'loop-1'],
  ]);
});

test('an acknowledgement of nothing is nothing; a broken one ends the connection', async () => {
  await using door = await openDoor();
  const sender = await connectedSender(door, 'loop-1', 60);
  sender.send(Buffer.from([0x40, 2, 0, 9]));
  sender.send(Buffer.from([0xc0, 0]));
  await until(() => sender.received().includes(Buffer.from([0xd0, 0])), 'the PINGRESP');
  sender.send(Buffer.from([0x40, 3, 0, 9, 0]));
  await until(() => sender.isClosed(), 'the end');
  expect(door.refusals).toEqual([['malformed', 'loop-1']]);
});

test('a device that asks faster than it is answered is told so, and one that floods is still served', async () => {
  await using door = await openDoor();
  const device = await door.client('loop-1');
  await device.subscribeAsync('$iothub/twin/res/#');
  const answers: string[] = [];
  device.on('message', (topic) => void answers.push(topic));
  for (let i = 0; i < 2_000; i++)
    device.publish(`$iothub/twin/PATCH/properties/reported/?$rid=${i}`, `{"n":${i}}`);
  await until(() => answers.length === 2_000, 'every answer');
  const statuses = new Set(answers.map((topic) => topic.split('/')[3]));
  expect([...statuses].every((status) => status === '204' || status === '429')).toBe(true);
  const twin = await door.gateway.hub.twin('loop-1');
  expect(twin.reported.version).toBe(1 + answers.filter((topic) => topic.includes('/204/')).length);
  expect(door.refusals).toEqual([]);
});
