import type { Call, Observation } from './observation.ts';

/**
 * Which call of the trip an observation names, by its stop; where the trip calls there twice, by the sequence number,
 * else the first at or after the call last named. `undefined` for a stop that the trip does not call at.
 */
export function callFinder(
  calls: readonly Call[],
): (o: Pick<Observation, 'stopId' | 'stopSequence'>) => Call | undefined {
  const byStop = new Map<string, Call[]>();
  for (const call of calls) byStop.set(call.stopId, [...(byStop.get(call.stopId) ?? []), call]);
  let reached = 0;
  return ({ stopId, stopSequence }) => {
    const found = byStop.get(stopId ?? '') ?? [];
    const call =
      found.find((c) => c.stopSequence === stopSequence) ??
      found.find((c) => c.position >= reached) ??
      found.at(-1);
    if (call) reached = call.position;
    return call;
  };
}
