import { expect, test } from 'vitest';
import { HOUR_MS } from '#domain/instant.ts';
import { hubUsername, openDoor, sasToken, until } from './test-door.ts';

const received = (at: number) => `receivedAt=${encodeURIComponent(new Date(at).toISOString())}`;
const at = Date.UTC(2012, 2, 1, 8);

test('a recorder sends for the devices of its recording, each under its own time and domain, and ends them', async () => {
  await using door = await openDoor();
  const client = await door.client('week');
  await client.publishAsync(`headway/v1/old-1/telemetry/${received(at)}`, 'a', { qos: 1 });
  await client.publishAsync(`headway/v1/old-1/telemetry/${received(at + HOUR_MS)}`, 'b', { qos: 1 });
  await client.publishAsync(`headway/v1/old-1/telemetry/${received(at + HOUR_MS)}&end=1`, '', { qos: 1 });
  const common = { deviceId: 'old-1', domain: 'recording:week' };
  expect(door.log.entries).toEqual([
    { ...common, type: 'telemetry', receivedAt: at, payload: Buffer.from('a') },
    { ...common, type: 'telemetry', receivedAt: at + HOUR_MS, payload: Buffer.from('b') },
    { ...common, type: 'end', receivedAt: at + HOUR_MS, payload: Buffer.alloc(0) },
  ]);
});

test('a recorder may hold several connections, with SAS tokens as well', async () => {
  await using door = await openDoor();
  const sas = { username: hubUsername('week'), password: sasToken('week', door.now() + HOUR_MS) };
  const clients = [
    await door.client('week'),
    await door.client('week', { clientId: 'week/1' }),
    await door.client('week', { clientId: 'week/2', ...sas }),
  ];
  await Promise.all(
    clients.map((client) =>
      client.publishAsync(`headway/v1/old-1/telemetry/${received(at)}`, 'x', { qos: 1 }),
    ),
  );
  expect(door.log.entries).toHaveLength(3);
});

test.each([
  [
    'for a device of another recording',
    `headway/v1/bridge-1/telemetry/${received(at)}`,
    '',
    'unknown-recorder-device',
  ],
  ['for a live device', `headway/v1/loop-1/telemetry/${received(at)}`, '', 'unknown-recorder-device'],
  ['for a device that nobody knows', `headway/v1/x/telemetry/${received(at)}`, '', 'unknown-recorder-device'],
  ['without a time of receipt', 'headway/v1/old-1/telemetry', '', 'received-at'],
  [
    'with a time without an offset',
    'headway/v1/old-1/telemetry/receivedAt=2012-03-01T08:00:00',
    '',
    'received-at',
  ],
  ['as an IoT Hub device', `devices/old-1/messages/events/${received(at)}`, '', 'not-your-topic'],
  ['an end record with a payload', `headway/v1/old-1/telemetry/${received(at)}&end=1`, 'x', 'malformed'],
])('a recorder that sends %s is closed and counted', async (_, topic, payload, reason) => {
  await using door = await openDoor();
  const client = await door.client('week');
  client.publish(topic, payload, { qos: 1 });
  await until(() => !client.connected, 'the end');
  expect(door.refusals).toEqual([[reason, 'week']]);
  expect(door.log.entries).toEqual([]);
});
