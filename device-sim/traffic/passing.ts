import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { Point } from '../city/city.ts';
import { bell, noise } from '../random.ts';
import type { CityDay } from './calendar.ts';
import type { FreewayTraffic } from './freeway.ts';
import type { StreetTraffic } from './street.ts';
import { effectiveLengthM, laneShares, laneSpeedFactor } from './vehicles.ts';

/** What passed every point of the city in one minute. The arrays are reused: read them before the next minute. */
export interface CityMinute {
  /** Start of the minute. */
  at: Instant;
  day: CityDay;
  /** By point. All classes together, then each. */
  count: Int32Array;
  cars: Int32Array;
  vans: Int32Array;
  trucks: Int32Array;
  buses: Int32Array;
  /** Mean of the vehicles' speeds over space; NaN where none passed. */
  speedKmh: Float64Array;
  /** Share of the minute a detector is covered, mean of the lanes. */
  occupancy: Float64Array;
  /** By bottleneck: length of the queue behind it. */
  queueKm: Float64Array;
  /** Incidents of this local day that last now or ended within the hour, with the queues behind them. */
  incidents: readonly { incidentId: string; queueKm: number }[];
  /** By freeway and by street: the traffic there, away from sensors too, as it is in this minute. */
  freewayTraffic: readonly FreewayTraffic[];
  streetTraffic: readonly StreetTraffic[];
}

export function emptyMinute(
  at: Instant,
  day: CityDay,
  counts: { points: number; bottlenecks: number },
  traffic: Pick<CityMinute, 'freewayTraffic' | 'streetTraffic'>,
): CityMinute {
  const { points, bottlenecks } = counts;
  return {
    ...traffic,
    at,
    day,
    count: new Int32Array(points),
    cars: new Int32Array(points),
    vans: new Int32Array(points),
    trucks: new Int32Array(points),
    buses: new Int32Array(points),
    speedKmh: new Float64Array(points),
    occupancy: new Float64Array(points),
    queueKm: new Float64Array(bottlenecks),
    incidents: [],
  };
}

/** Spread of drivers' speeds, as a share of the mean; a minute's mean of n drivers varies by this over sqrt n. */
const DRIVER_SPREAD = 0.09;
/** Below this a detector is covered by who stands on it, not by who passes. */
const CRAWLING_KMH = 10;

/** Vehicles counted so far, as real numbers: a minute's whole count is the step of their whole part. */
export interface PointCounters {
  passed: Float64Array;
  trucks: Float64Array;
  vans: Float64Array;
  buses: Float64Array;
  reset(): void;
}

export function pointCounters(points: number): PointCounters {
  const make = () => new Float64Array(points).fill(0.5);
  const counters = { passed: make(), trucks: make(), vans: make(), buses: make() };
  return {
    ...counters,
    reset: () =>
      Object.values(counters).forEach((c) => {
        c.fill(0.5);
      }),
  };
}

const VAN_SHARE = 0.1;

interface Passing {
  seed: number;
  /** Vehicles this minute on all the lanes, as a real number. */
  flow: number;
  speedKmh: number;
  trucks: number;
}

/** Counts and measures a freeway's minute at one of its points. */
export function passFreeway(
  minute: CityMinute,
  counters: PointCounters,
  point: Point,
  passing: Passing & { density: number; lanes: number },
): void {
  const p = point.index;
  const { lanes } = passing;
  const flowing = Math.max(0, Math.min(1, (passing.speedKmh - 60) / 40));
  const laneFlow = point.lane === 0 ? 1 : laneShares(passing.flow / lanes, point.lane);
  const laneTrucks = point.lane === 0 ? 1 : point.lane === 3 ? 0.15 : point.lane === 1 ? 1.7 : 0.85;
  const trucks = Math.min(0.8, passing.trucks * laneTrucks);
  countVehicles(minute, counters, p, passing.flow * laneFlow, trucks, 0);
  // The model knows one kind of vehicle; trucks are slower than cars only where there is room.
  const mixed = 1 + flowing * (0.025 - 0.18 * trucks);
  const lane = point.lane === 0 ? 1 : 1 + flowing * (laneSpeedFactor(point.lane) - 1);
  setSpeed(minute, point, passing.seed, passing.speedKmh * mixed * lane);
  const perLane = point.lane === 0 ? passing.density / lanes : passing.density * laneFlow;
  setOccupancy(minute, point, passing.speedKmh < CRAWLING_KMH ? perLane : undefined, trucks);
}

/** Counts and measures a street's minute at one of its points. */
export function passStreet(
  minute: CityMinute,
  counters: PointCounters,
  point: Point,
  passing: Passing & { buses: number },
): void {
  countVehicles(minute, counters, point.index, passing.flow, passing.trucks, passing.buses);
  setSpeed(minute, point, passing.seed, passing.speedKmh);
  setOccupancy(minute, point, undefined, passing.trucks);
}

function countVehicles(
  minute: CityMinute,
  counters: PointCounters,
  p: number,
  flow: number,
  truckShareHere: number,
  busShare: number,
): void {
  const count = step(counters.passed, p, flow);
  const trucks = Math.min(count, step(counters.trucks, p, flow * truckShareHere));
  const buses = Math.min(count - trucks, step(counters.buses, p, flow * busShare));
  const vans = Math.min(count - trucks - buses, step(counters.vans, p, flow * VAN_SHARE));
  minute.count[p] = count;
  minute.trucks[p] = trucks;
  minute.buses[p] = buses;
  minute.vans[p] = vans;
  minute.cars[p] = count - trucks - buses - vans;
}

function step(counter: Float64Array, p: number, more: number): number {
  const before = counter[p]!;
  const after = before + more;
  counter[p] = after;
  return Math.floor(after) - Math.floor(before);
}

function setSpeed(minute: CityMinute, point: Point, seed: number, meanKmh: number): void {
  const p = point.index;
  const count = minute.count[p]!;
  if (count === 0) {
    minute.speedKmh[p] = Number.NaN;
    return;
  }
  const luck = bell(noise(seed, 0x5eed + p, minute.at / MINUTE_MS));
  minute.speedKmh[p] = Math.max(2, meanKmh * (1 + (DRIVER_SPREAD * luck) / Math.sqrt(count)));
}

/** `standing` is vehicles per kilometre and lane where they crawl; else what passed covers the detector. */
function setOccupancy(minute: CityMinute, point: Point, standing: number | undefined, trucks: number): void {
  const p = point.index;
  if (standing !== undefined) {
    minute.occupancy[p] = Math.min(0.98, (standing * effectiveLengthM(1 - trucks, 0, trucks, 0)) / 1_000);
    return;
  }
  const metres = effectiveLengthM(minute.cars[p]!, minute.vans[p]!, minute.trucks[p]!, minute.buses[p]!);
  const coveredS = minute.count[p] === 0 ? 0 : (metres / minute.speedKmh[p]!) * 3.6;
  minute.occupancy[p] = Math.min(0.98, coveredS / (60 * point.lanes));
}
