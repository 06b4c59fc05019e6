import { afterAll, describe, expect, it } from 'vitest';
import { timetableNetwork } from '#apps/timetable-network.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { lendRoads, lentTraffic } from '#device-sim/transit/lent-roads.ts';
import { lineOf, placeOn } from '#device-sim/transit/line.ts';
import { roadSpeeds } from '#device-sim/transit/road-speeds.ts';
import type { ServiceDay } from '#device-sim/transit/service-day.ts';
import { serviceDays } from '#device-sim/transit/service-days.ts';
import { plantOnTimetable } from '#device-sim/transit/timetable-plants.ts';
import { recording } from '../../shared-data.ts';
import {
  type ImportedFeed,
  importPath,
  importText,
  removeTemporaryFolders,
  smallFeed,
} from '../../unit/gtfs/small-feed.ts';
import { threeRoutes } from '../../unit/gtfs/three-routes.ts';

afterAll(removeTemporaryFolders);

async function plantedOn(imported: ImportedFeed, date: string) {
  const db = await imported.open();
  const network = (await timetableNetwork(db, 'city', date))!;
  db.closeSync();
  return plantOnTimetable(network, date);
}

/** Of the trips at a stop: bunched by a quarter of six minutes, and minutes waited by who comes at any time. */
function headways(day: ServiceDay, tripIds: readonly string[], stopId: string) {
  const wanted = new Set(tripIds);
  const left = day.runs
    .filter((r) => wanted.has(r.trip.tripId))
    .flatMap((r) => r.visits.filter((v) => v.stopId === stopId).map((v) => v.departureAt / 1_000))
    .sort((a, b) => a - b);
  const h = left.slice(1).map((s, i) => s - left[i]!);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    bunched: h.filter((s) => s < 90).length / h.length,
    waitMin: sum(h.map((s) => s * s)) / (2 * sum(h)) / 60,
  };
}

describe('on a timetable of three routes', async () => {
  const date = '2024-05-13';
  const { network, planted, leftOut } = await plantedOn(await importText(threeRoutes), date);
  const city = simulatedCity({ seed: 1, timezone: 'Europe/Berlin' });
  const lent = lendRoads(network, city);
  const day = serviceDays(lent, 1, city).day(date);
  const ran = (routeId: string) =>
    day.runs.filter((r) => r.pattern.routeId === routeId && r.fate !== 'canceled');

  it('each route bears what it can, and 582 trips are 12 called off and 17 that nobody hears of', () => {
    expect(planted).toEqual([
      ...[0, 1].map((directionId) => ({
        plant: 'bunched',
        routeId: 'F',
        directionId,
        stopId: directionId === 0 ? 'F1' : 'F5',
        bunchedShare: 0.15,
        excessWaitMin: 1.8,
        tripIds: expect.toSatisfy(
          (ids: string[]) => ids.length === 161 && ids[1] === `F-${directionId}-0606`,
        ),
      })),
      { plant: 'punctual', routeId: 'P', trips: 162 },
      // 07:00 to 18:40, every twenty minutes.
      { plant: 'slow-zone', routeId: 'S', directionId: 0, fromStop: 'S3', toStop: 'S4', trips: 36 },
      { plant: 'canceled', share: 0.02, trips: 12 },
      { plant: 'unobserved', share: 0.03, trips: 17 },
    ]);
    expect(leftOut).toEqual([]);
    for (const [fate, trips] of [
      ['canceled', 12],
      ['unobserved', 17],
    ] as const) {
      expect(day.runs.filter((r) => r.fate === fate)).toHaveLength(trips);
    }
  });

  it('15 % of headways are bunched at every stop, and the wait is 1.8 minutes longer than the promised three', () => {
    for (const plant of planted) {
      if (plant.plant !== 'bunched') continue;
      const stops = plant.directionId === 0 ? ['F1', 'F2', 'F3', 'F4'] : ['F5', 'F4', 'F3', 'F2'];
      for (const stopId of stops) {
        const { bunched, waitMin } = headways(day, plant.tripIds, stopId);
        expect(Math.abs(bunched - 0.15)).toBeLessThan(0.01);
        expect(Math.abs(waitMin - 3 - 1.8)).toBeLessThan(0.1);
      }
    }
  });

  it('the punctual route leaves every stop within half a minute of the timetable, though that allows no dwell', () => {
    const late = ran('P').flatMap(({ trip, visits }) =>
      visits.slice(0, -1).map((v, n) => (v.departureAt - day.dayStartAt) / 1_000 - trip.departureS[n]!),
    );
    expect(late.length).toBeGreaterThan(400);
    expect(late.filter((s) => s < 0 || s > 30)).toEqual([]);
  });

  it('the slow zone costs 90 s by day, there and in that direction alone', () => {
    const medianS = (direction: 0 | 1, from: string, byDay: boolean) => {
      const seconds = ran('S')
        .filter(({ trip, pattern }) => {
          const s = trip.departureS[0]!;
          return (
            pattern.directionId === direction &&
            (byDay ? s > 7.5 * 3_600 && s < 18.5 * 3_600 : s > 19 * 3_600)
          );
        })
        .map(({ visits }) => {
          const n = visits.findIndex((v) => v.stopId === from);
          return (visits[n + 1]!.arrivalAt - visits[n]!.departureAt) / 1_000;
        });
      return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
    };
    const costS = (direction: 0 | 1, from: string) =>
      medianS(direction, from, true) - medianS(direction, from, false);
    expect(Math.abs(costS(0, 'S3') - 90)).toBeLessThan(12);
    expect(Math.abs(costS(0, 'S2'))).toBeLessThan(12);
    expect(Math.abs(costS(1, 'S4'))).toBeLessThan(12);
  });

  it('a route that nothing is planted on drives as slowly as the traffic of the streets lent to it', () => {
    const from = day.dayStartAt + 4 * 3_600_000;
    const share = lentTraffic(roadSpeeds(city, { from, to: from + 86_400_000 }), day.dayStartAt);
    // Up the hill of the slow zone nobody looks: it is in direction 0.
    const stretches = ran('S')
      .filter(({ pattern }) => pattern.directionId === 1)
      .flatMap(({ pattern, visits }) =>
        visits.slice(1).map((to, n) => ({
          name: `${visits[n]!.stopId}>${to.stopId}`,
          traffic: share(pattern.lentRoads![n]!, visits[n]!.departureAt),
          seconds: (to.arrivalAt - visits[n]!.departureAt) / 1_000,
        })),
      );
    const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
    const usually = new Map(
      [...Map.groupBy(stretches, (s) => s.name)].map(([name, runs]) => [
        name,
        mean(runs.filter((s) => s.traffic > 0.97).map((s) => s.seconds)),
      ]),
    );
    const slow = stretches.filter((s) => s.traffic < 0.95);
    expect(slow.length).toBeGreaterThan(12);
    const longer = mean(slow.map((s) => s.seconds / usually.get(s.name)!)) - 1;
    const expected = mean(slow.map((s) => 1 / s.traffic)) - 1;
    // Drivers and luck differ by a tenth from run to run; part of a way is braking and setting off.
    expect(longer).toBeGreaterThan(expected / 3);
    expect(longer).toBeLessThan(2 * expected);
  });

  it('who drives between the same two stops has the same street, whatever the route; a train has none', () => {
    const [down, up] = lent.patterns.filter((p) => p.routeId === 'S');
    const express = { ...down!, patternId: 'x', routeId: 'P', stops: down!.stops.slice(0, 3) };
    const train = { ...down!, patternId: 't', routeId: 'T' };
    const together = lendRoads(
      {
        ...network,
        routes: [...network.routes, { ...network.routes[0]!, routeId: 'T', type: 2 }],
        patterns: [{ ...down!, lentRoads: [] }, express, train, up!],
      },
      city,
    );
    const [first, second, third] = together.patterns;
    expect(second!.lentRoads).toEqual(first!.lentRoads!.slice(0, 2));
    expect(second!.lentRoads).toHaveLength(2);
    expect(third!.lentRoads).toBe(train.lentRoads);
  });
});

it('a timetable of one trip bears nothing, and each thing left out is named with its reason', async () => {
  const { planted, leftOut, network } = await plantedOn(await importText(smallFeed), '2024-05-13');
  // Its one route goes by the clock.
  expect(planted).toEqual([{ plant: 'punctual', routeId: 'r', trips: 1 }]);
  expect(leftOut).toEqual([
    { plant: 'bunched', reason: 'no route has 20 departures in a row 5 to 7 minutes apart' },
    { plant: 'slow-zone', reason: 'no other route goes 700 m from a stop by day' },
    { plant: 'canceled', reason: '2 % of the trips (1) is less than half a trip' },
    { plant: 'unobserved', reason: '3 % of the trips (1) is less than half a trip' },
  ]);
  expect(network.routes.map((r) => r.character)).toEqual(['punctual']);
});

it('runs by headway promise no time, so none of them is punctual', async () => {
  const frequencies = 'trip_id,start_time,end_time,headway_secs,exact_times\nt1,06:00:00,22:00:00,900,0\n';
  const { leftOut } = await plantedOn(await importText({ ...smallFeed, frequencies }), '2024-05-13');
  expect(leftOut).toEqual([
    {
      plant: 'bunched',
      reason:
        'no route has 20 departures in a row 5 to 7 minutes apart; the nearest, route r direction 0, has 1 at stop A, where every 15.0 minutes is usual',
    },
    { plant: 'punctual', reason: 'no other route has a timetable of times' },
  ]);
});

it('in San Francisco the shuttle to the airport bunches, and trains stand where their stops are', async (context) => {
  const date = '2018-05-30';
  const imported = await importPath(recording(context, 'gtfs-static/bart/bart.zip'));
  const { network, planted, leftOut } = await plantedOn(imported, date);
  expect(leftOut).toEqual([]);
  expect(planted).toMatchObject([
    { plant: 'bunched', routeId: '19', stopId: 'COLS' },
    { plant: 'bunched', routeId: '19', stopId: 'OAKL' },
    { plant: 'punctual', routeId: '01' },
    { plant: 'slow-zone', routeId: '03', fromStop: 'LAKE', toStop: '12TH' },
    { plant: 'canceled', trips: 22 },
    { plant: 'unobserved', trips: 33 },
  ]);
  const stops = new Map(
    (await imported.rows('SELECT DISTINCT stop_id, lat, lon FROM timetable_stops')).map((s) => [
      s.stop_id,
      { lat: s.lat as number, lon: s.lon as number },
    ]),
  );
  const besideM = new Map(
    (await imported.rows('SELECT pattern_id, farthest_m FROM timetable_patterns')).map((p) => [
      p.pattern_id,
      p.farthest_m as number,
    ]),
  );
  for (const { patternId, line, stops: calls } of network.patterns) {
    for (const { stopId, alongM } of calls) {
      const offM = lineOf([placeOn(line, alongM), stops.get(stopId)!]).lengthM;
      // As far beside the shape as the import found them, not some hundreds of metres along it.
      expect(offM).toBeLessThan(besideM.get(patternId)! + 2);
    }
  }
  const day = serviceDays(network, 1, undefined).day(date);
  for (const plant of planted) {
    if (plant.plant !== 'bunched') continue;
    const { bunched, waitMin } = headways(day, plant.tripIds, plant.stopId);
    expect(Math.abs(bunched - 0.15)).toBeLessThan(0.01);
    expect(Math.abs(waitMin - 3 - 1.8)).toBeLessThan(0.05);
  }
});

it('two routes of Portland that run each quarter of an hour have none that bunches, which is said', async (context) => {
  const imported = await importPath(recording(context, 'gtfs-static/trimet-2routes/trimet-2routes.zip'));
  const { planted, leftOut } = await plantedOn(imported, '2021-12-31');
  expect(planted.map((p) => p.plant)).toEqual(['punctual', 'slow-zone', 'canceled', 'unobserved']);
  expect(leftOut).toEqual([
    {
      plant: 'bunched',
      reason: expect.stringMatching(
        /^no route has 20 departures in a row 5 to 7 minutes apart; the nearest, route 193/,
      ),
    },
  ]);
});
