import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { assignCounts } from '#analytics/transit/assign-counts.ts';
import { type LiveBoardings, liveBoardings } from '#analytics/transit/live-boardings.ts';
import { liveCount, liveReading } from '#analytics/transit/live-reading.ts';
import { liveVisitLine } from '#analytics/transit/live-table.ts';
import { liveVisits } from '#analytics/transit/live-visits.ts';
import type { LiveVisit } from '#analytics/transit/open-trip.ts';
import type { PassengerCount } from '#analytics/transit/passenger-count.ts';
import { resumeBoardings } from '#analytics/transit/resume-boardings.ts';
import { makeShape } from '#analytics/transit/shape.ts';
import { staysOf } from '#analytics/transit/stay.ts';
import type { TimetableDay } from '#analytics/transit/timetable-day.ts';
import { tripPassengers } from '#analytics/transit/trip-passengers.ts';
import { type VehicleReading, vehicleDay } from '#analytics/transit/vehicle-day.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import { vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { cityTime } from '#domain/city-time.ts';
import { MINUTE_MS } from '#domain/instant.ts';
import type { PassengerCount as CountReading } from '#domain/readings/passenger-count.ts';
import type { Reading } from '#domain/readings/reading-kind.ts';
import { lineFleet } from '../../bench/line-fleet.ts';

const time = cityTime('UTC');
const from = Date.parse('2026-03-02T08:00:00Z');
const to = from + 45 * MINUTE_MS;
const fleet = lineFleet(20, from, to);
const { network, date } = fleet;

/** The network's, as the lake would have it. */
const timetable: TimetableDay = (() => {
  const ways = new Map(
    network.patterns.map(({ patternId, line, stops }) => [
      patternId,
      {
        calls: stops.map(({ stopId, alongM }, i) => ({
          position: i + 1,
          stopSequence: i + 1,
          stopId,
          alongM,
        })),
        shape: makeShape(Array.from(line.lat, (lat, i) => ({ lat, lon: line.lon[i]! }))),
      },
    ]),
  );
  const patterns = new Map(network.patterns.map((p) => [p.patternId, p]));
  const trips = new Map(
    network.tripsOn(date).map((t) => {
      const { routeId, directionId } = patterns.get(t.patternId)!;
      const { tripId, patternId } = t;
      return [
        tripId,
        { tripId, routeId, directionId, patternId, startS: t.departureS[0]!, endS: t.arrivalS.at(-1)! },
      ];
    }),
  );
  return {
    trip: (tripId) => trips.get(tripId),
    runsOn: (tripId) => trips.has(tripId),
    starting: () => undefined,
    wayOf: (patternId) => ways.get(patternId),
  };
})();

const reports = [...vehicleReports({ days: fleet.days, seed: 1, from, to, everyS: 5 })].filter(
  (r) => r.type === 'position' || r.type === 'counts',
);
const readings = reports.flatMap((report) =>
  nativeReadings(report).map((reading) => ({ at: report.at, reading: reading as unknown as Reading })),
);

/** By route and direction: boardings, alightings, visits with a count. */
type Sums = Record<string, [on: number, off: number, counted: number]>;

function add(sums: Sums, route: string, on: number | undefined, off: number | undefined): void {
  const sum = sums[route] ?? [0, 0, 0];
  sums[route] = [sum[0] + (on ?? 0), sum[1] + (off ?? 0), sum[2] + Number((on ?? off) !== undefined)];
}

/** As the night has it, from all readings of the vehicles at once. */
function byNight(): Sums {
  const sums: Sums = {};
  for (const [vehicleId, own] of Map.groupBy(
    readings,
    ({ reading }) => (reading as CountReading).vehicleId,
  )) {
    const seen = own.flatMap(({ reading, at }): VehicleReading[] => {
      const live = liveReading(reading, at);
      return live ? [live.reading] : [];
    });
    const trips = vehicleDay(vehicleId, seen, timetable, timetable.wayOf, time);
    const doors = own.filter(({ reading }) => reading.kind === 'passenger-count');
    const counts = [...Map.groupBy(doors, ({ at }) => at)].map(([at, both]): PassengerCount => {
      const said = Object.assign({}, ...both.map(({ reading }) => reading)) as CountReading;
      const { tripId, stopId, boarded, alighted, load } = said;
      return {
        at,
        deviceId: 'd',
        readings: 2,
        tripId: tripId!,
        stopId: stopId!,
        boarded: boarded!,
        alighted: alighted!,
        load: load!,
      };
    });
    const stays = staysOf(trips);
    const passengers = tripPassengers(stays, assignCounts(stays, counts));
    for (const trip of trips) {
      const route = `${trip.scheduled!.routeId}/${trip.scheduled!.directionId}`;
      for (const visit of trip.visits) {
        const { boardings, alightings } = passengers.get(visit) ?? {};
        add(sums, route, boardings, alightings);
      }
    }
  }
  return sums;
}

function live(boardings: LiveBoardings, order = readings, onVisit: (visit: LiveVisit) => void = () => {}) {
  const visits = liveVisits(time);
  visits.setTimetable(timetable);
  for (const [i, { at, reading }] of order.entries()) {
    const seen = liveReading(reading, at);
    if (seen) visits.put(seen);
    const count = liveCount('d', reading, at);
    if (count) visits.putCount(count);
    if (i % 20 !== 0 && i !== order.length - 1) continue;
    for (const visit of visits.changed()) {
      boardings.put(visit);
      onVisit(visit);
    }
    if (i % 1_000 === 0) {
      visits.letGo(at);
      boardings.letGo(at, date);
    }
  }
}

function sumsOf(boardings: LiveBoardings): Sums {
  const sums: Sums = {};
  for (const r of boardings.days()[0]!.routes)
    sums[`${r.routeId}/${r.directionId}`] = [r.boardings, r.alightings, r.countedVisits];
  return sums;
}

it('are in the end those of the night, also where counts come late and twice', () => {
  const night = byNight();
  expect(Object.keys(night)).toEqual(['0/0', '0/1']);
  const late = readings
    .map((r, i) => ({ r, at: r.at + (r.reading.kind === 'passenger-count' ? (i % 5) * 40_000 : 0) }))
    .flatMap((one, i) => (i % 50 === 0 ? [one, { ...one, at: one.at + 30_000 }] : [one]))
    .sort((a, b) => a.at - b.at)
    .map(({ r }) => r);
  for (const order of [readings, late]) {
    const boardings = liveBoardings();
    live(boardings, order);
    expect(sumsOf(boardings)).toEqual(night);
  }
});

it('are those who truly went through the doors, as the counters had them', () => {
  const boardings = liveBoardings();
  live(boardings);
  const counted = reports.flatMap((r) => (r.type === 'counts' ? [r.visit] : []));
  const [day] = boardings.days();
  const truth = (of: 'countedBoarded' | 'alighted') => counted.reduce((sum, v) => sum + v[of], 0);
  // Vehicles that were under way at eight were not seen at the stop that they had just left.
  expect(day!.boardings / truth('countedBoarded')).toBeGreaterThan(0.98);
  expect(day!.boardings).toBeLessThanOrEqual(truth('countedBoarded'));
  expect(day!.alightings / truth('alighted')).toBeGreaterThan(0.98);
  expect(day!.visits).toBeGreaterThanOrEqual(day!.countedVisits);
});

it('go on after a restart from what was told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headway-'));
  const file = join(folder, `stop-visits-${date}.ndjson`);
  try {
    const boardings = liveBoardings();
    let lines = '';
    let told = 0;
    live(boardings, readings, (visit) => {
      lines += liveVisitLine(visit, from + told++, undefined);
    });
    writeFileSync(file, lines);
    const db = await (await DuckDBInstance.create()).connect();
    await db.run("SET TimeZone = 'UTC'");
    // In the midst of the day, and the day after: all visits still change, or none does.
    for (const now of [to, to + 3_600_000 * 24]) {
      const resumed = liveBoardings();
      await resumeBoardings(resumed, db, [file], now);
      expect(withoutSince(resumed)).toEqual(withoutSince(boardings));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A first visit that was told and then revised is gone from what was told last. */
function withoutSince(boardings: LiveBoardings) {
  return boardings.days().map(({ since: _, routes, ...day }) => ({
    ...day,
    routes: routes.map(({ since: __, ...route }) => route),
  }));
}
