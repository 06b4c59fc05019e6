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
      for (const reading of sequence) {
        live.put({ vehicleId: 'v', identity: '', reading });
        for (const { visit, withdrawn } of live.changed()) {
          if (withdrawn) last.delete(visit.call.position);
          else last.set(visit.call.position, visit);
        }
      }
      expect([...last].sort((a, b) => a[0] - b[0]).map(([, visit]) => visit)).toEqual(night!.visits);
    }
  }
});
