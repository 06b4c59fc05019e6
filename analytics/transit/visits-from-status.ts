import { callFinder } from './call-finder.ts';
import type { Call, Observation, Sighting } from './observation.ts';

/** With a longer silence nobody knows when a stop was left. */
const LONGEST_GAP_MS = 600_000;

/**
 * Visits from "stopped at" and "on the way to": a vehicle stopped at a stop is there; one that heads for the next stop
 * has left the one before, at some moment since it was last heard. Observations in order of time.
 */
export function visitsFromStatus(observations: readonly Observation[], calls: readonly Call[]): Sighting[] {
  const find = callFinder(calls);
  const named: { at: number; call: Call; stopped: boolean }[] = [];
  for (const o of observations) {
    if (o.event !== undefined || o.stopId === undefined || o.status === undefined) continue;
    const call = find(o);
    if (call) named.push({ at: o.at, call, stopped: o.status === 'stopped-at' });
  }
  const sightings: Sighting[] = [];
  for (let i = 0; i < named.length; ) {
    const { call } = named[i]!;
    let end = i;
    while (end < named.length && named[end]!.call.position === call.position) end += 1;
    const of = named.slice(i, end);
    const stopped = of.filter((n) => n.stopped);
    const before = named[i - 1];
    const after = named[end];
    const last = of.at(-1)!;
    const leftWithin = after && after.call.position > call.position && after.at - last.at <= LONGEST_GAP_MS;
    const sighting: Sighting = { call };
    if (stopped.length > 0) {
      const first = of.findIndex((n) => n.stopped);
      const heardBefore = first > 0 ? of[first - 1] : before;
      if (heardBefore) {
        sighting.arrivalAt = stopped[0]!.at;
        sighting.arrivalWithinS = (stopped[0]!.at - heardBefore.at) / 1_000;
      }
      if (leftWithin) {
        sighting.departureAt = stopped.at(-1)!.at;
        sighting.departureWithinS = (after.at - stopped.at(-1)!.at) / 1_000;
      }
    } else if (leftWithin) {
      // Never seen standing: it came and went between two reports.
      const at = Math.round((last.at + after.at) / 2);
      const withinS = (after.at - last.at) / 2_000;
      Object.assign(sighting, {
        arrivalAt: at,
        arrivalWithinS: withinS,
        departureAt: at,
        departureWithinS: withinS,
      });
    }
    if (sighting.arrivalAt !== undefined || sighting.departureAt !== undefined) sightings.push(sighting);
    i = end;
  }
  return sightings;
}
