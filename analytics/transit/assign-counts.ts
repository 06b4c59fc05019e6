import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { PassengerCount } from './passenger-count.ts';
import { BEFORE_TRIP_MS, type Stay } from './stay.ts';
import type { StopVisit } from './stop-visits.ts';
import type { PerformedTrip } from './vehicle-day.ts';

/** A count has up to three: who got on, who got off, and the load that the vehicle gives. */
export type CountSide = 'boarding' | 'alighting' | 'load';

/**
 * How a count came to its stop. `named`: it names the trip or the stop; `stay`: it was made during the stay, or within a
 * minute of it; `late`: later, before the next stop; `trip-end`: where a trip ended or began, by which trip it must be.
 */
export type CountMethod = 'named' | 'stay' | 'late' | 'trip-end';

/** Why a count is of no stop visit. */
export type UnassignedReason =
  /** When it was made nobody knows: the vehicle's clock was behind. */
  | 'clock-behind'
  /** No reading says where the vehicle was. */
  | 'vehicle-not-seen'
  /** Far from the end and the beginning of any trip: cleaners, the depot, a test. */
  | 'no-trip'
  /** Over ten minutes after the stop before. */
  | 'between-stops'
  /** It names a trip or a stop that this vehicle was not seen at. */
  | 'not-visited'
  /** At the first stop of a trip, and no trip ended there: nobody can have come with it. */
  | 'alighted-at-first-stop'
  /** At the last stop of a trip, and no trip began there. */
  | 'boarded-at-last-stop'
  /** Another device counted the same vehicle more often. */
  | 'second-counter';

export interface AssignedCount {
  at: Instant;
  deviceId: string;
  readings: number;
  side: CountSide;
  passengers: number;
  place?: { trip: PerformedTrip; visit: StopVisit; method: CountMethod; withinS: number };
  reason?: UnassignedReason;
}

/** A counter's clock and the vehicle's differ by seconds: so early a count may be. */
const EARLY_MS = 15_000;
/** A counter reports when its doors have closed. */
const REPORTED_MS = MINUTE_MS;
/** After the end of a trip people still get off; as HSL has it (transitdata-partial-apc-expander-combiner). */
const AFTER_TRIP_MS = 10 * MINUTE_MS;
/** So long a vehicle may stand between two trips. */
const LAYOVER_MS = 30 * MINUTE_MS;

/**
 * Each count of a vehicle to the stop visit it is of. **Who gets on belongs to the trip on which the vehicle leaves the
 * stop, who gets off to the one on which it came:** so a trip that is announced before the doors have closed, or after
 * they opened, moves nobody to the wrong one. A function of the sets of both, whatever their order.
 */
export function assignCounts(stays: readonly Stay[], counts: readonly PassengerCount[]): AssignedCount[] {
  const counter = foremost(counts);
  const named = namedStays(stays);
  return counts.flatMap((count) => {
    const { at, deviceId, readings } = count;
    const here = stayAt(count, stays, named);
    return sidesOf(count).map(([side, passengers]): AssignedCount => {
      const found: Found =
        count.clockBehind === true
          ? 'clock-behind'
          : deviceId === counter
            ? placeOf(count, side, passengers === 0, stays, here)
            : 'second-counter';
      const assigned = { at, deviceId, readings, side, passengers };
      if (typeof found === 'string') return { ...assigned, reason: found };
      const { stay, method } = found;
      const withinS = awayMs(at, stay) / 1_000;
      return { ...assigned, place: { trip: stay.trip, visit: stay.visit, method, withinS } };
    });
  });
}

function sidesOf({ boarded, alighted, load }: PassengerCount): [CountSide, number][] {
  const sides: [CountSide, number | undefined][] = [
    ['boarding', boarded],
    ['alighting', alighted],
    ['load', load],
  ];
  return sides.filter((s): s is [CountSide, number] => s[1] !== undefined);
}

function foremost(counts: readonly PassengerCount[]): string | undefined {
  const made = new Map<string, number>();
  for (const { deviceId } of counts) made.set(deviceId, (made.get(deviceId) ?? 0) + 1);
  return [...made].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0];
}

type Found = { stay: Stay; method: CountMethod } | UnassignedReason;

function placeOf(
  count: PassengerCount,
  side: CountSide,
  isNobody: boolean,
  stays: readonly Stay[],
  i: number | undefined,
): Found {
  if (stays.length === 0) return 'vehicle-not-seen';
  if (i === undefined) return 'not-visited';
  const { at } = count;
  const here = stays[i];
  const method = count.tripId === undefined && count.stopId === undefined ? during(at, here) : 'named';
  const isOver = here === undefined || at - here.to > AFTER_TRIP_MS;
  // Nobody need not be moved to another trip.
  if (isNobody && side !== 'load' && !isOver) return { stay: here, method };
  if (side !== 'alighting') {
    const next = stays[i + 1];
    const mayMove = side === 'boarding' || count.tripId === undefined;
    if (mayMove && next?.begins && next.from - at <= BEFORE_TRIP_MS && (isOver || here.ends)) {
      return { stay: next, method: 'trip-end' };
    }
    if (!isOver && here.ends && side === 'boarding') return 'boarded-at-last-stop';
  }
  if (isOver) return here && !here.ends ? 'between-stops' : 'no-trip';
  if (side !== 'alighting' || !here.begins) return { stay: here, method };
  const before = stays[i - 1];
  const cameWith = before?.ends && here.from - before.to <= LAYOVER_MS ? before : undefined;
  return cameWith ? { stay: cameWith, method: 'trip-end' } : 'alighted-at-first-stop';
}

/** Places in the list of stays, by trip and by stop. */
interface NamedStays {
  ofTrip: ReadonlyMap<string, readonly number[]>;
  ofStop: ReadonlyMap<string, readonly number[]>;
}

function namedStays(stays: readonly Stay[]): NamedStays {
  const ofTrip = Map.groupBy(stays.keys(), (i) => stays[i]!.trip.tripId);
  return { ofTrip, ofStop: Map.groupBy(stays.keys(), (i) => stays[i]!.visit.call.stopId) };
}

/** The stay that the count names, else the last that had begun (-1 where none had); `undefined` where what it names was not seen. */
function stayAt(
  { at, tripId, stopId }: PassengerCount,
  stays: readonly Stay[],
  { ofTrip, ofStop }: NamedStays,
): number | undefined {
  if (tripId === undefined && stopId === undefined) return lastBegunBy(at + EARLY_MS, stays);
  const named = tripId === undefined ? ofStop.get(stopId!) : ofTrip.get(tripId);
  let nearest: number | undefined;
  for (const i of named ?? []) {
    if (stopId !== undefined && stays[i]!.visit.call.stopId !== stopId) continue;
    if (nearest === undefined || awayMs(at, stays[i]!) < awayMs(at, stays[nearest]!)) nearest = i;
  }
  return nearest !== undefined && awayMs(at, stays[nearest]!) <= AFTER_TRIP_MS ? nearest : undefined;
}

/** A vehicle has hundreds of stays and of counts a day, a fleet thousands of vehicles: halving, not looking through. */
function lastBegunBy(at: Instant, stays: readonly Stay[]): number {
  let [low, high] = [0, stays.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stays[middle]!.from <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** After the last stop the vehicle is on no trip: that the count is of it follows from there being no other. */
function during(at: Instant, here: Stay | undefined): CountMethod {
  if (here === undefined || at - here.to <= REPORTED_MS) return 'stay';
  return here.ends ? 'trip-end' : 'late';
}

function awayMs(at: Instant, { from, to }: Stay): number {
  return Math.max(0, from - at, at - to);
}
