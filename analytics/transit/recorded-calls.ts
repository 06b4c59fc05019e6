import { type Instant, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import type { TripUpdate } from '#domain/readings/trip-update.ts';
import type { RecordedCall } from './observation.ts';

type ToldCall = TripUpdate['stops'][number];

/** No clock is much further ahead (as in admission): a time beyond is a forecast, whatever its feed calls it. */
const AHEAD_MS = MINUTE_MS;

/** What a trip update says of its calls: those that were, and the one to come, or at which the vehicle still is. */
export function callsTold(
  stops: readonly ToldCall[],
  toldAt: Instant,
): { recorded: RecordedCall[]; next: ToldCall | undefined } {
  const recorded: RecordedCall[] = [];
  let next = 0;
  for (const [i, stop] of stops.entries()) {
    const call = recordedCall(stop, toldAt);
    if (!call) continue;
    recorded.push(call);
    next = call.departureAt === undefined ? i : i + 1;
  }
  return { recorded, next: stops[next] };
}

/** `undefined` for a call that nobody observed. */
function recordedCall(stop: ToldCall, toldAt: Instant): RecordedCall | undefined {
  const { stopId, stopSequence, relationship, recorded } = stop;
  if (!recorded || stopId === undefined || relationship === 'skipped') return undefined;
  const past = (text: string | undefined): Instant | undefined => {
    const at = text === undefined ? undefined : parseInstant(text);
    return at === undefined || at > toldAt + AHEAD_MS ? undefined : at;
  };
  const arrivalAt = past(stop.arrivalAt);
  const departureAt = past(stop.departureAt);
  if (arrivalAt === undefined && departureAt === undefined) return undefined;
  return {
    stopId,
    ...(stopSequence !== undefined && { stopSequence }),
    ...(arrivalAt !== undefined && { arrivalAt }),
    ...(departureAt !== undefined && { departureAt }),
  };
}
