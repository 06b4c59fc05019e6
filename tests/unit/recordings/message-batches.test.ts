import { expect, test } from 'vitest';
import { messageBatches } from '#ingest/recordings/message-batches.ts';

const batched = async (readings: Parameters<typeof messageBatches>[0], spanMs: number) => {
  const messages = [];
  for await (const message of messageBatches(readings, spanMs)) messages.push(message);
  return messages;
};

test('a reading received on the hour belongs to the hour it ends, not to the next', async () => {
  const messages = await batched(
    [1, 3_600_000, 3_600_001].map((receivedAt) => ({ deviceId: 'a', receivedAt, json: String(receivedAt) })),
    3_600_000,
  );
  expect(messages.map((m) => m.payload)).toEqual(['[1,3600000]', '[3600001]']);
  expect(messages.map((m) => m.receivedAt)).toEqual([3_600_000, 3_600_001]);
});

test('no message holds over 1,000 readings, or more than the door takes even in three-byte letters', async () => {
  const many = await batched(
    Array.from({ length: 2_500 }, () => ({ deviceId: 'a', receivedAt: 5, json: '1' })),
    1_000,
  );
  expect(many.map((m) => m.readings)).toEqual([1_000, 1_000, 500]);
  const wide = await batched(
    Array.from({ length: 100 }, () => ({
      deviceId: 'a',
      receivedAt: 5,
      json: JSON.stringify('語'.repeat(2_000)),
    })),
    1_000,
  );
  expect(wide.length).toBeGreaterThan(1);
  expect(Math.max(...wide.map((m) => Buffer.byteLength(m.payload)))).toBeLessThan(256 * 1_024);
  expect(wide.reduce((sum, m) => sum + m.readings, 0)).toBe(100);
});
