import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import { startGateway } from '#ingest/gateway/gateway.ts';
import { connectedSender, publishPacket } from './raw-mqtt.ts';
import { openDoor, until } from './test-door.ts';

const payloads = (door: { log: { entries: { payload: Uint8Array }[] } }) =>
  door.log.entries.map((entry) => Buffer.from(entry.payload).toString());

test('a message is acknowledged when the log is durable, and not before', async () => {
  await using door = await openDoor();
  door.log.hold();
  const sender = await connectedSender(door, 'loop-1');
  sender.send(publishPacket('headway/v1/loop-1/telemetry', 'a', 0x0102));
  sender.send(publishPacket('headway/v1/loop-1/telemetry', 'b', 0x0103));
  await until(() => door.gateway.stats().inFlightMessages === 2, 'both messages');
  await sleep(50);
  expect(sender.received()).toHaveLength(0);
  door.log.release();
  await until(() => sender.received().length >= 8, 'the acknowledgements');
  expect([...sender.received()]).toEqual([0x40, 2, 1, 2, 0x40, 2, 1, 3]);
  expect(payloads(door)).toEqual(['a', 'b']);
});

test('messages of one device stand in the log in the order sent', async () => {
  await using door = await openDoor();
  const client = await door.client('loop-1');
  const sent = Array.from({ length: 2_000 }, (_, i) => String(i));
  await Promise.all(sent.map((text) => client.publishAsync('headway/v1/loop-1/telemetry', text, { qos: 1 })));
  expect(payloads(door)).toEqual(sent);
});

test('a message of QoS 0 is logged too, also when the client leaves at once', async () => {
  await using door = await openDoor();
  const client = await door.client('loop-1');
  client.publish('headway/v1/loop-1/telemetry', 'last words', { qos: 0 });
  await client.endAsync();
  await until(() => door.log.entries.length === 1, 'the message');
  expect(payloads(door)).toEqual(['last words']);
});

test('when the log fails nothing is acknowledged, its senders are closed and counted, others go on', async () => {
  await using door = await openDoor();
  const bystander = await door.client('loop-2');
  const sender = await connectedSender(door, 'loop-1');
  door.log.fail();
  sender.send(publishPacket('headway/v1/loop-1/telemetry', 'lost', 1));
  await until(() => sender.isClosed(), 'the end');
  expect(sender.received()).toHaveLength(0);
  expect(door.refusals).toEqual([['log-unavailable', 'loop-1']]);
  expect(door.gateway.stats().lastLogError).toContain('no space left on device');

  door.log.mend();
  await bystander.publishAsync('headway/v1/loop-2/telemetry', 'on we go', { qos: 1 });
  const again = await door.client('loop-1');
  await again.publishAsync('headway/v1/loop-1/telemetry', 'lost', { qos: 1 });
  expect(payloads(door)).toEqual(['on we go', 'lost']);
});

test('a client that waits for its acknowledgement loses nothing when the log fails for a while', async () => {
  await using door = await openDoor();
  const client = await door.client('loop-1', { reconnectPeriod: 20 });
  door.log.fail();
  const sent = ['1', '2', '3'].map((text) =>
    client.publishAsync('headway/v1/loop-1/telemetry', text, { qos: 1 }),
  );
  await until(() => door.refusals.length >= 2, 'two attempts');
  door.log.mend();
  await Promise.all(sent);
  expect(new Set(payloads(door))).toEqual(new Set(['1', '2', '3']));
});

test('while the log is slow the gateway holds no more than its limit, and all arrives afterwards', async () => {
  const limits = { inFlightMessages: 50, inFlightBytes: 1e9 };
  await using door = await openDoor({ limits });
  door.log.hold();
  const senders = await Promise.all(['loop-1', 'loop-2'].map((id) => connectedSender(door, id)));
  for (const [i, sender] of senders.entries()) {
    const topic = `headway/v1/loop-${i + 1}/telemetry`;
    for (let id = 1; id <= 500; id++) sender.send(publishPacket(topic, `${id}`.padEnd(2_000), id));
  }
  await until(() => door.gateway.stats().inFlightMessages >= 50, 'the limit');
  await sleep(100);
  expect(door.gateway.stats().inFlightMessages).toBeLessThanOrEqual(51);
  door.log.release();
  await until(() => door.log.entries.length === 1_000, 'the rest');
  await until(() => senders.every((sender) => sender.received().length === 2_000), 'the acknowledgements');
  for (const id of ['loop-1', 'loop-2']) {
    const own = door.log.entries.filter((entry) => entry.deviceId === id);
    expect(own.map((entry) => Number(Buffer.from(entry.payload)))).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
  }
});

test('a slow log is no reason to take a client for silent', async () => {
  const limits = { inFlightMessages: 1, connectTimeoutMs: 200, silenceMs: 200 };
  await using door = await openDoor({ limits });
  door.log.hold();
  const sender = await connectedSender(door, 'loop-1');
  sender.send(publishPacket('headway/v1/loop-1/telemetry', 'patience', 1));
  await sleep(700);
  expect(sender.isClosed()).toBe(false);
  door.log.release();
  await until(() => sender.received().length === 4, 'the acknowledgement');
});

test('a client that reads no acknowledgements is not read from either', async () => {
  await using door = await openDoor({ log: { append: async () => {} } });
  const sender = await connectedSender(door, 'loop-1');
  sender.socket.pause();
  const burst = Buffer.concat(
    Array.from({ length: 25_000 }, () => publishPacket('headway/v1/loop-1/telemetry', '', 7)),
  );
  const bursts = 120;
  for (let i = 0; i < bursts; i++) sender.send(burst);
  const taken = () => door.gateway.stats().taken;
  await until(() => taken() > 0, 'the first');
  for (let before = -1; before !== taken(); await sleep(300)) before = taken();
  expect(taken()).toBeLessThan(bursts * 25_000);
  sender.socket.resume();
  await until(() => taken() === bursts * 25_000, 'all of them, once it reads again', 20_000);
});

test('closing acknowledges what is in flight and leaves nothing open', async () => {
  const door = await openDoor();
  door.log.hold();
  const sender = await connectedSender(door, 'loop-1');
  sender.send(publishPacket('headway/v1/loop-1/telemetry', 'a', 9));
  await until(() => door.gateway.stats().inFlightMessages === 1, 'the message');
  const closed = door.gateway.close();
  await sleep(20);
  door.log.release();
  await closed;
  await until(() => sender.isClosed(), 'the end');
  expect([...sender.received()]).toEqual([0x40, 2, 0, 9]);
  expect(door.gateway.stats().connections).toBe(0);
});

test('a port that is taken is an error that names it', async () => {
  await using door = await openDoor();
  await expect(
    startGateway({
      deviceState: openDeviceTwins(':memory:', Date.now).state,
      log: door.log,
      devices: { find: () => undefined },
      door: { refused: () => {} },
      host: '127.0.0.1',
      port: door.gateway.port,
      clock: Date.now,
    }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
