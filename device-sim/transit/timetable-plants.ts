import { BUNCHED_SHARE, CANCELED_SHARE, EXCESS_WAIT_S, UNOBSERVED_SHARE } from './day-plan.ts';
import type { BunchedTrips, TransitNetwork, TransitPattern, TransitTrip } from './transit-network.ts';

/** A part of the truth: what was planted, and on what; or what was not, and why (`reason`). */
export type Plant =
  | {
      plant: 'bunched';
      routeId: string;
      directionId: 0 | 1;
      /** Past which `tripIds` follow one another, in this order by the timetable. */
      stopId: string;
      bunchedShare: number;
      excessWaitMin: number;
      tripIds: string[];
    }
  | { plant: 'punctual'; routeId: string; trips: number }
  | {
      plant: 'slow-zone';
      routeId: string;
      directionId: 0 | 1;
      fromStop: string;
      toStop: string;
      trips: number;
    }
  | { plant: 'canceled' | 'unobserved'; share: number; trips: number };

export interface LeftOut {
  plant: Plant['plant'];
  reason: string;
}

/** About six minutes: between these no headway passes for bunched by the timetable alone. */
const SHORTEST_HEADWAY_S = 300;
const LONGEST_HEADWAY_S = 420;
/** So that 15 % are three at least. */
const FEWEST_BUNCHED = 20;

const SLOW_M = 700;
const SLOW_COST_S = 90;
const SLOW_FROM_S = 7 * 3_600;
const SLOW_TO_S = 19 * 3_600;

/**
 * Plants on a service date of any timetable what is planted on a simulated city's. Each route bears one thing at most, chosen in
 * this order, equals by route id:
 *
 * 1. `bunched`: where most departures in a row are five to seven minutes apart at one stop; these, and those of the way back.
 * 2. `punctual`: the route with most trips whose timetable promises times.
 * 3. `slow-zone`: the route with most trips from 07:00 to 19:00; on the pattern with most of them, from a stop on for 700 m, where
 *    the fewest and then the shortest stretches between stops hold it. All patterns of the route that run these stretches have it.
 */
export function plantOnTimetable(
  network: TransitNetwork,
  date: string,
): { network: TransitNetwork; planted: Plant[]; leftOut: LeftOut[] } {
  const trips = network.tripsOn(date);
  const patterns = new Map(network.patterns.map((p) => [p.patternId, p]));
  const routeOf = (trip: TransitTrip) => patterns.get(trip.patternId)!.routeId;
  const planted: Plant[] = [];
  const leftOut: LeftOut[] = [];

  const ways = frequentWays(trips, patterns);
  const bunchedRoute = ways.find((w) => w.dueS.size >= FEWEST_BUNCHED)?.routeId;
  const bunched = ways.filter((w) => w.routeId === bunchedRoute && w.dueS.size >= FEWEST_BUNCHED);
  for (const { routeId, directionId, stopId, dueS } of bunched) {
    const share = { bunchedShare: BUNCHED_SHARE, excessWaitMin: EXCESS_WAIT_S / 60 };
    planted.push({ plant: 'bunched', routeId, directionId, stopId, ...share, tripIds: [...dueS.keys()] });
  }
  if (bunched.length === 0) leftOut.push({ plant: 'bunched', reason: notFrequent(ways[0]) });

  const byTheClock = trips.filter((t) => routeOf(t) !== bunchedRoute && !t.byHeadway);
  const [punctual] = mostTrips(byTheClock, routeOf);
  if (punctual) planted.push({ plant: 'punctual', routeId: punctual.name, trips: punctual.trips });
  else leftOut.push({ plant: 'punctual', reason: 'no other route has a timetable of times' });

  const taken = new Set([bunchedRoute, punctual?.name]);
  const byDay = trips.filter((t) => t.departureS[0]! >= SLOW_FROM_S && t.departureS[0]! < SLOW_TO_S);
  const zone = slowStretch(
    byDay.filter((t) => !taken.has(routeOf(t))),
    patterns,
  );
  const slowed = new Map(zone ? network.patterns.flatMap((p) => slowZoneOn(p, zone)) : []);
  if (zone) {
    const { routeId, directionId, stopIds } = zone;
    planted.push({
      plant: 'slow-zone',
      routeId,
      directionId,
      fromStop: stopIds[0]!,
      toStop: stopIds.at(-1)!,
      trips: byDay.filter((t) => slowed.has(t.patternId)).length,
    });
  } else {
    leftOut.push({ plant: 'slow-zone', reason: 'no other route goes 700 m from a stop by day' });
  }

  for (const [plant, share] of [
    ['canceled', CANCELED_SHARE],
    ['unobserved', UNOBSERVED_SHARE],
  ] as const) {
    const n = Math.round(share * trips.length);
    if (n > 0) planted.push({ plant, share, trips: n });
    else
      leftOut.push({
        plant,
        reason: `${100 * share} % of the trips (${trips.length}) is less than half a trip`,
      });
  }

  return {
    network: {
      ...network,
      routes: network.routes.map((r) => ({
        ...r,
        character:
          r.routeId === bunchedRoute ? 'bunched' : r.routeId === punctual?.name ? 'punctual' : 'ordinary',
      })),
      patterns: network.patterns.map((p) => ({ ...p, ...slowed.get(p.patternId) })),
      bunched,
    },
    planted,
    leftOut,
  };
}

interface FrequentWay extends BunchedTrips {
  routeId: string;
  directionId: 0 | 1;
  stopId: string;
  /** Between all that leave there; undefined of fewer than two. */
  medianHeadwayS: number | undefined;
}

/** Of each way of a route the stop with most departures in a row about six minutes apart; the way with most first. */
function frequentWays(
  trips: readonly TransitTrip[],
  patterns: ReadonlyMap<string, TransitPattern>,
): FrequentWay[] {
  const ways = Map.groupBy(trips, ({ patternId }) => {
    const { routeId, directionId } = patterns.get(patternId)!;
    return `${routeId}/${directionId}`;
  });
  return [...ways]
    .map(([name, own]): FrequentWay => {
      const { routeId, directionId } = patterns.get(own[0]!.patternId)!;
      const stretches = [...departures(own, patterns)].map(([stopId, all]) => {
        const due = all.toSorted((a, b) => a[1] - b[1]);
        return {
          stopId,
          calls: due.length,
          medianHeadwayS: medianHeadwayS(due),
          dueS: new Map(longestFrequent(due)),
        };
      });
      // Where no stretch is frequent, the busiest stop speaks for the way.
      stretches.sort((a, b) => b.dueS.size - a.dueS.size || b.calls - a.calls);
      const { stopId, medianHeadwayS: median, dueS } = stretches[0]!;
      return { name, routeId, directionId, stopId, medianHeadwayS: median, dueS };
    })
    .sort((a, b) => b.dueS.size - a.dueS.size || apart(a) - apart(b) || (a.name < b.name ? -1 : 1));
}

/** By stop, in the order of the way: trip and second of leaving it for the first time. Nobody waits at a last stop. */
function departures(
  trips: readonly TransitTrip[],
  patterns: ReadonlyMap<string, TransitPattern>,
): Map<string, [tripId: string, s: number][]> {
  const stops = new Map<string, [string, number][]>();
  for (const { tripId, patternId, departureS } of trips) {
    const left = new Set<string>();
    for (const [n, { stopId }] of patterns.get(patternId)!.stops.slice(0, -1).entries()) {
      if (left.has(stopId)) continue;
      left.add(stopId);
      let at = stops.get(stopId);
      if (!at) {
        at = [];
        stops.set(stopId, at);
      }
      at.push([tripId, departureS[n]!]);
    }
  }
  return stops;
}

function longestFrequent(due: readonly [string, number][]): [string, number][] {
  let [longestFrom, longest, from] = [0, 0, 0];
  for (let i = 0; i < due.length; i++) {
    const headwayS = i === from ? SHORTEST_HEADWAY_S : due[i]![1] - due[i - 1]![1];
    if (headwayS < SHORTEST_HEADWAY_S || headwayS > LONGEST_HEADWAY_S) from = i;
    if (i + 1 - from > longest) [longestFrom, longest] = [from, i + 1 - from];
  }
  return due.slice(longestFrom, longestFrom + longest);
}

function medianHeadwayS(due: readonly [string, number][]): number | undefined {
  const headways = due.slice(1).map(([, s], i) => s - due[i]![1]);
  return headways.sort((a, b) => a - b)[Math.floor(headways.length / 2)];
}

/** From six minutes. */
function apart({ medianHeadwayS: s }: FrequentWay): number {
  return s === undefined
    ? Number.POSITIVE_INFINITY
    : Math.abs(s - (SHORTEST_HEADWAY_S + LONGEST_HEADWAY_S) / 2);
}

function notFrequent(nearest: FrequentWay | undefined): string {
  const wanted = `no route has ${FEWEST_BUNCHED} departures in a row 5 to 7 minutes apart`;
  if (nearest?.medianHeadwayS === undefined) return wanted;
  const { routeId, directionId, stopId, dueS, medianHeadwayS: s } = nearest;
  return `${wanted}; the nearest, route ${routeId} direction ${directionId}, has ${dueS.size} at stop ${stopId}, where every ${(s / 60).toFixed(1)} minutes is usual`;
}

function mostTrips(
  trips: readonly TransitTrip[],
  nameOf: (trip: TransitTrip) => string,
): { name: string; trips: number }[] {
  return [...Map.groupBy(trips, nameOf)]
    .map(([name, own]) => ({ name, trips: own.length }))
    .sort((a, b) => b.trips - a.trips || (a.name < b.name ? -1 : 1));
}

interface SlowStretch {
  routeId: string;
  directionId: 0 | 1;
  /** From the one at which it begins to the first that is 700 m further, or more. */
  stopIds: string[];
}

function slowStretch(
  trips: readonly TransitTrip[],
  patterns: ReadonlyMap<string, TransitPattern>,
): SlowStretch | undefined {
  const routeOf = (t: TransitTrip) => patterns.get(t.patternId)!.routeId;
  for (const { name: routeId } of mostTrips(trips, routeOf)) {
    const own = trips.filter((t) => routeOf(t) === routeId);
    for (const { name: patternId } of mostTrips(own, (t) => t.patternId)) {
      const { stops, directionId } = patterns.get(patternId)!;
      const [best] = stops
        .flatMap(({ alongM }, from) => {
          const to = stops.findIndex((s) => s.alongM >= alongM + SLOW_M);
          return to < 0 ? [] : [{ from, to, lengthM: stops[to]!.alongM - alongM }];
        })
        .sort((a, b) => a.to - a.from - (b.to - b.from) || a.lengthM - b.lengthM);
      if (best) {
        const stopIds = stops.slice(best.from, best.to + 1).map((s) => s.stopId);
        return { routeId, directionId, stopIds };
      }
    }
  }
  return undefined;
}

function slowZoneOn(
  { patternId, routeId, directionId, stops }: TransitPattern,
  zone: SlowStretch,
): [string, Pick<TransitPattern, 'slowZone'>][] {
  if (routeId !== zone.routeId || directionId !== zone.directionId) return [];
  const from = stops.findIndex((_, n) => zone.stopIds.every((id, i) => stops[n + i]?.stopId === id));
  if (from < 0) return [];
  const fromM = stops[from]!.alongM;
  const slowZone = { fromM, toM: fromM + SLOW_M, costS: SLOW_COST_S, fromS: SLOW_FROM_S, toS: SLOW_TO_S };
  return [[patternId, { slowZone }]];
}
