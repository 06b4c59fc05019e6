import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import { flow, registered, type SmallCity, START, smallCity } from './city.ts';

let city: SmallCity;
beforeEach(async () => {
  city = smallCity();
  await city.register(registered('loop'));
});
afterEach(() => city.close());

const details = (): string[] =>
  city.db
    .prepare('SELECT detail FROM dead_letters ORDER BY position, reason')
    .all()
    .map((r) => String(r.detail));

describe('a reading is refused by name', () => {
  const cases: [string, unknown, string][] = [
    ['broken JSON', '{"kind":"traffic-flow",', 'rejected not-json'],
    ['half a surrogate pair', '[{"kind":"\\ud800"}]', 'rejected not-json'],
    ['a number where a reading should be', [7], 'rejected schema'],
    ['no kind', [{ count: 1 }], 'rejected unknown-kind'],
    ['another kind', [flow(0, { kind: 'weather' })], 'rejected unknown-kind'],
    ['a kind named like an inherited property', [flow(0, { kind: 'constructor' })], 'rejected unknown-kind'],
    ['a later schema version', [flow(0, { v: 2 })], 'rejected unknown-kind'],
    ['a field nobody knows', [flow(0, { speedMph: 30 })], 'rejected schema'],
    ['a count of a half', [flow(0, { count: 0.5 })], 'rejected schema'],
    ['a negative speed', [flow(0, { speedKmh: -3 })], 'rejected schema'],
    ['a local time without offset', [flow(0, { observedAt: '2026-03-02T08:00:00' })], 'rejected schema'],
    ['30 February', [flow(0, { observedAt: '2026-02-30T08:00:00Z' })], 'rejected schema'],
    ['speed 500', [flow(0, { speedKmh: 500 })], 'rejected impossible'],
    ['occupancy 45', [flow(0, { occupancy: 45 })], 'rejected impossible'],
    ['a reading of nothing', [flow(0, { count: undefined, speedKmh: undefined })], 'rejected impossible'],
    ['7 minutes, which do not divide the day', [flow(0, { periodS: 420 })], 'rejected period'],
    ['a quarter of an hour that starts at :01', [flow(60, { periodS: 900 })], 'rejected period'],
    [
      'zero coordinates',
      [{ kind: 'vehicle-position', observedAt: '2026-03-02T08:00:00Z', vehicleId: 'b', lat: 0, lon: 0 }],
      'rejected impossible',
    ],
    ['a clock from 1970', [flow(0, { observedAt: '1970-01-01T00:00:00Z' })], 'quarantined behind'],
    ['a clock from 2099', [flow(0, { observedAt: '2099-01-01T00:00:00Z' })], 'quarantined ahead'],
  ];
  for (const [name, sent, outcome] of cases) {
    it(`${name}: ${outcome}`, async () => {
      city.send('loop', sent);
      city.send('loop', flow(60));
      await city.run();
      expect(city.sums()).toEqual({ [outcome]: 1, counted: 1 });
    });
  }

  it('bytes that are no UTF-8: rejected not-json', async () => {
    city.send('loop', '');
    city.records[0]!.payload = Uint8Array.of(0x22, 0xff, 0x22);
    await city.run();
    expect(city.sums()).toEqual({ 'rejected not-json': 1 });
  });

  it('with a sentence that helps to mend it', async () => {
    city.send('loop', [flow(0, { occupancy: 45 }), flow(0, { speedMph: 30 }), flow(0, { kind: 'weather' })]);
    await city.run();
    const sentences = details().join('\n');
    expect(sentences).toContain('occupancy 45 is over 1; it is a share, not per cent');
    expect(sentences).toContain('speedMph');
    expect(sentences).toContain('kind "weather" is none of traffic-flow, vehicle-position');
  });

  it('alone: the others of its message are counted', async () => {
    city.send('loop', [flow(0), flow(60, { speedKmh: 500 }), flow(120)]);
    await city.run();
    expect(city.sums()).toEqual({ counted: 2, 'rejected impossible': 1 });
  });
});

describe('the clock', () => {
  it('may be 60 s ahead and 7 days behind, to the millisecond', async () => {
    const at = (ms: number) => flow(0, { observedAt: new Date(START + ms).toISOString() });
    city.send('loop', [at(60_000), at(60_001), at(-7 * DAY_MS), at(-7 * DAY_MS - 1)], { receivedAt: START });
    await city.run();
    expect(city.sums()).toEqual({ counted: 2, 'quarantined ahead': 1, 'quarantined behind': 1 });
  });

  it('that can not be trusted gives the ledger no hour observed', async () => {
    city.send('loop', [flow(0, { observedAt: '2099-01-01T00:00:00Z' }), flow(0, { speedKmh: 500 })]);
    await city.run();
    expect(city.ledger().map((r) => [r.reason, r.hourObserved])).toEqual(
      [
        ['impossible', START],
        ['ahead', null],
      ].sort(),
    );
  });
});

describe('the registry', () => {
  it('knows unknown from retired, for devices and for installations', async () => {
    await city.register([
      ...registered('gone'),
      { kind: 'device', id: 'gone', validFrom: START - HOUR_MS, body: null },
      ...registered('moved-away'),
      { kind: 'installation', id: 'moved-away', validFrom: START - HOUR_MS, body: null },
      ...registered('boxed').slice(0, 2),
    ]);
    for (const device of ['nobody', 'gone', 'moved-away', 'boxed']) city.send(device, flow(0));
    await city.run();
    expect(city.sums()).toEqual({
      'rejected unknown-device': 1,
      'rejected retired-device': 1,
      'rejected retired-installation': 1,
      'rejected unknown-installation': 1,
    });
  });

  it('is asked by the time of observation: what a device measured before it was retired counts', async () => {
    await city.register([{ kind: 'device', id: 'loop', validFrom: START + MINUTE_MS, body: null }]);
    city.send('loop', [flow(0), flow(60)], { receivedAt: START + HOUR_MS });
    await city.run();
    expect(city.sums()).toEqual({ counted: 1, 'rejected retired-device': 1 });
  });

  it('is asked anew before a reading is refused as unknown', async () => {
    city.send('new', flow(0));
    await city.register(registered('new'));
    await city.run();
    expect(city.sums()).toEqual({ counted: 1 });
  });
});

it('aligns long periods to the city’s wall clock, also where it is half an hour off', async () => {
  const adelaide = smallCity('Australia/Adelaide');
  await adelaide.register(registered('loop'));
  // 08:30Z is 19:00 in Adelaide in March (UTC+10:30).
  adelaide.send('loop', [flow(1_800, { periodS: 3_600 }), flow(0, { periodS: 3_600 })], {
    receivedAt: START + 2 * HOUR_MS,
  });
  await adelaide.run();
  expect(adelaide.sums()).toEqual({ counted: 1, 'rejected period': 1 });
  adelaide.close();
});
