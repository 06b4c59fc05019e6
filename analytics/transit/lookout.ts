import type { Observation } from './observation.ts';
import { SLIP_M } from './receiver-jumps.ts';
import { metresBetween } from './shape.ts';
import type { TripWay } from './stop-visits.ts';
import { type Located, STANDING_KMH, STOP_ZONE_M } from './visits-from-positions.ts';

/** Beyond a stop by so much, no slip of the receiver leads back to it. */
export const LEFT_M = STOP_ZONE_M + SLIP_M;

/**
 * Tells whether an observation can make a visit another: not while a vehicle drives between two stops, nor while it stands.
 * Who drives so many metres along the way is at most so far from where it was.
 */
export function lookout(way: TripWay) {
  let place: Observation | undefined;
  let clearM = 0;
  let before: Observation | undefined;
  return {
    matters: (o: Observation): boolean => {
      const last = before;
      before = o;
      if (o.event !== undefined || o.stopId !== last?.stopId || o.status !== last?.status || o.isForecast)
        return true;
      if (o.lat === undefined || o.lon === undefined) return false;
      if (!way.shape || place?.lat === undefined || last === undefined) return true;
      if (stands(o) && stands(last)) return false;
      return metresBetween(place as Located, o as Located) >= clearM;
    },
    from: (o: Observation | undefined, alongM: number | undefined) => {
      place = o?.lat === undefined ? undefined : o;
      const next = alongM === undefined ? undefined : way.calls.find((c) => c.alongM + LEFT_M > alongM);
      clearM = next && alongM !== undefined ? next.alongM - STOP_ZONE_M - alongM - WANDER_M : 0;
    },
  };
}

const WANDER_M = 30;

function stands(o: Observation): boolean {
  return o.speedKmh !== undefined && o.speedKmh <= STANDING_KMH;
}
