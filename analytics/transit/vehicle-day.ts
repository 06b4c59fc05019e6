import type { CityTime } from '#domain/city-time.ts';
import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import { borrowedStop, withoutStop } from './borrowed-stop.ts';
import type { Observation } from './observation.ts';
import { type ResolvedTrip, resolveTrip, type TripsByDate, type TripWords } from './resolve-trip.ts';
import { type StopVisit, stopVisits, type TripWay } from './stop-visits.ts';

/** One reading of a vehicle: what it saw, and what it says of its trip. */
export interface VehicleReading extends Observation, Omit<TripWords, 'at'> {
  /** Its clock is known to be behind: when it was is not known. */
  clockBehind?: true;
}

/** How one end of a performed trip came about. */
export type TripEnd =
  /** The vehicle was seen at the end stop. */
  | 'complete'
  /** It was seen elsewhere, on another trip or on none, while this part of the trip was due: that part did not run. */
  | 'short'
  /** Nobody knows. */
  | 'unobserved';

/** A vehicle on a trip, as it was seen. */
export interface PerformedTrip extends ResolvedTrip {
  vehicleId: string;
  /** As the feed says: what is known of a trip that is in no timetable. */
  toldRouteId: string | undefined;
  toldDirectionId: number | undefined;
  visits: StopVisit[];
  firstSeenAt: Instant;
  lastSeenAt: Instant;
  observations: number;
  positions: number;
  offWay: number;
  jumps: number;
  detour: boolean;
  /** Reports that were left out: the vehicle's clock was behind. None of the other figures is of them. */
  clockBehind: number;
  unknownStops: string[];
  /** Of observations: the longest between two. */
  longestGapS: number;
  began: TripEnd;
  ended: TripEnd;
  /** On another trip, or on none, within a quarter of an hour before its first observation; after its last. */
  seenElsewhereBefore: boolean;
  seenElsewhereAfter: boolean;
  /** This vehicle was on another trip between two observations of this one. */
  interleaved: boolean;
}

/** What is told of a trip of which nothing was observed. */
export const nothingSeen = {
  observations: 0,
  positions: 0,
  offWay: 0,
  jumps: 0,
  detour: false,
  clockBehind: 0,
  unknownStops: [],
  longestGapS: 0,
  seenElsewhereBefore: false,
  seenElsewhereAfter: false,
  interleaved: false,
} satisfies Partial<PerformedTrip>;

/** Seen on something else so soon before or after it, a vehicle did not run the rest of a trip. */
const ELSEWHERE_MS = 15 * MINUTE_MS;

/**
 * The trips that one vehicle performed, from all its readings of a day (in any order). What it did on none is one
 * performed trip of the relationship `deadrun`.
 */
export function vehicleDay(
  vehicleId: string,
  readings: readonly VehicleReading[],
  trips: TripsByDate,
  wayOf: (patternId: string) => TripWay | undefined,
  time: CityTime,
): PerformedTrip[] {
  const runs = new Map<string, { resolved: ResolvedTrip; readings: VehicleReading[] }>();
  const resolve = tripResolver(trips, time);
  for (const reading of readings) {
    const resolved = resolve(reading);
    const key = performedKey(resolved);
    const run = runs.get(key) ?? { resolved, readings: [] };
    run.readings.push(reading);
    runs.set(key, run);
  }
  const spans = [...runs.values()].map(({ resolved, readings: told }) => {
    const own = told.filter((r) => !r.clockBehind);
    return { resolved, times: inOrderOfTime(own), own, told };
  });
  const perform = (span: (typeof spans)[number]): PerformedTrip => {
    const { resolved, own, times, told } = span;
    const way = resolved.scheduled && wayOf(resolved.scheduled.patternId);
    const seen = resolved.relationship === 'deadrun' ? stopVisits([], undefined) : stopVisits(own, way);
    const elsewhere = (from: Instant, to: Instant) =>
      spans.some((other) => other.resolved !== resolved && other.times.some((at) => at > from && at < to));
    // Of a trip that was told by a clock behind alone, what that clock said.
    const seenAt = times.length > 0 ? times : inOrderOfTime(told);
    const firstSeenAt = seenAt[0]!;
    const lastSeenAt = seenAt.at(-1)!;
    const positions = seen.visits.map((v) => v.call.position);
    const stops = way?.calls.length;
    const wasBefore = elsewhere(firstSeenAt - ELSEWHERE_MS, firstSeenAt);
    const wasAfter = elsewhere(lastSeenAt, lastSeenAt + ELSEWHERE_MS);
    return {
      ...resolved,
      vehicleId,
      toldRouteId: told.find((o) => o.routeId !== undefined)?.routeId,
      toldDirectionId: told.find((o) => o.directionId !== undefined)?.directionId,
      visits: seen.visits,
      firstSeenAt,
      lastSeenAt,
      observations: own.length,
      positions: own.filter((o) => o.lat !== undefined).length,
      offWay: seen.track.offWay,
      jumps: seen.track.jumps,
      detour: seen.track.detour,
      clockBehind: told.length - own.length,
      unknownStops: way ? seen.unknownStops : [],
      longestGapS: longestGapS(times),
      began: positions[0] === 1 ? 'complete' : wasBefore ? 'short' : 'unobserved',
      ended:
        stops !== undefined && positions.at(-1) === stops ? 'complete' : wasAfter ? 'short' : 'unobserved',
      seenElsewhereBefore: wasBefore,
      seenElsewhereAfter: wasAfter,
      interleaved: resolved.relationship !== 'deadrun' && elsewhere(firstSeenAt, lastSeenAt),
    };
  };
  const performed = spans.map(perform);
  return performed.map((trip, i) => {
    const stopId = borrowedStop(trip, performed);
    return stopId === undefined ? trip : perform({ ...spans[i]!, own: withoutStop(spans[i]!.own, stopId) });
  });
}

const QUARTER_MS = 15 * MINUTE_MS;

/** Names a performed trip among those of a vehicle. */
export function performedKey({ serviceDate, relationship, tripId }: ResolvedTrip): string {
  return `${serviceDate}/${relationship === 'deadrun'}/${tripId}`;
}

/** A vehicle says the same of its trip thousands of times: with the service day named, the answer is the same too. */
export function tripResolver(trips: TripsByDate, time: CityTime): (reading: VehicleReading) => ResolvedTrip {
  const known = new Map<string, ResolvedTrip>();
  return (reading) => {
    const { tripId, routeId, directionId, serviceDate, startTime, relationship, deadrun } = reading;
    // A trip is of the day on which it began, as far as it is told.
    const [at] = momentsOf(reading) as [Instant];
    // Without one the day depends on the time; in no zone does a date change within a quarter of an hour.
    const quarter = Math.floor(at / QUARTER_MS);
    const day = serviceDate ?? quarter;
    const key = [tripId, routeId, directionId, day, startTime, relationship, deadrun].join('|');
    let resolved = known.get(key);
    if (!resolved) {
      resolved = resolveTrip({ ...reading, at: (quarter + 0.5) * QUARTER_MS }, trips, time);
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(key, resolved);
    }
    return resolved;
  };
}

function inOrderOfTime(readings: readonly VehicleReading[]): Instant[] {
  return readings.flatMap(momentsOf).sort((a, b) => a - b);
}

/** When a reading saw its vehicle: at the calls it has recorded, and when it was made. */
function momentsOf({ at, recorded = [] }: VehicleReading): Instant[] {
  return [...recorded.map((c) => (c.arrivalAt ?? c.departureAt)!), at];
}

const MOST_KNOWN = 100_000;

function longestGapS(times: readonly number[]): number {
  let longest = 0;
  for (let i = 1; i < times.length; i++) longest = Math.max(longest, times[i]! - times[i - 1]!);
  return longest / 1_000;
}
