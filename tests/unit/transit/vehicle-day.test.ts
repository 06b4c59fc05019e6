import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveTrip } from '#analytics/transit/resolve-trip.ts';
import { serviceDayStart } from '#analytics/transit/service-time.ts';
import { type VehicleReading, vehicleDay } from '#analytics/transit/vehicle-day.ts';
import { cityTime } from '#domain/city-time.ts';
import { drive, type Plan, punctual, street } from './street.ts';
import { timetableOf } from './trips.ts';

const helsinki = cityTime('Europe/Helsinki');
const at = (text: string) => Date.parse(text);

/** Positions of a drive that starts at a moment, all with the same words about the trip. */
function on(
  words: Partial<VehicleReading>,
  start: string,
  plan: Plan = punctual,
  span = {},
): VehicleReading[] {
  return drive(plan, 5, span).map((o) => ({ ...o, at: o.at + at(start), ...words }));
}

const trips = timetableOf(
  { tripId: 't1', startS: 8 * 3_600 + 60, endS: 8 * 3_600 + 400, dates: ['2024-05-13'] },
  { tripId: 't2', startS: 9 * 3_600, endS: 9 * 3_600 + 400, dates: ['2024-05-13'] },
  {
    tripId: 'night',
    startS: 23 * 3_600 + 3_500,
    endS: 24 * 3_600 + 400,
    dates: ['2024-05-13', '2024-05-12'],
  },
);
const ways = () => street;
/** Of 13 May, 08:00 in Helsinki. */
const eight = '2024-05-13T05:00:00Z';

function day(readings: readonly VehicleReading[]) {
  return vehicleDay('v', readings, trips, ways, helsinki).map((t) => ({
    ...t,
    stops: t.visits.map((v) => v.call.stopId).join(''),
  }));
}

describe('a vehicle’s day', () => {
  it('is its trips, and what it did on none', () => {
    const readings = [
      ...on({ tripId: 't1' }, eight),
      ...on({ deadrun: true }, '2024-05-13T05:20:00Z', [
        [0, 3_000],
        [300, 0],
      ]),
      ...on({ tripId: 't2' }, '2024-05-13T05:59:00Z'),
    ];
    expect(day(readings)).toMatchObject([
      {
        tripId: 't1',
        relationship: 'scheduled',
        serviceDate: '2024-05-13',
        stops: 'ABCD',
        began: 'complete',
        ended: 'complete',
      },
      { tripId: '', relationship: 'deadrun', stops: '', observations: 61 },
      { tripId: 't2', relationship: 'scheduled', stops: 'ABCD' },
    ]);
  });

  it('tells a short turn, where the vehicle was soon seen elsewhere, from a silence', () => {
    const half = on({ tripId: 't1' }, eight, punctual, { toS: 240 });
    expect(day(half)).toMatchObject([{ stops: 'AB', ended: 'unobserved' }]);
    const elsewhere = on({ deadrun: true }, '2024-05-13T05:05:00Z', [
      [0, 2_000],
      [60, 1_000],
    ]);
    expect(day([...half, ...elsewhere])).toMatchObject([{ stops: 'AB', ended: 'short' }, {}]);
    const muchLater = on({ deadrun: true }, '2024-05-13T06:05:00Z', [
      [0, 2_000],
      [60, 1_000],
    ]);
    expect(day([...half, ...muchLater])).toMatchObject([{ stops: 'AB', ended: 'unobserved' }, {}]);
  });

  it('names a vehicle that says two trips at once', () => {
    const readings = on({ tripId: 't1' }, eight).map((r, i) => (i % 7 === 3 ? { ...r, tripId: 't2' } : r));
    expect(day(readings)).toMatchObject([
      { tripId: 't1', interleaved: true, stops: 'ABCD' },
      { tripId: 't2', interleaved: true },
    ]);
  });

  it('is the same whatever the order in which it was told', () => {
    const readings = [...on({ tripId: 't1' }, eight), ...on({ tripId: 'night' }, '2024-05-13T20:58:00Z')];
    const byTrip = (all: readonly VehicleReading[]) =>
      day(all).sort((a, b) => (a.tripId < b.tripId ? -1 : 1));
    const expected = byTrip(readings);
    fc.assert(
      fc.property(fc.shuffledSubarray(readings, { minLength: readings.length }), (shuffled) => {
        expect(byTrip(shuffled)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the trip that a reading is of', () => {
  const resolve = (words: Parameters<typeof resolveTrip>[0]) => resolveTrip(words, trips, helsinki);

  it('after midnight belongs to the day before where the feed names no service day', () => {
    // 00:03 on 14 May, local; the trip runs from 23:58:20 to 24:06:40 of 13 May.
    expect(resolve({ at: at('2024-05-13T21:03:00Z'), tripId: 'night' })).toMatchObject({
      serviceDate: '2024-05-13',
      relationship: 'scheduled',
    });
  });

  it('is found by route, direction and start where it has no id of its own, as with HFP', () => {
    const words = { at: at(eight), routeId: 'r', directionId: 0, serviceDate: '2024-05-13' };
    expect(resolve({ ...words, startTime: '08:01:00' })).toMatchObject({
      tripId: 't1',
      relationship: 'scheduled',
    });
    expect(resolve({ ...words, startTime: '08:02:00' })).toMatchObject({
      tripId: 'r/0/08:02:00',
      relationship: 'unknown',
    });
  });

  it('is unknown on a day on which it does not run, added or canceled where the feed says so', () => {
    const words = { at: at(eight), tripId: 't1', serviceDate: '2024-05-20' };
    expect(resolve(words).relationship).toBe('unknown');
    expect(resolve({ ...words, relationship: 'added' })).toMatchObject({
      relationship: 'added',
      scheduled: { patternId: 'street' },
    });
    expect(resolve({ at: at(eight), tripId: 't1', relationship: 'canceled' })).toMatchObject({
      relationship: 'canceled',
      serviceDate: '2024-05-13',
    });
  });
});

describe('the clock of a service day', () => {
  it('starts at midnight, but for the days on which clocks change: at noon less 12 hours', () => {
    const berlin = cityTime('Europe/Berlin');
    const text = (date: string) => new Date(serviceDayStart(berlin, date)).toISOString();
    expect(text('2024-05-13')).toBe('2024-05-12T22:00:00.000Z');
    // Spring: midnight is 23:00Z; noon is 10:00Z, less 12 h 22:00Z.
    expect(text('2024-03-31')).toBe('2024-03-30T22:00:00.000Z');
    // Autumn: midnight is 22:00Z; noon is 11:00Z, less 12 h 23:00Z.
    expect(text('2024-10-27')).toBe('2024-10-26T23:00:00.000Z');
  });
});
