import { callFinder } from './call-finder.ts';
import type { Call, Observation, Sighting } from './observation.ts';

/** Many print whole minutes, and none says how it knows. */
const RECORDED_WITHIN_S = 60;

/** Arrivals and departures that a feed itself has recorded. Observations in order of time: of two words the later counts. */
export function visitsFromRecorded(observations: readonly Observation[], calls: readonly Call[]): Sighting[] {
  const seen = new Map<number, Sighting>();
  for (const { recorded } of observations) {
    if (recorded === undefined) continue;
    // Each update tells the trip from its beginning.
    const find = callFinder(calls);
    for (const told of recorded) {
      const call = find(told);
      if (!call) continue;
      const sighting = seen.get(call.position) ?? { call };
      seen.set(call.position, sighting);
      if (told.arrivalAt !== undefined) {
        sighting.arrivalAt = told.arrivalAt;
        sighting.arrivalWithinS = RECORDED_WITHIN_S;
      }
      if (told.departureAt !== undefined) {
        sighting.departureAt = told.departureAt;
        sighting.departureWithinS = RECORDED_WITHIN_S;
      }
    }
  }
  return [...seen.values()];
}
