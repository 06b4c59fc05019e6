import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectedSender, connectPacket, publishPacket } from './raw-mqtt.ts';
import { openDoor, rawSender, type TestDoor, until } from './test-door.ts';

const OWN = 'headway/v1/loop-1/telemetry';

/** A client that was there before goes on as if nothing had been. */
async function othersGoOn(door: TestDoor, attack: () => Promise<void>): Promise<void> {
  const bystander = await door.client('loop-2');
  await attack();
  const before = door.log.entries.length;
  await bystander.publishAsync('headway/v1/loop-2/telemetry', 'still here', { qos: 1 });
  expect(door.log.entries).toHaveLength(before + 1);
}

test.each([
  ['on the topic of another device', publishPacket('headway/v1/loop-2/telemetry', 'x', 1), 'not-your-topic'],
  ['as another IoT Hub device', publishPacket('devices/loop-2/messages/events/', 'x', 1), 'not-your-topic'],
  ['on a topic of the broker', publishPacket('$SYS/x/heartbeat', 'x', 1), 'not-your-topic'],
  ['with QoS 2', publishPacket(OWN, 'x', 1, 2), 'qos'],
  [
    'with a time of receipt',
    publishPacket(`${OWN}/receivedAt=2026-05-01T08%3A00%3A00Z`, 'x', 1),
    'received-at',
  ],
  ['with message id 0', Buffer.from([0x32, 5, 0, 1, 0x61, 0, 0]), 'malformed'],
  ['a second CONNECT', connectPacket('loop-1'), 'malformed'],
  ["a packet type that is the server's", Buffer.from([0x20, 2, 0, 0]), 'malformed'],
  ['a SUBSCRIBE that holds nothing', Buffer.from([0x82, 2, 0, 1]), 'malformed'],
  ['a length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1]), 'malformed'],
  ['a SUBSCRIBE of 5 KiB', Buffer.from([0x82, 0x80, 0x28]), 'too-large'],
])(
  'a sensor that sends %s is closed without an acknowledgement and counted; others go on',
  async (_, packet, reason) => {
    await using door = await openDoor();
    await othersGoOn(door, async () => {
      const sender = await connectedSender(door, 'loop-1');
      sender.send(packet);
      await until(() => sender.isClosed(), 'the end');
      expect(sender.received()).toHaveLength(0);
    });
    expect(door.refusals).toEqual([[reason, 'loop-1']]);
    expect(door.gateway.stats().refused[reason as 'qos']).toBe(1);
  },
);

test('a payload of 256 KiB is taken, one byte more is not', async () => {
  await using door = await openDoor();
  const client = await door.client('loop-1');
  const payload = Buffer.alloc(256 * 1024, 'x');
  await client.publishAsync(OWN, payload, { qos: 1 });
  expect(door.log.entries[0]?.payload).toHaveLength(256 * 1024);
  client.publish(OWN, Buffer.alloc(256 * 1024 + 1), { qos: 1 });
  await until(() => !client.connected, 'the end');
  expect(door.refusals).toEqual([['too-large', 'loop-1']]);
});

test('a topic of more than 2 KiB is too large', async () => {
  await using door = await openDoor();
  const sender = await connectedSender(door, 'loop-1');
  sender.send(publishPacket(`${OWN}/a=${'x'.repeat(2_048)}`, 'x', 1));
  await until(() => sender.isClosed(), 'the end');
  expect(door.refusals).toEqual([['too-large', 'loop-1']]);
});

test('a payload of 10 MB is cut off at its header: hardly any of it is read', async () => {
  await using door = await openDoor();
  await othersGoOn(door, async () => {
    const sender = await connectedSender(door, 'loop-1');
    const packet = publishPacket(OWN, Buffer.alloc(10_000_000), 1);
    sender.send(packet.subarray(0, 10));
    await until(() => sender.isClosed(), 'the end after ten bytes');

    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 10; i++) {
      const again = await connectedSender(door, 'loop-1');
      again.send(packet);
      await until(() => again.isClosed(), 'the end');
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(packet.length + 4e6);
  });
  expect(door.refusals).toEqual(Array.from({ length: 11 }, () => ['too-large', 'loop-1']));
  expect(door.log.entries.map((entry) => entry.deviceId)).toEqual(['loop-2']);
});

test('before CONNACK 4 KiB is the limit, for any packet', async () => {
  await using door = await openDoor();
  const long = connectPacket(`loop-1${'x'.repeat(5 * 1024)}`);
  for (const bytes of [long.subarray(0, 5), long, publishPacket(OWN, Buffer.alloc(5 * 1024), 1)]) {
    const sender = await rawSender(door.gateway.port);
    sender.send(bytes);
    await until(() => sender.isClosed(), 'the end');
    expect(sender.received()).toHaveLength(0);
  }
  expect(door.refusals).toEqual(Array.from({ length: 3 }, () => ['too-large', '']));
});

test('what follows a CONNECT at once waits for CONNACK, and is thrown away with a wrong key', async () => {
  await using door = await openDoor();
  const publish = publishPacket(OWN, 'eager', 5);
  const wrong = connectPacket('loop-1');
  wrong[wrong.length - 1]! ^= 1;
  const stranger = await rawSender(door.gateway.port);
  stranger.send(Buffer.concat([wrong, publish, publish]));
  await until(() => stranger.isClosed(), 'the end');
  expect(stranger.received().toString('hex')).toBe('20020005');
  expect(door.log.entries).toEqual([]);

  const eager = await rawSender(door.gateway.port);
  eager.send(Buffer.concat([connectPacket('loop-1'), publish]));
  await until(() => eager.received().length >= 8, 'the acknowledgement');
  expect(eager.received().toString('hex')).toBe('2002000040020005');
  eager.socket.destroy();
});

test('a connection that does not connect is closed after its time, whether it is silent or dribbles', async () => {
  await using door = await openDoor({ limits: { connectTimeoutMs: 300 } });
  const silent = await rawSender(door.gateway.port);
  const dribbling = await rawSender(door.gateway.port);
  dribbling.send(connectPacket('loop-1').subarray(0, 12));
  await until(() => silent.isClosed() && dribbling.isClosed(), 'the end of both', 1_500);
  expect(door.refusals).toEqual([
    ['connect-timeout', ''],
    ['connect-timeout', ''],
  ]);
});

test('connections over the limit are dropped; there is room again when one has gone', async () => {
  await using door = await openDoor({ limits: { connections: 2 } });
  const first = await connectedSender(door, 'loop-1');
  await connectedSender(door, 'loop-2');
  const third = await rawSender(door.gateway.port);
  await until(() => third.isClosed(), 'the end');
  expect(door.refusals).toEqual([['too-many-connections', '']]);
  first.socket.destroy();
  await until(() => door.gateway.stats().connections === 1, 'room');
  await connectedSender(door, 'loop-1');
});

test('random bytes, before and after CONNECT, bring nobody down', async () => {
  await using door = await openDoor({ limits: { connectTimeoutMs: 2_000 } });
  const firstByte = fc.constantFrom(0x10, 0x30, 0x32, 0x34, 0x40, 0x62, 0x82, 0xa2, 0xc0, 0xe0);
  const plausible = fc
    .tuple(firstByte, fc.uint8Array({ maxLength: 60 }))
    .map(([type, body]) => Uint8Array.of(type, body.length, ...body));
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.array(plausible, { minLength: 1, maxLength: 8 }).map((packets) => Buffer.concat(packets)),
  );
  await othersGoOn(door, async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (noise, connectFirst) => {
        const sender = connectFirst
          ? await connectedSender(door, 'loop-1')
          : await rawSender(door.gateway.port);
        sender.send(noise);
        await sleep(2);
        sender.socket.destroy();
      }),
      { numRuns: 250 },
    );
  });
  await until(() => door.gateway.stats().connections === 1, 'the end of all but one');
});

test('a mutated conversation is answered or closed, and nothing is logged for another device', async () => {
  await using door = await openDoor();
  const conversation = Buffer.concat([
    connectPacket('loop-1', 60),
    publishPacket(OWN, '{"kind":"traffic-flow"}', 1),
    Buffer.from([0xc0, 0]),
    publishPacket('devices/loop-1/messages/events/a=b', 'x', 2),
  ]);
  const mutation = fc.tuple(fc.nat(conversation.length - 1), fc.nat(255));
  await othersGoOn(door, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(conversation.length),
        async (mutations, cutAt) => {
          const bytes = Buffer.from(conversation);
          for (const [at, value] of mutations) bytes[at] = value;
          const sender = await rawSender(door.gateway.port);
          sender.send(bytes.subarray(0, cutAt));
          await sleep(1);
          sender.send(bytes.subarray(cutAt));
          await sleep(1);
          sender.socket.destroy();
        },
      ),
      { numRuns: 200 },
    );
    await sleep(50);
    expect(new Set(door.log.entries.map((entry) => entry.deviceId))).toEqual(new Set(['loop-1']));
  });
});
