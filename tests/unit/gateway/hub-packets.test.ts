import { generate, parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { hubTopics } from '#ingest/gateway/hub-topics.ts';
import { encodePublish } from '#ingest/gateway/publish-packet.ts';

test.each([
  ['a', 0, 0],
  ['$iothub/twin/res/200/?$rid=1', 100, 0],
  ['devices/ü/messages/devicebound/', 120, 1],
  ['t', 16_380, 65_535],
  ['t', 65_536, 256],
])(
  'a PUBLISH on %s of %i bytes, message id %i, is encoded as mqtt-packet does',
  (topic, bytes, messageId) => {
    const payload = Buffer.alloc(bytes, 7);
    const packet = {
      cmd: 'publish' as const,
      topic,
      payload,
      qos: messageId === 0 ? (0 as const) : (1 as const),
      dup: false,
      retain: false,
      ...(messageId === 0 ? {} : { messageId }),
    };
    const encoded = encodePublish(topic, payload, messageId);
    expect(encoded.equals(generate(packet))).toBe(true);
    let read: unknown;
    parser()
      .on('packet', (found) => {
        read = found;
      })
      .parse(encoded);
    expect(read).toMatchObject({ topic, qos: packet.qos });
  },
);

test('properties of a message are url-encoded in its topic, a space as %20', () => {
  expect(hubTopics.message('loop-1', { '$.mid': 'm 1', road: 'A&B=ü' })).toBe(
    'devices/loop-1/messages/devicebound/%24.mid=m%201&road=A%26B%3D%C3%BC',
  );
});
