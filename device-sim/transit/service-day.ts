import { type Instant, SECOND_MS } from '#domain/instant.ts';
import { type Random, seededRandom } from '../random.ts';
import { busKmh } from './city-transit.ts';
import { dayPlan, type Fate, type PlannedTrip } from './day-plan.ts';
import { lentTraffic } from './lent-roads.ts';
import { lineOf, placeOn } from './line.ts';
import { driveTo, stand, standingAt } from './motion.ts';
import { type Riders, riders } from './riders.ts';
import type { RoadSpeeds } from './road-speeds.ts';
import {
  TIMEPOINT_EVERY,
  type TransitNetwork,
  type TransitPattern,
  type TransitTrip,
} from './transit-network.ts';

/** A trip of a service date, as it truly went. */
export interface TripRun {
  trip: TransitTrip;
  pattern: TransitPattern;
  serviceDate: string;
  fate: Fate;
  /** '' of a trip called off. */
  vehicleId: string;
  /** When the timetable has it start. */
  dueAt: Instant;
  /** Of the first of `alongM`. */
  startAt: Instant;
  /** Metres along the way, second by second. */
  alongM: Float32Array;
  visits: TrueVisit[];
}

/** A vehicle at a stop, as it truly was. Where it did not halt, both times are those of its passing. */
export interface TrueVisit {
  position: number;
  stopId: string;
  arrivalAt: Instant;
  departureAt: Instant;
  halted: boolean;
  boarded: number;
  alighted: number;
  /** Aboard when it left. */
  load: number;
  /** What the vehicle's counter made of the boarded: it misses some. */
  countedBoarded: number;
}

export interface ServiceDay {
  date: string;
  /** Noon less 12 hours. */
  dayStartAt: Instant;
  runs: TripRun[];
}

/** Stands at its first stop so long before it leaves, and at its last when it has come. */
const BEFORE_S = 60;
const AFTER_S = 40;
/** Between the end of a trip and the vehicle's next. */
const TURNS_S = 120;
/** No nearer to the vehicle in front: nobody overtakes on a line. */
const BEHIND_M = 50;
const OPENS_AND_CLOSES_S = 5;
const BOARDS_S = 1.8;
const ALIGHTS_S = 1.1;
const LONGEST_DWELL_S = 75;
/** Counters miss one boarding passenger in twenty. */
const MISSED_SHARE = 0.05;

/** A service date as it truly goes, with the traffic that was. The same network, seed and date: the same day. */
export function serviceDay(
  network: TransitNetwork,
  seed: number,
  date: string,
  dayStartAt: Instant,
  speeds: RoadSpeeds | undefined,
): ServiceDay {
  const planned = dayPlan(network, seed, date).sort(
    (a, b) => leavesS(a) - leavesS(b) || (a.trip.tripId < b.trip.tripId ? -1 : 1),
  );
  const traffic: Traffic | undefined = speeds && { speeds, shareOfUsual: lentTraffic(speeds, dayStartAt) };
  const fleet = new Map<string, Vehicle[]>();
  const waiting = new Map<string, Riders>();
  const before = new Map<string, Driven>();
  const runs: TripRun[] = [];
  for (const plan of planned) {
    const { trip, pattern, fate } = plan;
    const dueAt = dayStartAt + trip.departureS[0]! * SECOND_MS;
    const known = { trip, pattern, serviceDate: date, fate, dueAt };
    if (fate === 'canceled') {
      runs.push({ ...known, vehicleId: '', startAt: dueAt, alongM: new Float32Array(0), visits: [] });
      continue;
    }
    const vehicles = fleet.get(pattern.routeId) ?? [];
    fleet.set(pattern.routeId, vehicles);
    const vehicle = vehicleFor(vehicles, plan);
    let people = waiting.get(pattern.patternId);
    if (!people) {
      people = riders(network, seed, date, pattern);
      waiting.set(pattern.patternId, people);
    }
    const random = seededRandom(seed, `transit/${date}/${trip.tripId}`);
    const run = drive(plan, dayStartAt, traffic, people, random, before.get(pattern.patternId));
    before.set(pattern.patternId, run);
    vehicle.freeS = (run.visits.at(-1)!.arrivalAt - dayStartAt) / SECOND_MS + TURNS_S;
    vehicle.at = placeOn(pattern.line, pattern.stops.at(-1)!.alongM);
    runs.push({ ...known, ...run, vehicleId: vehicle.vehicleId });
  }
  return { date, dayStartAt, runs };
}

interface Traffic {
  speeds: RoadSpeeds;
  shareOfUsual: ReturnType<typeof lentTraffic>;
}

interface Vehicle {
  vehicleId: string;
  freeS: number;
  /** Where it ended its last trip. */
  at: { lat: number; lon: number };
}

/** From there it gets to a start in time to turn. */
const NEARBY_M = 500;

function leavesS({ trip, lateS }: PlannedTrip): number {
  return trip.departureS[0]! + lateS;
}

/** Of those that stand at the start the one that waits longest; a fresh one from the depot where none does. */
function vehicleFor(vehicles: Vehicle[], plan: PlannedTrip): Vehicle {
  const { routeId, line, stops } = plan.pattern;
  const start = placeOn(line, stops[0]!.alongM);
  const free = vehicles
    .filter((v) => v.freeS <= leavesS(plan) - BEFORE_S && lineOf([v.at, start]).lengthM <= NEARBY_M)
    .sort((a, b) => a.freeS - b.freeS)[0];
  if (free) return free;
  const fresh = {
    vehicleId: `${routeId}-${String(vehicles.length + 1).padStart(3, '0')}`,
    freeS: 0,
    at: start,
  };
  vehicles.push(fresh);
  return fresh;
}

function drive(
  plan: PlannedTrip,
  dayStartAt: Instant,
  traffic: Traffic | undefined,
  people: Riders,
  random: Random,
  ahead: Driven | undefined,
): Driven {
  const { trip, pattern, character } = plan;
  // By a timetable that may allow no dwell, who is to keep its time drives to be there early: it stands everywhere, until it is time.
  const isOnRoads = traffic !== undefined && pattern.roads.length > 0;
  const standsEverywhere = !isOnRoads && character !== 'ordinary';
  const startAt = dayStartAt + (leavesS(plan) - BEFORE_S) * SECOND_MS;
  const motion = standingAt(pattern.stops[0]!.alongM);
  const nowAt = () => startAt + (motion.alongM.length - 1) * SECOND_MS;
  const own = isOnRoads
    ? trafficLimit(pattern, startAt, dayStartAt, traffic.speeds)
    : timetableLimit(plan, startAt, dayStartAt, random, traffic?.shareOfUsual);
  const limit = ahead ? behind(ahead, own, startAt) : own;
  const visits: TrueVisit[] = [];
  let load = 0;
  const last = pattern.stops.length - 1;
  for (const [n, stop] of pattern.stops.entries()) {
    const targetAt = heldUntil(plan, n, dayStartAt);
    const alighting = n === 0 ? 0 : n === last ? load : people.alighting(n, load, random);
    const expectedAt =
      n === 0 ? targetAt : nowAt() + (trip.arrivalS[n]! - trip.departureS[n - 1]!) * SECOND_MS;
    const comes = alighting > 0 || n === 0 || n === last || people.isWaiting(n, expectedAt, random);
    const halts = comes || standsEverywhere || n % TIMEPOINT_EVERY === 0;
    const reachedS = n === 0 ? 0 : driveTo(motion, stop.alongM, halts, limit);
    const arrivalAt = n === 0 ? startAt : startAt + Math.round(reachedS * SECOND_MS);
    load -= alighting;
    let boarded = 0;
    let departureAt = arrivalAt;
    if (halts && n < last) {
      boarded = people.boarding(n, Math.max(arrivalAt, targetAt), load, random);
      const exchangeS =
        boarded + alighting > 0
          ? OPENS_AND_CLOSES_S + Math.max(BOARDS_S * boarded, ALIGHTS_S * alighting)
          : 0;
      const leaveAt = Math.max(arrivalAt + Math.min(LONGEST_DWELL_S, exchangeS) * SECOND_MS, targetAt);
      stand(motion, Math.max(1, Math.ceil((leaveAt - nowAt()) / SECOND_MS)));
      departureAt = nowAt();
      load += boarded;
    } else if (n === last) stand(motion, AFTER_S);
    visits.push({
      position: n + 1,
      stopId: stop.stopId,
      arrivalAt,
      departureAt,
      halted: halts,
      boarded,
      alighted: alighting,
      load,
      countedBoarded: countedOf(boarded, random),
    });
  }
  return { startAt, alongM: Float32Array.from(motion.alongM), visits };
}

/**
 * Who runs evenly or punctually, or as unevenly as is planted, keeps its time at every stop; others leave a timepoint, every
 * third stop, no earlier than the timetable says.
 */
function heldUntil({ trip, character, lateS }: PlannedTrip, n: number, dayStartAt: Instant): Instant {
  if (character !== 'ordinary') return dayStartAt + (trip.departureS[n]! + lateS) * SECOND_MS;
  if (n % TIMEPOINT_EVERY > 0) return Number.NEGATIVE_INFINITY;
  return dayStartAt + (trip.departureS[n]! + (n === 0 ? lateS : 0)) * SECOND_MS;
}

function countedOf(boarded: number, random: Random): number {
  let counted = 0;
  for (let i = 0; i < boarded; i++) if (random.next() >= MISSED_SHARE) counted += 1;
  return counted;
}

type Driven = Pick<TripRun, 'startAt' | 'alongM' | 'visits'>;

type Limit = (alongM: number, second: number) => number;

/** As fast as one may who stays behind another. */
function behind(ahead: Driven, own: Limit, startAt: Instant): Limit {
  const shift = (startAt - ahead.startAt) / SECOND_MS;
  return (alongM, second) => {
    const there = ahead.alongM[Math.floor(second + shift) + 1];
    const ms = own(alongM, second);
    return there === undefined ? ms : Math.max(0, Math.min(ms, there - BEHIND_M - alongM));
  };
}

/** As fast as the traffic of the road beneath, and what a slow zone leaves of that. */
function trafficLimit(
  pattern: TransitPattern,
  startAt: Instant,
  dayStartAt: Instant,
  speeds: RoadSpeeds,
): Limit {
  let stretch = 0;
  const { roads, slowZone } = pattern;
  return (alongM, second) => {
    while (stretch + 1 < roads.length && alongM >= roads[stretch]!.toM) stretch += 1;
    const { road, fromM, startKm } = roads[stretch]!;
    const at = startAt + second * SECOND_MS;
    const ms = busKmh(road.type, speeds.kmh(road, startKm + (alongM - fromM) / 1_000, at)) / 3.6;
    return slowed(ms, slowZone, alongM, (at - dayStartAt) / SECOND_MS);
  };
}

function slowed(ms: number, zone: TransitPattern['slowZone'], alongM: number, s: number): number {
  if (!zone || alongM < zone.fromM || alongM >= zone.toM || s < zone.fromS || s >= zone.toS) return ms;
  const lengthM = zone.toM - zone.fromM;
  return lengthM / (lengthM / ms + zone.costS);
}

/**
 * Between stops as fast as the timetable has it, give or take some: a trip has its driver, and a street lent to the way its traffic. Who is to keep
 * its time at every stop makes up for its dwell, if need be and as far as a street lets it.
 */
function timetableLimit(
  { trip, pattern, character, lateS }: PlannedTrip,
  startAt: Instant,
  dayStartAt: Instant,
  random: Random,
  shareOfUsual: Traffic['shareOfUsual'] | undefined,
): Limit {
  const driver = random.between(0.97, 1.12);
  const luck = pattern.stops.map(() => random.between(0.88, 1.12));
  const startS = (startAt - dayStartAt) / SECOND_MS;
  const trafficOf = (stop: number, second: number) => {
    const stretch = pattern.lentRoads?.[stop - 1];
    return stretch && shareOfUsual ? shareOfUsual(stretch, startAt + second * SECOND_MS) : 1;
  };
  let n = 0;
  let drivesMs = 0;
  return (alongM, second) => {
    while (n === 0 || (n + 1 < pattern.stops.length && alongM >= pattern.stops[n]!.alongM)) {
      n += 1;
      const lengthM = pattern.stops[n]!.alongM - pattern.stops[n - 1]!.alongM;
      const dueMs = cruiseMs(lengthM, 0.94 * (trip.arrivalS[n]! - trip.departureS[n - 1]!));
      const leftS = trip.departureS[n]! + lateS - startS - second - DWELLS_S;
      drivesMs =
        character === 'ordinary'
          ? dueMs * driver * luck[n]! * trafficOf(n, second)
          : Math.min(Math.max(1.3 * dueMs, STREET_MS), cruiseMs(lengthM, leftS));
      drivesMs = Math.min(FASTEST_MS, Math.max(2, drivesMs));
    }
    return slowed(drivesMs, pattern.slowZone, alongM, startS + second);
  };
}

/** What a halt usually takes. */
const DWELLS_S = 20;
const STREET_MS = 50 / 3.6;
/** 144 km/h: no faster than feed quality believes. */
const FASTEST_MS = 40;

/** The speed at which such a length takes so long, from halt to halt, at 1 m/s2 up and down; the highest there is where no speed does. */
function cruiseMs(lengthM: number, seconds: number): number {
  const root = seconds * seconds - 4 * lengthM;
  return seconds > 0 && root > 0 ? (seconds - Math.sqrt(root)) / 2 : Math.sqrt(lengthM);
}
