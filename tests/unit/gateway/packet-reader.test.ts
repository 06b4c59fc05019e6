import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { packetReader } from '#ingest/gateway/packet-reader.ts';

const anySize = () => 300_000;

function read(chunks: readonly Buffer[], limit: (firstByte: number) => number = anySize) {
  const reader = packetReader();
  const packets: string[] = [];
  for (const chunk of chunks) {
    reader.feed(chunk);
    for (;;) {
      const found = reader.next(limit);
      if (found === 'more') break;
      if (found !== 'packet') return { packets, fault: found };
      packets.push(reader.bytes.subarray(reader.start, reader.to).toString('latin1'));
      expect(reader.to - reader.from).toBeLessThanOrEqual(limit(reader.bytes[reader.start]!));
    }
  }
  return { packets, fault: undefined };
}

const publish = fc
  .record({
    topic: fc.stringMatching(/^[a-z/]{1,40}$/),
    payload: fc.uint8Array({ maxLength: 400 }),
    messageId: fc.integer({ min: 1, max: 65_535 }),
  })
  .map(({ topic, payload, messageId }) =>
    mqttPacket.generate({
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      messageId,
      dup: false,
      retain: false,
    }),
  );
const ping = fc.constant(mqttPacket.generate({ cmd: 'pingreq' }));

test('packets of another encoder come out whole, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(publish, ping), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (packets, steps) => {
        const stream = Buffer.concat(packets);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const to = at + steps[i % steps.length]!;
          chunks.push(stream.subarray(at, to));
          at = to;
        }
        expect(read(chunks)).toEqual({
          packets: packets.map((packet) => packet.toString('latin1')),
          fault: undefined,
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('a packet over the limit is a fault as soon as its length is known', () => {
  const header = (length: number) => {
    const bytes = [0x32];
    for (let rest = length; ; rest >>= 7) {
      bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) return Buffer.from(bytes);
    }
  };
  expect(read([header(1_001)], () => 1_000).fault).toBe('too-large');
  expect(read([header(1_000)], () => 1_000).fault).toBe(undefined);
  expect(read([header(268_435_455)], () => 300_000).fault).toBe('too-large');
});

test('the limit is asked for the kind of packet', () => {
  const limit = (firstByte: number) => (firstByte >> 4 === 3 ? 100 : 10);
  expect(read([Buffer.from([0x32, 50])], limit).fault).toBe(undefined);
  expect(read([Buffer.from([0x82, 50])], limit).fault).toBe('too-large');
});

test('a length of five bytes is malformed, byte by byte as well', () => {
  const bytes = Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0x01]);
  expect(read([bytes]).fault).toBe('malformed');
  expect(read([...bytes].map((byte) => Buffer.from([byte]))).fault).toBe('malformed');
});
