import { expect, it } from 'vitest';
import { liveVisits } from '#analytics/transit/live-visits.ts';
import type { TimetableDay } from '#analytics/transit/timetable-day.ts';
import { type VehicleReading, vehicleDay } from '#analytics/transit/vehicle-day.ts';
import { cityTime } from '#domain/city-time.ts';
import { drive, normalNoise, punctual, street } from './street.ts';
import { timetableOf } from './trips.ts';

const time = cityTime('UTC');
const timetable: TimetableDay = {
  ...timetableOf({ tripId: 't', startS: 0, endS: 400, dates: ['1970-01-01'] }),
  wayOf: () => street,
};
/** Driving from 60 to 160 s, 180 to 280, 300 to 400. */
const drives = (s: number) => [60, 180, 300].some((from) => s > from && s < from + 100);
const readings = (everyS: number, speeds = true): VehicleReading[] =>
  drive(punctual, everyS, { noiseM: normalNoise(3, 3) }).map((o) => ({
    ...o,
    ...(speeds && { speedKmh: drives(o.at / 1_000) ? 36 : 0 }),
    tripId: 't',
    serviceDate: '1970-01-01',
  }));

it('is told the moment it happens', () => {
  const live = liveVisits(time);
  live.setTimetable(timetable);
  const told: string[] = [];
  for (const reading of readings(1)) {
    live.put({ vehicleId: 'v', identity: '', reading });
    for (const { visit, revision, withdrawn } of live.changed()) {
      expect(withdrawn).toBe(false);
      const what = visit.departureAt === undefined ? 'arrives' : 'leaves';
      told.push(`${reading.at / 1_000} ${visit.call.stopId} ${what} ${revision}`);
    }
  }
  expect(told.filter((t) => !t.includes('D'))).toEqual([
    '61 A leaves 0',
    '160 B arrives 0',
    '181 B leaves 1',
    '280 C arrives 0',
    '301 C leaves 1',
  ]);
});

it('bears what the vehicle says it carries: its last word at the stop or within a minute, and none of between stops', () => {
  const live = liveVisits(time);
  live.setTimetable(timetable);
  // The vehicle leaves A at 60 s, is at B from 160 to 180 and at C from 280 to 300.
  const loads = new Map([
    [62, 5],
    [130, 99],
    [170, 7],
    [182, 9],
    [295, 4],
  ]);
  const told: string[] = [];
  for (const reading of readings(1)) {
    const s = reading.at / 1_000;
    live.put({ vehicleId: 'v', identity: '', reading });
    const load = loads.get(s);
    if (load !== undefined) live.putLoad({ vehicleId: 'v', at: reading.at, load });
    for (const { visit, reportedLoad } of live.changed()) {
      if (reportedLoad !== undefined) told.push(`${s} ${visit.call.stopId} ${reportedLoad}`);
    }
  }
  expect(told.filter((t) => !t.includes('D'))).toEqual([
    '62 A 5',
    '170 B 7',
    '181 B 7',
    '182 B 9',
    '295 C 4',
    '301 C 4',
  ]);
});

it('gives a stop that was passed by no load of the next one', () => {
  const live = liveVisits(time);
  live.setTimetable(timetable);
  const passes = drive(
    [
      [0, 0],
      [60, 0],
      [100, 1_000],
      [140, 2_000],
      [160, 2_000],
      [200, 3_000],
      [400, 3_000],
    ],
    1,
  );
  const told = new Map<string, number | undefined>();
  for (const o of passes) {
    live.put({ vehicleId: 'v', identity: '', reading: { ...o, tripId: 't', serviceDate: '1970-01-01' } });
    if (o.at === 150_000) live.putLoad({ vehicleId: 'v', at: o.at, load: 7 });
    for (const { visit, reportedLoad } of live.changed()) told.set(visit.call.stopId, reportedLoad);
  }
  expect([told.get('B'), told.get('C')]).toEqual([undefined, 7]);
});

it('takes no load of a vehicle that nobody sees', () => {
  const live = liveVisits(time);
  live.setTimetable(timetable);
  live.putLoad({ vehicleId: 'v', at: 60_000, load: 5 });
  expect(live.changed()).toEqual([]);
});

it.each([1, 30])('ends as the night has it, every %d s, in order and out of it', (everyS) => {
  for (const speeds of [true, false]) {
    const all = readings(everyS, speeds);
    const [night] = vehicleDay('v', all, timetable, timetable.wayOf, time);
    // Some come late by up to four minutes, some twice.
    const order = all
      .flatMap((r, i) => [
        { r, at: r.at + (i % 7 === 3 ? 240_000 : 0) },
        ...(i % 11 === 5 ? [{ r, at: r.at + 60_000 }] : []),
      ])
      .sort((a, b) => a.at - b.at)
      .map(({ r }) => r);
    for (const sequence of [all, order]) {
      const live = liveVisits(time);
      live.setTimetable(timetable);
      const last = new Map<number, unknown>();
      for (const [i, reading] of sequence.entries()) {
        live.put({ vehicleId: 'v', identity: '', reading });
        // Looking again at any moment changes nothing in the end.
        if (i % 3 === 0) live.putLoad({ vehicleId: 'v', at: reading.at, load: i });
        for (const { visit, withdrawn } of live.changed()) {
          if (withdrawn) last.delete(visit.call.position);
          else last.set(visit.call.position, visit);
        }
      }
      expect([...last].sort((a, b) => a[0] - b[0]).map(([, visit]) => visit)).toEqual(night!.visits);
    }
  }
});
