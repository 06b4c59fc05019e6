import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { decodePublish, encodePubacks } from '#ingest/gateway/publish-packet.ts';

const encoded = (qos: 0 | 1 | 2) =>
  mqttPacket.generate({
    cmd: 'publish',
    topic: 'headway/v1/a/telemetry',
    payload: Buffer.from('payload'),
    qos,
    dup: false,
    retain: true,
    ...(qos > 0 && { messageId: 0x1234 }),
  });

const decode = (packet: Buffer) => decodePublish(packet, packet[0]!, 2, packet.length);

test.each([
  [0, 0],
  [1, 0x1234],
] as const)('a PUBLISH of QoS %i of another encoder is read', (qos, messageId) => {
  const packet = encoded(qos);
  const decoded = decode(packet);
  if (typeof decoded === 'string') throw new Error(decoded);
  expect(packet.toString('utf8', decoded.topicFrom, decoded.topicTo)).toBe('headway/v1/a/telemetry');
  expect(decoded.messageId).toBe(messageId);
  expect(decoded.payload.toString()).toBe('payload');
});

test('QoS 2 is named, QoS 3 is malformed', () => {
  expect(decode(encoded(2))).toBe('qos');
  expect(decodePublish(encoded(1), 0x36, 2, 30)).toBe('malformed');
});

test.each([
  ['no topic length', [0]],
  ['a topic longer than the packet', [0, 9, 65]],
  ['no message id', [0, 1, 65]],
  ['half a message id', [0, 1, 65, 0]],
  ['message id 0', [0, 1, 65, 0, 0]],
])('%s is malformed', (_, body) => {
  const bytes = Buffer.from([0x32, body.length, ...body]);
  expect(decode(bytes)).toBe('malformed');
});

test('PUBACKs are what another decoder reads as such', () => {
  const ids: (number | undefined)[] = [];
  const parser = mqttPacket.parser();
  parser.on('packet', (packet) => {
    expect(packet.cmd).toBe('puback');
    ids.push(packet.messageId);
  });
  parser.parse(encodePubacks([1, 255, 256, 65_535]));
  expect(ids).toEqual([1, 255, 256, 65_535]);
});
