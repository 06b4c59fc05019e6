import type { City } from '../city/city.ts';
import { demandShare, highestShare } from '../traffic/demand.ts';
import type { Street } from '../traffic/street.ts';
import { type Line, lineOf, placeOn } from './line.ts';
import { BRAKES, DRIVES } from './motion.ts';
import type {
  Character,
  RoadStretch,
  SlowZone,
  TransitNetwork,
  TransitPattern,
  TransitRoute,
  TransitStop,
  TransitTrip,
} from './transit-network.ts';

interface RoutePlan {
  route: TransitRoute;
  headwayS: number;
  /** The route's two ways. */
  roads: readonly [RoadStretch['road'], RoadStretch['road']];
  gapM: number;
  slowZone?: boolean;
}

const FIRST_START_S = 5.5 * 3_600;
const LAST_START_S = 24.2 * 3_600;
/** What the timetable allows beside driving as the traffic usually does. */
const DWELL_ALLOWED_S = 20;
const SLACK = 1.05;

/** The planted slow zone: 700 m between two stops, at the hours of the day's traffic. */
const SLOW_M = 700;
const SLOW_COST_S = 90;

/**
 * The bus and tram lines of a simulated city, each up and down one of its roads: a line of 6-minute headway, a punctual
 * one, a tram through a slow zone, lines on the other arterials, express buses on the freeways. The same city, the same lines.
 */
export function cityTransit(city: City): TransitNetwork {
  const stops: TransitStop[] = [];
  const patterns: TransitPattern[] = [];
  const trips: TransitTrip[] = [];
  const plans = routePlans(city);
  for (const plan of plans) {
    for (const directionId of [0, 1] as const) {
      const pattern = layPattern(city, plan, directionId, stops);
      patterns.push(pattern);
      // The way back starts half a headway later.
      for (let s = FIRST_START_S + (directionId * plan.headwayS) / 2; s < LAST_START_S; s += plan.headwayS) {
        trips.push(tripAt(city, pattern, s));
      }
    }
  }
  return {
    agency: `${city.name} Transit`,
    timezone: city.timezone,
    routes: plans.map((p) => p.route),
    stops,
    patterns,
    tripsOn: () => trips,
  };
}

function routePlans(city: City): RoutePlan[] {
  const pairs = (type: 'street' | 'freeway', roads: readonly { road: string }[], wanted: number[]) =>
    wanted
      .filter((i) => i % 2 === 0)
      .map((index): RoutePlan['roads'] => [
        { type, index },
        { type, index: index + 1 },
      ])
      .filter(([, back]) => roads[back.index] !== undefined);
  const arterials = pairs(
    'street',
    city.streets,
    city.streets.flatMap((s, i) => (s.type === 'arterial' ? [i] : [])),
  );
  const freeways = pairs('freeway', city.freeways, [0, 2]);
  const plan = (
    shortName: string,
    type: number,
    character: Character,
    headwayS: number,
    roads: RoutePlan['roads'],
    gapM: number,
  ): RoutePlan => ({
    route: { routeId: shortName, shortName, longName: roadName(city, roads[0]), type, character },
    headwayS,
    roads,
    gapM,
  });
  const on = (n: number) => arterials[n % arterials.length]!;
  return [
    plan('1', 3, 'bunched', 360, on(0), 500),
    plan('2', 3, 'punctual', 600, on(1), 500),
    { ...plan('3', 0, 'ordinary', 600, on(2), 500), slowZone: true },
    ...arterials.slice(3).map((roads, i) => plan(String(i + 4), 3, 'ordinary', 720, roads, 450)),
    ...freeways.map((roads, i) => plan(`X${i + 1}`, 3, 'ordinary', 900, roads, 3_400)),
  ];
}

function roadName(city: City, { type, index }: RoadStretch['road']): string {
  return type === 'street' ? city.streets[index]!.road : `${city.freeways[index]!.road} Express`;
}

function layPattern(
  city: City,
  { route, roads, gapM, slowZone }: RoutePlan,
  directionId: 0 | 1,
  stops: TransitStop[],
): TransitPattern {
  const road = roads[directionId];
  const line = lineAlong(city, road);
  const zone = slowZone && directionId === 0 ? slowZoneOn(line) : undefined;
  const patternId = `${route.routeId}-${directionId}`;
  const calls = stopPlaces(line, gapM, zone).map((alongM, n) => {
    const stopId = `${patternId}-${String(n + 1).padStart(2, '0')}`;
    const { lat, lon } = placeOn(line, alongM);
    // As the road's own kilometres run: the way back counts down.
    const postM = directionId === 0 ? alongM : line.lengthM - alongM;
    stops.push({ stopId, name: `${route.longName} ${(postM / 1_000).toFixed(1)} km`, lat, lon });
    return { stopId, alongM };
  });
  const described = road.type === 'street' ? city.streets[road.index]! : city.freeways[road.index]!;
  return {
    patternId,
    routeId: route.routeId,
    directionId,
    headsign: `${route.longName} ${described.direction}`,
    line,
    stops: calls,
    roads: [{ fromM: 0, toM: line.lengthM, road, startKm: 0 }],
    ...(zone && { slowZone: zone }),
  };
}

function lineAlong(city: City, { type, index }: RoadStretch['road']): Line {
  const links =
    type === 'street'
      ? city.links.filter((l) => l.linkId === city.streets[index]!.streetId)
      : city.links.filter(
          (l) => l.road === city.freeways[index]!.road && l.direction === city.freeways[index]!.direction,
        );
  const points = links.flatMap((l) => l.line ?? []).map(([lon, lat]) => ({ lat, lon }));
  return lineOf(points.filter((p, i) => p.lat !== points[i - 1]?.lat || p.lon !== points[i - 1]?.lon));
}

function slowZoneOn(line: Line): SlowZone {
  const fromM = Math.round(line.lengthM * 0.45);
  return { fromM, toM: fromM + SLOW_M, costS: SLOW_COST_S, fromS: 7 * 3_600, toS: 19 * 3_600 };
}

/** Stops every `gapM` or so, the first and last 30 m from the ends; none within a slow zone, one at each end of it. */
function stopPlaces(line: Line, gapM: number, zone: SlowZone | undefined): number[] {
  const ends = [30, ...(zone ? [zone.fromM, zone.toM] : []), line.lengthM - 30];
  const places = [ends[0]!];
  for (const [i, to] of ends.slice(1).entries()) {
    const from = ends[i]!;
    const pieces = from === zone?.fromM ? 1 : Math.max(1, Math.round((to - from) / gapM));
    for (let n = 1; n <= pieces; n++) places.push(from + ((to - from) * n) / pieces);
  }
  return places;
}

function tripAt(city: City, pattern: TransitPattern, startS: number): TransitTrip {
  const arrivalS = [startS];
  const departureS = [startS];
  for (let n = 1; n < pattern.stops.length; n++) {
    const from = pattern.stops[n - 1]!.alongM;
    const to = pattern.stops[n]!.alongM;
    const s = departureS[n - 1]!;
    const ms = usualKmh(city, pattern.roads[0]!.road, s) / 3.6;
    const drivingS = (to - from) / ms + ms / 2 / DRIVES + ms / 2 / BRAKES;
    const isLast = n + 1 === pattern.stops.length;
    arrivalS.push(Math.round(s + drivingS * SLACK));
    departureS.push(arrivalS[n]! + (isLast ? 0 : DWELL_ALLOWED_S));
  }
  const minute = Math.round(startS / 60);
  const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}${String(minute % 60).padStart(2, '0')}`;
  return { tripId: `${pattern.patternId}-${clock}`, patternId: pattern.patternId, arrivalS, departureS };
}

/** What a timetable's maker would find on a weekday at that time. */
function usualKmh(city: City, { type, index }: RoadStretch['road'], s: number): number {
  if (type === 'freeway') return busKmh('freeway', 100);
  const street = city.streets[index]!;
  const day = city.calendar.day(ORDINARY_TUESDAY);
  const share = demandShare(day, Math.floor(s / 60) % 1_440, street.peak) / highestShare(street.peak);
  return busKmh('street', streetKmh(street, (share * street.flow) / street.capacity));
}

/** 6 October 2026. */
const ORDINARY_TUESDAY = 20_732;

/** `streetTraffic`'s speed curve at a load. */
function streetKmh(street: Street, load: number): number {
  return street.freeFlowKmh / (1 + 0.6 * Math.min(1.1, load) ** 4);
}

/** How fast a bus goes where the others go so fast. */
export function busKmh(road: 'street' | 'freeway', trafficKmh: number): number {
  return Math.max(6, Math.min(road === 'street' ? 46 : 88, 0.95 * trafficKmh));
}
