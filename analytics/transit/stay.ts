import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { StopVisit } from './stop-visits.ts';
import type { PerformedTrip } from './vehicle-day.ts';

/** Before its trip is announced a vehicle may stand so long with open doors; as HSL has it (transitdata-partial-apc-expander-combiner). */
export const BEFORE_TRIP_MS = 20 * MINUTE_MS;

/** A vehicle at a stop of a trip. */
export interface Stay {
  trip: PerformedTrip;
  visit: StopVisit;
  from: Instant;
  to: Instant;
  /** The vehicle comes to it on another trip, or on none: the trip begins here. */
  begins: boolean;
  ends: boolean;
}

/** In order of time. Trips without visits, and those given up before they left, have none. */
export function staysOf(trips: readonly PerformedTrip[]): Stay[] {
  const inOrder = [...trips].sort((a, b) => a.firstSeenAt - b.firstSeenAt || (a.tripId < b.tripId ? -1 : 1));
  const running = inOrder.filter((t) => t.visits.length > 0 && !wasGivenUp(t, inOrder));
  return running
    .flatMap((trip) => trip.visits.map((visit, i) => stayOf(trip, visit, i, running)))
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

/** A trip that its driver chose, and left for another one before leaving its first stop. */
function wasGivenUp(trip: PerformedTrip, all: readonly PerformedTrip[]): boolean {
  return (
    trip.visits.length === 1 &&
    trip.visits[0]!.call.position === 1 &&
    (trip.visits[0]!.departureAt === undefined || trip.visits[0]!.departureMethod === 'doors') &&
    all.some(
      (next) =>
        next !== trip &&
        next.visits.length > 0 &&
        next.firstSeenAt >= trip.lastSeenAt &&
        next.firstSeenAt - trip.lastSeenAt <= BEFORE_TRIP_MS,
    )
  );
}

function stayOf(
  trip: PerformedTrip,
  visit: StopVisit,
  index: number,
  running: readonly PerformedTrip[],
): Stay {
  const isFirst = index === 0;
  const isLast = index === trip.visits.length - 1;
  const { arrivalAt, departureAt } = visit;
  const isKnown = trip.scheduled !== undefined;
  const begins = isFirst && (isKnown ? visit.call.position === 1 : trip.seenElsewhereBefore);
  const ends = isLast && (isKnown ? trip.ended === 'complete' : trip.seenElsewhereAfter);
  let from = arrivalAt ?? departureAt!;
  let to = departureAt ?? arrivalAt!;
  // Nobody sees a vehicle arrive on a trip that it has yet to begin, or depart on one that is over.
  if (begins && arrivalAt === undefined)
    from = Math.max(Math.min(from, trip.firstSeenAt), from - BEFORE_TRIP_MS);
  if (ends && departureAt === undefined) {
    const next = running.find((t) => t.firstSeenAt > to);
    to = Math.max(to, Math.min(trip.lastSeenAt, next?.firstSeenAt ?? trip.lastSeenAt));
  }
  return { trip, visit, from, to, begins, ends };
}
