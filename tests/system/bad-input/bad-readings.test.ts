import { afterAll, beforeAll, expect, test } from 'vitest';
import { goodReading, type TestCity, testCity } from './test-city.ts';

let city: TestCity;
const names = [
  'not-json',
  'half',
  'speed',
  'occupancy',
  'zero',
  'twice',
  'sequence',
  'clock-1970',
  'clock-2099',
  'array',
] as const;

beforeAll(async () => {
  city = await testCity({ devices: names });
});
afterAll(() => city.close());

/** Sends messages of one device beside the healthy one: the outcomes and dead letters that come of them. */
async function sent(deviceId: (typeof names)[number], payloads: readonly (string | Buffer)[]) {
  return city.beside(async () => {
    for (const payload of payloads) expect(await city.send(deviceId, payload)).toBe('acknowledged');
    return { outcomes: await city.outcomes(deviceId), letters: city.deadLetters(deviceId) };
  });
}

const json = JSON.stringify;

test('broken JSON is kept as sent and rejected as not JSON, one reading a message', async () => {
  const notUtf8 = Buffer.concat([Buffer.from('{"kind":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  const { outcomes, letters } = await sent('not-json', ['{"kind":"traffic-flow",', '', 'NaN', notUtf8]);
  expect(outcomes).toEqual({ 'rejected not-json': 4 });
  expect(letters[0]).toEqual({
    reason: 'not-json',
    indices: [0],
    detail: '23 bytes that are not JSON in UTF-8',
  });
});

test('a message with one broken reading among good ones loses that one alone', async () => {
  const payload = json([goodReading(3), { ...goodReading(2), speedKmh: 'fast' }, goodReading(1)]);
  const { outcomes, letters } = await sent('half', [payload]);
  expect(outcomes).toEqual({ counted: 2, 'rejected schema': 1 });
  expect(letters).toEqual([
    {
      reason: 'schema',
      indices: [1],
      detail: 'speedKmh: Invalid input: expected number, received string',
    },
  ]);
});

test('a speed of 500 is impossible, and the operator is asked for its unit', async () => {
  const { outcomes, letters } = await sent('speed', [json(goodReading(1, { speedKmh: 500 }))]);
  expect(outcomes).toEqual({ 'rejected impossible': 1 });
  expect(letters[0]!.detail).toBe('speedKmh 500 is over 250; is it in another unit?');
});

test('an occupancy of 45 is impossible: a share, not per cent', async () => {
  const { outcomes, letters } = await sent('occupancy', [json(goodReading(1, { occupancy: 45 }))]);
  expect(outcomes).toEqual({ 'rejected impossible': 1 });
  expect(letters[0]!.detail).toBe('occupancy 45 is over 1; it is a share, not per cent');
});

test("coordinates of zero are impossible; the vehicle's next position is counted", async () => {
  const { observedAt } = goodReading(1);
  const position = { kind: 'vehicle-position', observedAt, vehicleId: 'tram-7' };
  const { outcomes, letters } = await sent('zero', [
    json({ ...position, lat: 0, lon: 0 }),
    json({ ...position, lat: 60.17, lon: 24.94 }),
  ]);
  expect(outcomes).toEqual({ counted: 1, 'rejected impossible': 1 });
  expect(letters[0]!.detail).toBe('position is 0, 0: the receiver had no fix');
});

test('duplicate rows are counted once: in one message, in another, and with other content in between', async () => {
  const row = goodReading(4);
  const other = { ...row, count: 99 };
  const { outcomes, letters } = await sent('twice', [json([row, row]), json(row), json(other), json(row)]);
  expect(outcomes).toEqual({ counted: 1, duplicate: 3, restated: 1 });
  expect(letters).toEqual([]);
});

test('sequence numbers that repeat or go back decide nothing: what was observed does', async () => {
  const [a, b, c] = [goodReading(9, { seq: 7 }), goodReading(8, { seq: 7 }), goodReading(7, { seq: 3 })];
  const again = { ...a, seq: 8 };
  const { outcomes } = await sent('sequence', [json([a, b, c]), json(again)]);
  expect(outcomes).toEqual({ counted: 3, duplicate: 1 });
});

test('a clock of 1970 is quarantined as behind, that reading alone', async () => {
  const old = goodReading(0, { observedAt: '1970-01-01T00:00:00Z' });
  const { outcomes, letters } = await sent('clock-1970', [json([goodReading(2), old, goodReading(1)])]);
  expect(outcomes).toEqual({ counted: 2, 'quarantined behind': 1 });
  expect(letters[0]).toMatchObject({ reason: 'behind', indices: [1] });
  expect(letters[0]!.detail).toMatch(/^observed 1970-01-01T00:00:00Z, \d+ s before it was received$/);
});

test('a clock of 2099 is quarantined as ahead, and windows go on closing by the clocks that are right', async () => {
  const future = goodReading(0, { observedAt: '2099-12-31T23:59:59Z' });
  const { outcomes, letters } = await sent('clock-2099', [
    json([goodReading(9), future]),
    json(goodReading(8)),
  ]);
  expect(outcomes).toEqual({ counted: 2, 'quarantined ahead': 1 });
  expect(letters[0]!.detail).toMatch(/^observed 2099-12-31T23:59:59Z, \d+ s after it was received$/);
});

test('100,000 values in one array that fits in a message are 100,000 readings, each rejected', async () => {
  const { outcomes, letters } = await sent('array', [`[${'0,'.repeat(99_999)}0]`]);
  expect(outcomes).toEqual({ 'rejected schema': 100_000 });
  expect(letters).toHaveLength(1);
  expect(letters[0]!.indices).toHaveLength(100_000);
});
