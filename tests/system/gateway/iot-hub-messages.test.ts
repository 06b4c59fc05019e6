import type { Message } from 'azure-iot-device';
import { expect, test, vi } from 'vitest';
import type { DeviceHub } from '#domain/devices/device-hub.ts';
import { openHub } from './iot-hub-device.ts';
import { until } from './test-door.ts';

const HOUR = 3_600_000;
const text = (body: string, properties: Record<string, string> = {}, ttlMs = HOUR) => ({
  body: Buffer.from(body),
  properties,
  ttlMs,
});

const settled = (hub: DeviceHub, deviceId: string) =>
  vi.waitFor(async () => expect(await hub.waitingMessages(deviceId)).toBe(0), { timeout: 5_000 });

test('a message reaches a device that is there, with its properties, and is settled when it acknowledges', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const device = await door.azureDevice('loop-1');
  const heard: Message[] = [];
  device.on('message', (message) => {
    heard.push(message);
    void device.complete(message);
  });
  await hub.send(
    'loop-1',
    text('{"display":"Stau"}', { '$.mid': 'm 1', '$.ct': 'application/json', road: 'A 1 & B' }),
  );
  await until(() => heard.length === 1, 'the message');
  expect(heard[0]!.data.toString()).toBe('{"display":"Stau"}');
  expect(heard[0]!.messageId).toBe('m 1');
  expect(heard[0]!.properties.getValue('road')).toBe('A 1 & B');
  await settled(hub, 'loop-1');
  expect(door.refusals).toEqual([]);
});

test('up to fifty messages wait for a device that is away, in order, except those that run out', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const at = Date.now();
  door.at(at);
  expect(await hub.send('loop-1', text('short-lived', {}, 1_000))).toBe('queued');
  for (let i = 1; i < 50; i++) expect(await hub.send('loop-1', text(`m${i}`))).toBe('queued');
  expect(await hub.send('loop-1', text('one too many'))).toBe('full');
  expect(await hub.send('loop-2', text('another device'))).toBe('queued');
  expect(await hub.send('loop-1', { ...text(''), body: Buffer.alloc(65_537) })).toBe('too-large');
  door.at(at + 1_000);
  expect(await hub.send('loop-1', text('m50'))).toBe('queued');
  const device = await door.azureDevice('loop-1');
  const heard: string[] = [];
  device.on('message', (message) => {
    heard.push(message.data.toString());
    void device.complete(message);
  });
  await until(() => heard.length >= 50, 'fifty messages');
  expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => `m${i + 1}`));
});

test('what a device has not acknowledged comes again on its next connection, in the same session', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const first = await door.client('loop-1', { clean: false });
  await first.subscribeAsync('devices/loop-1/messages/devicebound/#', { qos: 1 });
  let got = 0;
  // No PUBACK leaves: the client is lost while it holds the message.
  first.handleMessage = () => {
    got++;
  };
  await hub.send('loop-1', text('again'));
  await until(() => got === 1, 'the first delivery');
  first.end(true);
  expect(await hub.waitingMessages('loop-1')).toBe(1);

  // No new subscription: the session has it.
  const second = await door.client('loop-1', { clean: false });
  const heard: string[] = [];
  second.on('message', (topic, payload) => void heard.push(`${topic} ${payload}`));
  await until(() => heard.length === 1, 'the second delivery');
  expect(heard).toEqual(['devices/loop-1/messages/devicebound/ again']);
  await settled(hub, 'loop-1');
});
