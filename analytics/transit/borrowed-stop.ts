import { MINUTE_MS } from '#domain/instant.ts';
import type { Observation } from './observation.ts';
import type { PerformedTrip } from './vehicle-day.ts';

/** So long a vehicle may stand between two trips. */
const LAYOVER_MS = 30 * MINUTE_MS;

/**
 * Without a timetable a trip calls at the stops that its vehicle names. A trip that is announced before the doors have
 * closed names the last stop of the trip before, too: where it was seen neither to arrive there nor to depart, and went on
 * to another stop, it does not call there. Returns the stop, if there is one.
 */
export function borrowedStop(trip: PerformedTrip, all: readonly PerformedTrip[]): string | undefined {
  const [first, ...others] = trip.visits;
  if (trip.scheduled !== undefined || first === undefined || others.length === 0) return undefined;
  if (first.arrivalAt !== undefined || first.departureMethod === 'event') return undefined;
  const before = all.find(
    (t) =>
      t !== trip &&
      t.visits.at(-1)?.call.stopId === first.call.stopId &&
      t.lastSeenAt <= trip.firstSeenAt &&
      t.lastSeenAt >= trip.firstSeenAt - LAYOVER_MS,
  );
  return before && first.call.stopId;
}

/** The observations, of which those before the vehicle named another stop do not name this one. */
export function withoutStop<O extends Observation>(observations: readonly O[], stopId: string): O[] {
  const inOrder = [...observations].sort((a, b) => a.at - b.at);
  const other = inOrder.find((o) => o.stopId !== undefined && o.stopId !== stopId)?.at ?? Infinity;
  return inOrder.map((o) => {
    if (o.stopId !== stopId || o.at >= other) return o;
    const { stopId: _, ...rest } = o;
    return rest as O;
  });
}
