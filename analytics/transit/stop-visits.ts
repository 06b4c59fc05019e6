import type { Instant } from '#domain/instant.ts';
import type { Call, Observation, Sighting, VisitMethod } from './observation.ts';
import type { Shape } from './shape.ts';
import { visitsFromDoors, visitsFromEvents } from './visits-from-events.ts';
import { type FeetOf, type Track, trackOn, visitsFromPositions } from './visits-from-positions.ts';
import { visitsFromRecorded } from './visits-from-recorded.ts';
import { visitsFromStatus } from './visits-from-status.ts';

/** A vehicle's stay at a stop of its trip, each end by the best source that saw it. */
export interface StopVisit {
  call: Call;
  arrivalAt?: Instant;
  arrivalMethod?: VisitMethod;
  arrivalWithinS?: number;
  departureAt?: Instant;
  departureMethod?: VisitMethod;
  departureWithinS?: number;
  passed: boolean;
}

export interface TripVisits {
  visits: StopVisit[];
  track: Track;
  /** Stops named that the trip does not call at. */
  unknownStops: string[];
}

/** What is known of a trip's way; without a timetable its calls are the stops that its vehicle names. */
export interface TripWay {
  calls: readonly Call[];
  shape: Shape | undefined;
}

/**
 * The stop visits of one vehicle on one trip: a function of the set of its observations, so that the order in which they
 * came can change nothing. Events count before doors, doors before status, status before positions, these before
 * what the feed has recorded, and all of them before what forecasts no longer name.
 */
export function stopVisits(
  observations: readonly Observation[],
  way: TripWay | undefined,
  /** `feetOn` of the way's shape, where it is remembered. */
  feetOf?: FeetOf,
): TripVisits {
  const inOrder = [...observations].sort((a, b) => a.at - b.at || compareText(tie(a), tie(b)));
  const calls = way?.calls ?? callsNamed(inOrder);
  const track: Track = way?.shape !== undefined ? trackOn(way.shape, inOrder, feetOf) : unplaced(inOrder);
  const sources: [VisitMethod, Sighting[]][] = [
    ['event', visitsFromEvents(inOrder, calls)],
    ['doors', visitsFromDoors(inOrder, calls)],
    [
      'status',
      visitsFromStatus(
        inOrder.filter((o) => !o.isForecast),
        calls,
      ),
    ],
    ['position', visitsFromPositions(track, calls)],
    ['recorded', visitsFromRecorded(inOrder, calls)],
    [
      'forecast',
      visitsFromStatus(
        inOrder.filter((o) => o.isForecast),
        calls,
      ),
    ],
  ];
  const visits = new Map<number, StopVisit>();
  for (const [method, sightings] of sources) {
    for (const sighting of sightings) {
      const { call } = sighting;
      const visit = visits.get(call.position) ?? { call, passed: sighting.passed ?? false };
      merge(visit, sighting, method);
      visits.set(call.position, visit);
    }
  }
  const known = new Set(calls.map((c) => c.stopId));
  const unknownStops = new Set(inOrder.flatMap((o) => (o.stopId && !known.has(o.stopId) ? [o.stopId] : [])));
  return {
    visits: [...visits.values()].sort((a, b) => a.call.position - b.call.position),
    track,
    unknownStops: [...unknownStops],
  };
}

function unplaced(observations: readonly Observation[]): Track {
  const positions = observations.filter((o) => o.lat !== undefined).length;
  return { samples: [], positions, offWay: 0, jumps: 0, detour: false };
}

/** Two observations of one moment have an order of their own, whichever came first. */
function tie(o: Observation): string {
  const recorded = o.recorded && JSON.stringify(o.recorded);
  return [o.event, o.stopSequence, o.stopId, o.status, o.lat, o.lon, o.speedKmh, recorded].join();
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function merge(visit: StopVisit, sighting: Sighting, method: VisitMethod): void {
  // An end taken from another source must not turn the visit around.
  const { arrivalAt, departureAt } = sighting;
  if (
    visit.arrivalAt === undefined &&
    arrivalAt !== undefined &&
    arrivalAt <= (visit.departureAt ?? arrivalAt)
  ) {
    visit.arrivalAt = arrivalAt;
    visit.arrivalMethod = method;
    visit.arrivalWithinS = sighting.arrivalWithinS!;
  }
  if (
    visit.departureAt === undefined &&
    departureAt !== undefined &&
    departureAt >= (visit.arrivalAt ?? departureAt)
  ) {
    visit.departureAt = departureAt;
    visit.departureMethod = method;
    visit.departureWithinS = sighting.departureWithinS!;
  }
}

/**
 * The stops that the observations name, in the order in which they last do: of two sources one may name the next stop before the
 * other has let go of the one before it, but none goes on naming a stop that was left.
 */
function callsNamed(observations: readonly Observation[]): Call[] {
  const named = new Map<string, { stopId: string; stopSequence: number | undefined; at: Instant }>();
  const name = (stopId: string, stopSequence: number | undefined, at: Instant) => {
    const before = named.get(stopId);
    if (before) before.at = Math.max(before.at, at);
    else named.set(stopId, { stopId, stopSequence, at });
  };
  for (const { at, stopId, stopSequence, recorded } of observations) {
    for (const call of recorded ?? [])
      name(call.stopId, call.stopSequence, (call.departureAt ?? call.arrivalAt)!);
    if (stopId !== undefined) name(stopId, stopSequence, at);
  }
  return [...named.values()]
    .sort((a, b) => a.at - b.at)
    .map(({ stopId, stopSequence }, i) => ({
      position: i + 1,
      stopSequence: stopSequence ?? i + 1,
      stopId,
      alongM: 0,
    }));
}
