import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOUR_MS } from '#domain/instant.ts';
import { flow, registered, type SmallCity, START, smallCity } from './city.ts';

let city: SmallCity;
beforeEach(async () => {
  city = smallCity();
  // A device without a place: everything it sends is refused, and kept.
  await city.register(registered('loop').slice(0, 2));
});
afterEach(() => city.close());

const order = (positions: number[]) =>
  city.send('loop', { positions }, { type: 'readmit', receivedAt: START + HOUR_MS });
const received = () => city.ledger().reduce((n, r) => n + r.readings, 0);
const deadLetters = () => city.db.prepare('SELECT reason, indices FROM dead_letters').all();

it('counts what is admissible now, leaves the rest, and received stays what was sent', async () => {
  city.send('loop', [flow(0), flow(60, { speedKmh: 500 }), flow(120)]);
  city.send('loop', '', { type: 'end' });
  await city.run();
  expect(city.sums()).toEqual({ 'rejected unknown-installation': 3 });

  await city.register(registered('loop').slice(2));
  order([0]);
  await city.run();
  expect(city.sums()).toEqual({ counted: 2, 'rejected impossible': 1 });
  expect(received()).toBe(3);
  expect(deadLetters()).toEqual([{ reason: 'impossible', indices: '[1]' }]);
  const bytes = city.db.prepare('SELECT bytes FROM outcomes WHERE from_position = 0').get()!
    .bytes as Uint8Array;
  // Three readings: counted, rejected as impossible (code 12), counted.
  expect([...bytes].slice(0, 4)).toEqual([3, 0, 12, 0]);
});

it('leaves what a feed could not use where it was: it can not become anything', async () => {
  city.send('loop', { kind: 'unusable', feed: 'siri/1', reason: 'no-xml', detail: '', asItCame: '' });
  await city.run();
  await city.register(registered('loop').slice(2));
  order([0]);
  await city.run();
  expect(city.sums()).toEqual({ 'rejected unusable': 1 });
  expect(city.ledger().filter((r) => r.readings !== 0)).toMatchObject([{ hourObserved: null, readings: 1 }]);
  expect(deadLetters()).toEqual([{ reason: 'unusable', indices: '[0]' }]);
});

it('is done once: the same order again changes nothing', async () => {
  city.send('loop', [flow(0)]);
  await city.run();
  await city.register(registered('loop').slice(2));
  order([0]);
  order([0]);
  await city.run();
  expect(city.sums()).toEqual({ counted: 1 });
});

it('counts a readmitted reading as of its order: what came in between was first', async () => {
  city.send('loop', [flow(0, { count: 1 })]);
  await city.run();
  await city.register(registered('loop').slice(2));
  city.send('loop', [flow(0, { count: 2 })]);
  order([0]);
  city.send('loop', '', { type: 'end' });
  await city.run();
  expect(city.sums()).toEqual({ counted: 1, restated: 1 });
  expect(await city.windows('loop')).toMatchObject([{ count: 1 }]);
});
