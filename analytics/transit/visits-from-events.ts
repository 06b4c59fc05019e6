import { callFinder } from './call-finder.ts';
import type { Call, Observation, Sighting } from './observation.ts';

/** A device's own event is as good as its clock. */
const EVENT_WITHIN_S = 1;
/** Doors open some seconds after the halt, and close before it ends. */
const DOORS_WITHIN_S = 5;

/** Arrival, departure and passing as the vehicle reports them. Observations in order of time. */
export function visitsFromEvents(observations: readonly Observation[], calls: readonly Call[]): Sighting[] {
  return collect(observations, calls, (o, seen) => {
    if (o.event === 'arrival' || o.event === 'passing') first(seen, 'arrival', o.at, EVENT_WITHIN_S);
    if (o.event === 'departure' || o.event === 'passing') last(seen, 'departure', o.at, EVENT_WITHIN_S);
    if (o.event === 'passing') seen.passed = true;
    return o.event === 'arrival' || o.event === 'departure' || o.event === 'passing';
  });
}

/** From the first opening of the doors at a stop to their last closing there. */
export function visitsFromDoors(observations: readonly Observation[], calls: readonly Call[]): Sighting[] {
  return collect(observations, calls, (o, seen) => {
    if (o.event === 'doors-opened') first(seen, 'arrival', o.at, DOORS_WITHIN_S);
    if (o.event === 'doors-closed') last(seen, 'departure', o.at, DOORS_WITHIN_S);
    return o.event === 'doors-opened' || o.event === 'doors-closed';
  });
}

function collect(
  observations: readonly Observation[],
  calls: readonly Call[],
  take: (o: Observation, seen: Sighting) => boolean,
): Sighting[] {
  const find = callFinder(calls);
  const seen = new Map<number, Sighting>();
  for (const o of observations) {
    if (o.event === undefined || o.stopId === undefined) continue;
    const call = find(o);
    if (!call) continue;
    const sighting = seen.get(call.position) ?? { call };
    if (take(o, sighting)) seen.set(call.position, sighting);
  }
  return [...seen.values()];
}

function first(seen: Sighting, end: 'arrival' | 'departure', at: number, withinS: number): void {
  if (seen[`${end}At`] !== undefined) return;
  seen[`${end}At`] = at;
  seen[`${end}WithinS`] = withinS;
}

function last(seen: Sighting, end: 'arrival' | 'departure', at: number, withinS: number): void {
  seen[`${end}At`] = at;
  seen[`${end}WithinS`] = withinS;
}
