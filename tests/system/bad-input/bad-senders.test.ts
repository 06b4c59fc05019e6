import { afterAll, beforeAll, expect, test } from 'vitest';
import { goodReading, type TestCity, testCity } from './test-city.ts';

let city: TestCity;

beforeAll(async () => {
  city = await testCity({ devices: ['large', 'array', 'password', 'impostor', 'victim'] });
});
afterAll(() => city.close());

const good = (minutesAgo: number) => JSON.stringify(goodReading(minutesAgo));

test('a payload of 10 MB closes its connection, is counted as too large, and nothing of it is kept', async () => {
  await city.beside(async () => {
    expect(await city.send('large', Buffer.alloc(10 * 1024 * 1024, ' '))).toBe('closed');
    expect(await city.refusals('large')).toEqual({ 'too-large': 1 });
    expect(await city.outcomes('large')).toEqual({});
    expect(await city.send('large', good(1))).toBe('acknowledged');
    expect(await city.outcomes('large')).toEqual({ counted: 1 });
  });
});

test('100,000 whole readings in one array are more than a message may hold: too large', async () => {
  await city.beside(async () => {
    const payload = `[${Array.from({ length: 100_000 }, (_, i) => good(i % 9_000)).join(',')}]`;
    expect(await city.send('array', payload)).toBe('closed');
    expect(await city.refusals('array')).toEqual({ 'too-large': 1 });
    expect(await city.outcomes('array')).toEqual({});
  });
});

test('a wrong password is refused as bad credentials, under the name that was claimed', async () => {
  await city.beside(async () => {
    expect(await city.send('password', good(1), { key: 'c2Vzc2Ft' })).toBe('refused');
    expect(await city.refusals('password')).toEqual({ 'bad-credentials': 1 });
    expect(await city.send('nobody', good(1), { key: 'c2Vzc2Ft' })).toBe('refused');
    expect(await city.refusals('')).toEqual({ 'bad-credentials': 1 });
    expect(await city.outcomes('password')).toEqual({});
  });
});

test('a device that publishes as another is closed and counted itself; the other gets nothing', async () => {
  await city.beside(async () => {
    for (const topic of ['headway/v1/victim/telemetry', 'devices/victim/messages/events/'])
      expect(await city.send('impostor', good(1), { topic })).toBe('closed');
    expect(await city.refusals('impostor')).toEqual({ 'not-your-topic': 2 });
    expect(await city.outcomes('victim')).toEqual({});
    expect(await city.outcomes('impostor')).toEqual({});
  });
});
