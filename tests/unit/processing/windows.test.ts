import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import { type Store, StoreUnavailable } from '#domain/store.ts';
import { flow, registered, type SmallCity, START, smallCity } from './city.ts';

let city: SmallCity;
beforeEach(async () => {
  city = smallCity();
  await city.register(registered('loop'));
});
afterEach(() => city.close());

const end = { type: 'end' } as const;

describe('a window', () => {
  it('adds counts, weights speed harmonically by vehicles and occupancy by time', async () => {
    city.send('loop', [
      flow(0, { count: 30, speedKmh: 60, occupancy: 0.1 }),
      flow(60, { count: 10, speedKmh: 20, occupancy: 0.4 }),
    ]);
    city.send('loop', '', end);
    await city.run();
    const [window] = await city.windows('loop');
    expect(window).toMatchObject({ count: 40, countS: 120, observedS: 120, readings: 2, expectedS: 300 });
    // 30 vehicles at 1 min/km and 10 at 3 min/km: 60 vehicle-minutes over 40 km is 40 km/h, not the 50 of a plain mean.
    expect((3.6e9 * window!.paceCount) / window!.paceMicroS).toBeCloseTo(40, 6);
    expect(window!.occupancyMicroS / window!.occupancyS / 1e6).toBeCloseTo(0.25, 9);
    expect(window!.speedHistogram).toEqual([
      [20, 10],
      [60, 30],
    ]);
    expect(window!.histogramBasis).toBe('means-by-count');
  });

  it('averages speeds that came without counts by time, apart', async () => {
    city.send('loop', [
      flow(0, { count: undefined, speedKmh: 60, periodS: 60 }),
      flow(60, { count: undefined, speedKmh: 30, periodS: 120 }),
    ]);
    city.send('loop', '', end);
    await city.run();
    const [window] = await city.windows('loop');
    expect(window).toMatchObject({ count: null, paceCount: 0, speedS: 180, histogramBasis: 'means-by-time' });
    expect(window!.speedMilliS / window!.speedS / 1_000).toBe(40);
  });

  it('holds drivers’ speeds only where readings carry them', async () => {
    city.send('loop', [
      flow(0, {
        speedBins: [
          { fromKmh: 40, toKmh: 50, count: 4 },
          { fromKmh: 50, toKmh: 60, count: 6 },
        ],
      }),
      flow(60, { vehicles: [{ speedKmh: 41.9 }, { speedKmh: 70 }], count: 2 }),
    ]);
    city.send('loop', '', end);
    await city.run();
    const [window] = await city.windows('loop');
    expect(window!.histogramBasis).toBe('drivers');
    expect(window!.speedHistogram).toEqual([
      [41, 1],
      [45, 4],
      [55, 6],
      [70, 1],
    ]);
  });

  it('counts by class, and takes the sum where no total was sent', async () => {
    city.send('loop', [
      flow(0, { count: undefined, counts: { car: 7, truck: 2 } }),
      flow(60, { counts: { car: 3 } }),
    ]);
    city.send('loop', '', end);
    await city.run();
    const [window] = await city.windows('loop');
    expect(window).toMatchObject({ count: 19, classCounts: { car: 10, truck: 2 } });
  });

  it('keeps lanes and directions apart', async () => {
    city.send('loop', [flow(0, { lane: 1 }), flow(0, { lane: 2 }), flow(0, { direction: 'N' })]);
    city.send('loop', '', end);
    await city.run();
    const windows = await city.windows('loop');
    expect(windows.map((w) => [w.direction, w.lane, w.count])).toEqual([
      ['', 1, 10],
      ['', 2, 10],
      ['N', 0, 10],
    ]);
    // The installation promises one reading for all lanes: none of these is what it owes.
    expect(windows.map((w) => w.expectedS)).toEqual([null, null, null]);
  });

  it('of a longer, aligned reading has the reading’s own length', async () => {
    city.send('loop', [flow(0, { periodS: 3_600 }), flow(900, { periodS: 900 })], {
      receivedAt: START + HOUR_MS,
    });
    city.send('loop', '', end);
    await city.run();
    expect((await city.windows('loop')).map((w) => [w.startAt, w.windowS])).toEqual([
      [START, 3_600],
      [START + 15 * MINUTE_MS, 900],
    ]);
  });
});

describe('closing', () => {
  const sent = async (): Promise<number[]> =>
    (await city.windows('loop')).map((w) => (w.startAt - START) / MINUTE_MS);

  it('waits until the device’s own later readings have passed the end plus a grace', async () => {
    city.send('loop', flow(0));
    city.send('loop', flow(300), { receivedAt: START + 6 * MINUTE_MS });
    await city.run();
    expect(await sent()).toEqual([]);
    city.send('loop', flow(360), { receivedAt: START + 7 * MINUTE_MS });
    await city.run();
    expect(await sent()).toEqual([0]);
  });

  it('is not hastened by another device’s fast clock', async () => {
    await city.register(registered('hasty'));
    city.send('loop', flow(0));
    city.send('hasty', flow(800), { receivedAt: START + 13 * MINUTE_MS });
    await city.run();
    expect(await sent()).toEqual([]);
  });

  it('comes with idle live time', async () => {
    city.send('loop', flow(0));
    await city.run({ liveTime: START + 14 * MINUTE_MS });
    expect(await sent()).toEqual([]);
    city.send('loop', flow(0));
    await city.run({ liveTime: START + 15 * MINUTE_MS });
    expect(await sent()).toEqual([0]);
  });

  it('never comes with idle time in a recording, but with its end record', async () => {
    city.send('loop', flow(0), { domain: 'recording:past' });
    await city.run({ liveTime: START + 24 * HOUR_MS });
    expect(await sent()).toEqual([]);
    city.send('loop', '', { ...end, domain: 'recording:past' });
    await city.run();
    expect(await sent()).toEqual([0]);
  });

  it('decides no value: a box that was offline for three days is on time in its own time', async () => {
    const late = START + 72 * HOUR_MS;
    for (let minute = 0; minute < 10; minute++) city.send('loop', flow(minute * 60), { receivedAt: late });
    city.send('loop', '', { ...end, receivedAt: late });
    await city.run({ liveTime: late });
    expect((await city.windows('loop')).map((w) => [w.count, w.revision])).toEqual([
      [50, 0],
      [50, 0],
    ]);
  });
});

describe('a published window', () => {
  beforeEach(async () => {
    city.send('loop', [flow(0), flow(60)]);
    city.send('loop', '', end);
    await city.run();
  });

  it('takes a late reading as a revision with its reason', async () => {
    city.send('loop', flow(120), { receivedAt: START + HOUR_MS });
    await city.run();
    expect(await city.windows('loop')).toMatchObject([{ revision: 1, reason: 'late', count: 30 }]);
    expect(city.ledger().reduce((n, r) => n + r.late, 0)).toBe(1);
  });

  it('takes a restatement as a revision, and the new content counts', async () => {
    city.send('loop', flow(60, { count: 4 }), { receivedAt: START + HOUR_MS });
    await city.run();
    expect(await city.windows('loop')).toMatchObject([
      { revision: 1, reason: 'restated', count: 14, readings: 2 },
    ]);
  });

  it('is left alone by a duplicate', async () => {
    city.send('loop', flow(60, { seq: 9 }), { receivedAt: START + HOUR_MS });
    await city.run();
    expect(await city.windows('loop')).toMatchObject([{ revision: 0, reason: 'published', count: 20 }]);
    expect(city.sums()).toEqual({ counted: 2, duplicate: 1 });
  });

  it('knows content that returns after other content as a duplicate', async () => {
    city.send('loop', flow(60, { count: 4 }));
    city.send('loop', flow(60));
    await city.run();
    expect(city.sums()).toEqual({ counted: 2, restated: 1, duplicate: 1 });
    expect(await city.windows('loop')).toMatchObject([{ count: 14 }]);
  });

  it('moves a reading whose device is now known to have stood elsewhere', async () => {
    await city.register([
      {
        kind: 'installation',
        id: 'loop',
        validFrom: 0,
        body: { deviceId: 'loop', siteId: 'elsewhere', periodS: 60 },
      },
    ]);
    city.send('loop', flow(60, { count: 4 }), { receivedAt: START + HOUR_MS });
    await city.run();
    const bySite = (await city.windows('loop')).map((w) => [w.siteId, w.count, w.reason]);
    expect(bySite).toContainEqual(['site of loop', 10, 'moved']);
    expect(bySite).toContainEqual(['elsewhere', 4, 'published']);
  });
});

describe('signal events', () => {
  const event = (tenths: number, eventCode: number, parameter: number) => ({
    kind: 'signal-event',
    observedAt: new Date(START + tenths * 100).toISOString(),
    eventCode,
    parameter,
  });

  it('are actuations per channel, each counted once', async () => {
    city.send('loop', [
      event(0, 82, 5),
      event(4, 81, 5),
      event(9, 82, 5),
      event(9, 82, 6),
      event(9, 82, 5),
      event(9, 1, 2),
    ]);
    city.send('loop', '', end);
    await city.run();
    expect(city.sums()).toEqual({ counted: 5, duplicate: 1 });
    expect((await city.windows('loop')).map((w) => [w.lane, w.count, w.readings, w.observedS])).toEqual([
      [0, null, 1, 0],
      [5, 2, 3, 0],
      [6, 1, 1, 0],
    ]);
  });
});

it('closes a silent device’s windows while others go on sending', async () => {
  await city.register(registered('talker'));
  city.send('loop', flow(0));
  city.send('talker', flow(900), { receivedAt: START + 16 * MINUTE_MS });
  await city.run();
  expect(await city.windows('loop')).toHaveLength(1);
});

it('takes what it was owed from the registry at its latest observation, in whatever order they came', async () => {
  const later = { deviceId: 'loop', siteId: 'site of loop' };
  await city.register([{ kind: 'installation', id: 'loop', validFrom: START + 2 * MINUTE_MS, body: later }]);
  city.send('loop', [flow(120), flow(0)]);
  city.send('loop', '', end);
  await city.run();
  expect(await city.windows('loop')).toMatchObject([{ expectedS: null }]);
});

it('waits out a store that can take nothing now, and loses nothing', async () => {
  city.send('loop', [flow(0), flow(60)]);
  city.send('loop', '', end);
  let full = 2;
  const sometimesFull = (real: Store): Store => ({
    ...real,
    commit: async (commit) => {
      if (full-- > 0) throw new StoreUnavailable('database or disk is full');
      await real.commit(commit);
    },
  });
  await city.run({ store: sometimesFull });
  expect(full).toBe(-1);
  expect(await city.windows('loop')).toMatchObject([{ count: 20 }]);
});
