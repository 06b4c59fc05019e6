import { describe, expect, it } from 'vitest';
import { assignCounts } from '#analytics/transit/assign-counts.ts';
import type { PassengerCount } from '#analytics/transit/passenger-count.ts';
import { staysOf } from '#analytics/transit/stay.ts';
import { tripPassengers } from '#analytics/transit/trip-passengers.ts';
import { type PerformedTrip, type VehicleReading, vehicleDay } from '#analytics/transit/vehicle-day.ts';
import { cityTime } from '#domain/city-time.ts';
import { street } from './street.ts';
import { timetableOf } from './trips.ts';

const MIDNIGHT = Date.parse('1970-01-05T00:00:00Z');
const timetable = timetableOf(
  { tripId: 't1', startS: 0, endS: 400, dates: ['1970-01-05'] },
  { tripId: 't2', startS: 900, endS: 1_300, dates: ['1970-01-05'] },
);

/** Arrives at and departs from stops at these seconds. */
function calls(
  tripId: string,
  ...stops: [stopId: string, arrivalS: number | undefined, departureS?: number][]
) {
  return stops.flatMap(([stopId, arrivalS, departureS]): VehicleReading[] => [
    ...(arrivalS === undefined ? [] : [reading(tripId, stopId, 'arrival', arrivalS)]),
    ...(departureS === undefined ? [] : [reading(tripId, stopId, 'departure', departureS)]),
  ]);
}

function reading(tripId: string, stopId: string, event: 'arrival' | 'departure', s: number): VehicleReading {
  return { at: MIDNIGHT + s * 1_000, tripId, stopId, event };
}

const t1 = calls('t1', ['A', undefined, 60], ['B', 160, 180], ['C', 280, 300], ['D', 400]);
const t2 = calls('t2', ['A', 900, 960], ['B', 1_060, 1_080], ['C', 1_180, 1_200], ['D', 1_300]);

function performed(...readings: VehicleReading[]): PerformedTrip[] {
  return vehicleDay('bus', readings, timetable, () => street, cityTime('UTC'));
}

function count(
  s: number,
  boarded: number,
  alighted: number,
  more: Partial<PassengerCount> = {},
): PassengerCount {
  return { at: MIDNIGHT + s * 1_000, deviceId: 'apc', readings: 1, boarded, alighted, ...more };
}

function matched(trips: PerformedTrip[], counts: PassengerCount[]) {
  const stays = staysOf(trips);
  const assigned = assignCounts(stays, counts);
  const passengers = tripPassengers(stays, assigned);
  const visits = trips.flatMap((trip) =>
    trip.visits.map((visit) => ({ at: `${trip.tripId} ${visit.call.stopId}`, ...passengers.get(visit) })),
  );
  const places = assigned.map((a) => [
    a.side,
    a.passengers,
    a.place ? `${a.place.trip.tripId} ${a.place.visit.call.stopId} ${a.place.method}` : a.reason,
  ]);
  return { visits, places, loads: visits.map((v) => v.load) };
}

describe('counts of a trip', () => {
  it('carry its load from stop to stop', () => {
    const { visits, loads } = matched(performed(...t1), [
      count(62, 5, 0),
      count(182, 3, 2),
      count(303, 0, 1),
      count(405, 0, 5),
    ]);
    expect(loads).toEqual([5, 6, 5, 0]);
    expect(visits[1]).toMatchObject({
      boardings: 3,
      alightings: 2,
      method: 'stay',
      withinS: 2,
      loadMethod: 'carried',
    });
  });

  it('that differ by a few are balanced to their mean, and say by how many', () => {
    // 38 on, 40 off: both are scaled to 39.
    const { visits, loads } = matched(performed(...t1), [
      count(62, 19, 0),
      count(182, 19, 10),
      count(303, 0, 20),
      count(405, 0, 10),
    ]);
    expect(loads).toEqual([19.5, 29.3, 9.8, 0]);
    expect(visits[0]).toMatchObject({ boardings: 19, loadMethod: 'balanced', loadWithin: 2 });
  });

  it('that differ by much give no load', () => {
    const { visits, loads } = matched(performed(...t1), [
      count(62, 20, 0),
      count(182, 10, 10),
      count(303, 0, 5),
      count(405, 0, 5),
    ]);
    expect(loads).toEqual([undefined, undefined, undefined, undefined]);
    expect(visits[0]).toMatchObject({ boardings: 20, withheld: 'does-not-balance' });
  });

  it('that fall below nobody before the end is seen give no load', () => {
    const cut = t1.filter((r) => r.stopId !== 'D');
    const { visits } = matched(performed(...cut), [count(62, 1, 0), count(182, 0, 2), count(303, 3, 0)]);
    expect(visits[0]).toMatchObject({ withheld: 'negative-load' });
  });

  it('of which the start was not seen have the vehicle’s own load, where it gives one', () => {
    const late = t1.filter((r) => r.stopId !== 'A');
    const { visits } = matched(performed(...late), [
      count(182, 3, 2, { load: 12 }),
      count(303, 0, 1),
      count(405, 0, 5),
    ]);
    expect(visits[0]).toMatchObject({ load: 12, loadMethod: 'reported', reportedLoad: 12 });
    expect(visits[1]).toMatchObject({ withheld: 'start-not-seen' });
  });

  it('at a halt without one are unknown, not nobody; what passed by was nobody', () => {
    const readings = [
      ...t1.filter((r) => r.stopId !== 'C'),
      { ...reading('t1', 'C', 'arrival', 290), event: 'passing' as const },
    ];
    const { visits } = matched(performed(...readings), [count(62, 5, 0), count(405, 0, 5)]);
    expect(visits[1]).toEqual({ at: 't1 B', load: 5, loadMethod: 'balanced' });
    expect(visits[2]).toMatchObject({ boardings: 0, alightings: 0, method: 'passed', load: 5 });
  });
});

describe('a count between two trips', () => {
  it('is of both: off the one that came, onto the one that leaves', () => {
    const { places } = matched(performed(...t1, ...t2), [
      count(405, 2, 7),
      count(700, 1, 1),
      count(961, 4, 3),
    ]);
    expect(places).toEqual([
      ['boarding', 2, 't2 A trip-end'],
      ['alighting', 7, 't1 D stay'],
      ['boarding', 1, 't2 A trip-end'],
      ['alighting', 1, 't1 D trip-end'],
      ['boarding', 4, 't2 A stay'],
      ['alighting', 3, 't1 D trip-end'],
    ]);
  });

  it('is of no trip in the depot', () => {
    const { places } = matched(performed(...t1), [count(3_000, 3, 3)]);
    expect(places).toEqual([
      ['boarding', 3, 'no-trip'],
      ['alighting', 3, 'no-trip'],
    ]);
  });

  it('is not of a trip that the driver chose and left again', () => {
    const wrong = timetableOf(
      { tripId: 't1', startS: 0, endS: 400, dates: ['1970-01-05'] },
      { tripId: 'wrong', startS: 850, endS: 1_250, dates: ['1970-01-05'] },
      { tripId: 't2', startS: 900, endS: 1_300, dates: ['1970-01-05'] },
    );
    const trips = vehicleDay(
      'bus',
      [...t1, ...calls('wrong', ['A', 860]), ...t2],
      wrong,
      () => street,
      cityTime('UTC'),
    );
    expect(matched(trips, [count(870, 6, 0)]).places).toEqual([
      ['boarding', 6, 't2 A trip-end'],
      ['alighting', 0, 't1 D trip-end'],
    ]);
  });

  it('goes by the trip and stop that it names', () => {
    const { places } = matched(performed(...t1, ...t2), [
      count(400, 1, 2, { tripId: 't1', stopId: 'C' }),
      count(400, 1, 2, { tripId: 'other' }),
    ]);
    expect(places).toEqual([
      ['boarding', 1, 't1 C named'],
      ['alighting', 2, 't1 C named'],
      ['boarding', 1, 'not-visited'],
      ['alighting', 2, 'not-visited'],
    ]);
  });
});

describe('who nobody can have been', () => {
  it('is unassigned by name, and everybody adds up', () => {
    const counts = [
      count(61, 1, 2),
      count(405, 3, 4),
      count(300, 9, 9, { deviceId: 'other' }),
      count(180, 0, 0),
    ];
    const { places } = matched(performed(...t1), counts);
    expect(places).toEqual([
      ['boarding', 1, 't1 A stay'],
      ['alighting', 2, 'alighted-at-first-stop'],
      ['boarding', 3, 'boarded-at-last-stop'],
      ['alighting', 4, 't1 D stay'],
      ['boarding', 9, 'second-counter'],
      ['alighting', 9, 'second-counter'],
      ['boarding', 0, 't1 B stay'],
      ['alighting', 0, 't1 B stay'],
    ]);
    expect(places.reduce((sum, [, n]) => sum + (n as number), 0)).toBe(
      counts.reduce((sum, c) => sum + c.boarded! + c.alighted!, 0),
    );
  });

  it('is named where nothing was seen of the vehicle', () => {
    expect(matched([], [count(1, 2, 3)]).places.map(([, , place]) => place)).toEqual([
      'vehicle-not-seen',
      'vehicle-not-seen',
    ]);
  });
});
