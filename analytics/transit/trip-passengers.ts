import type { AssignedCount, CountMethod } from './assign-counts.ts';
import type { Stay } from './stay.ts';
import type { StopVisit } from './stop-visits.ts';
import type { PerformedTrip } from './vehicle-day.ts';

/**
 * Where a load is from. `carried`: boardings less alightings since an empty start, and nobody is left at the end;
 * `balanced`: the same, both made to agree first, or a stop between was not counted; `reported`: the vehicle's own, where the trip's start was not seen.
 */
export type LoadMethod = 'carried' | 'balanced' | 'reported';

/** Why there is no load. */
export type LoadWithheld =
  /** The trip's start was not seen, so nobody knows who was aboard. */
  | 'start-not-seen'
  /** Boardings and alightings differ by more than a tenth and three. */
  | 'does-not-balance'
  /** The end was not seen, and more got off than were aboard. */
  | 'negative-load'
  /** The vehicle stood at stops without a count (or was not seen at some), and nothing shows that nobody got on or off. */
  | 'uncounted-stops'
  | 'one-side-counted';

/** Passengers of one stop visit; absent where nothing counted them. */
export interface VisitPassengers {
  boardings?: number;
  alightings?: number;
  /** The least sure of its counts; `passed`: it went by, so nobody got on or off. Absent without a count. */
  method?: CountMethod | 'passed';
  /** Seconds between the stay and the count farthest from it. */
  withinS?: number;
  load?: number;
  loadMethod?: LoadMethod;
  /** The load may be off by so many. */
  loadWithin?: number;
  withheld?: LoadWithheld;
  /** As the vehicle itself works it out. */
  reportedLoad?: number;
}

/** How far boardings and alightings of a trip may differ, and still be made to agree. */
const DIFFER_SHARE = 0.1;
const DIFFER_PASSENGERS = 3;

/** Boardings, alightings and loads at the stops of the trips that one vehicle performed, from its counts. */
export function tripPassengers(
  stays: readonly Stay[],
  assigned: readonly AssignedCount[],
): Map<StopVisit, VisitPassengers> {
  const byTrip = new Map<PerformedTrip, AssignedCount[]>();
  const sides = new Set(assigned.map((a) => a.side));
  for (const count of assigned) {
    if (!count.place) continue;
    const own = byTrip.get(count.place.trip) ?? [];
    own.push(count);
    byTrip.set(count.place.trip, own);
  }
  const all = new Map<StopVisit, VisitPassengers>();
  for (const [trip, counts] of byTrip) {
    const visits = visitCounts(trip, counts, sides);
    const own = stays.filter((s) => s.trip === trip);
    addLoads(trip, visits, { begins: own.some((s) => s.begins), ends: own.some((s) => s.ends) });
    for (const [visit, passengers] of visits) all.set(visit, passengers);
  }
  return all;
}

const leastSure: readonly (CountMethod | 'passed')[] = ['passed', 'named', 'stay', 'trip-end', 'late'];

function visitCounts(
  trip: PerformedTrip,
  counts: readonly AssignedCount[],
  sides: ReadonlySet<AssignedCount['side']>,
): Map<StopVisit, VisitPassengers> {
  const visits = new Map<StopVisit, VisitPassengers>();
  // Loads come last: of a visit they say neither how nor how surely it was counted.
  const loadsLast = [...counts].sort((a, b) => Number(a.side === 'load') - Number(b.side === 'load'));
  for (const { place, side, passengers } of loadsLast) {
    const { visit, method, withinS } = place!;
    const seen: VisitPassengers = visits.get(visit) ?? counted(sides);
    visits.set(visit, seen);
    if (side === 'load') seen.reportedLoad = passengers;
    else if (side === 'boarding') seen.boardings! += passengers;
    else seen.alightings! += passengers;
    if (side === 'load' && seen.method !== undefined) continue;
    seen.method =
      leastSure.indexOf(method) > leastSure.indexOf(seen.method ?? 'passed') ? method : seen.method!;
    seen.withinS = Math.max(seen.withinS ?? 0, withinS);
  }
  for (const visit of trip.visits) {
    if (visits.has(visit) || !visit.passed) continue;
    visits.set(visit, { ...counted(sides), method: 'passed', withinS: 0 });
  }
  return visits;
}

/** A counter that counts a side at all has counted nobody where it is silent of it. */
function counted(sides: ReadonlySet<AssignedCount['side']>): VisitPassengers {
  return { ...(sides.has('boarding') && { boardings: 0 }), ...(sides.has('alighting') && { alightings: 0 }) };
}

function addLoads(
  trip: PerformedTrip,
  passengers: Map<StopVisit, VisitPassengers>,
  seen: { begins: boolean; ends: boolean },
): void {
  const { loads, method, within, withheld } = tripLoads(trip, passengers, seen);
  for (const [i, visit] of trip.visits.entries()) {
    const own = passengers.get(visit) ?? {};
    passengers.set(visit, own);
    if (loads !== undefined) {
      own.load = loads[i]!;
      own.loadMethod = method!;
      if (within !== undefined) own.loadWithin = within;
    } else if (withheld === 'start-not-seen' && own.reportedLoad !== undefined) {
      own.load = own.reportedLoad;
      own.loadMethod = 'reported';
    } else own.withheld = withheld!;
  }
}

interface TripLoads {
  loads?: number[];
  method?: LoadMethod;
  within?: number;
  withheld?: LoadWithheld;
}

/**
 * The load after each visit. A trip begins and ends empty, so what got on must get off: where both differ a little, both
 * are scaled to their mean (load balancing, TCRP Report 113), so that no stop's load drifts; where they differ much, or
 * nothing bounds the difference, there is none.
 */
function tripLoads(
  { visits }: PerformedTrip,
  passengers: ReadonlyMap<StopVisit, VisitPassengers>,
  { begins, ends }: { begins: boolean; ends: boolean },
): TripLoads {
  const counts = visits.map((visit) => passengers.get(visit));
  if (counts.some((c) => c && (c.boardings === undefined) !== (c.alightings === undefined))) {
    return { withheld: 'one-side-counted' };
  }
  if (!begins || counts.every((c) => c?.boardings === undefined)) return { withheld: 'start-not-seen' };
  const boarded = sum(counts.map((c) => c?.boardings ?? 0));
  const alighted = sum(counts.map((c) => c?.alightings ?? 0));
  const isWhole =
    counts.every((c) => c !== undefined) &&
    visits.every((v, i) => i === 0 || v.call.position === visits[i - 1]!.call.position + 1);
  const differ = Math.abs(boarded - alighted);
  const carried = running(counts, 1, 1);
  if (!ends) {
    if (!isWhole) return { withheld: 'uncounted-stops' };
    return Math.min(...carried) < 0 ? { withheld: 'negative-load' } : { loads: carried, method: 'carried' };
  }
  if (differ > Math.max(DIFFER_PASSENGERS, DIFFER_SHARE * Math.max(boarded, alighted))) {
    return { withheld: isWhole ? 'does-not-balance' : 'uncounted-stops' };
  }
  if (isWhole && differ === 0 && Math.min(...carried) >= 0)
    return { loads: carried, method: 'carried', within: 0 };
  const mean = (boarded + alighted) / 2;
  const balanced = running(counts, boarded === 0 ? 0 : mean / boarded, alighted === 0 ? 0 : mean / alighted);
  const below = Math.max(0, -Math.min(...balanced));
  return {
    loads: balanced.map((load) => Math.round(Math.max(0, load) * 10) / 10),
    method: 'balanced',
    // As many may have got on as off where nobody counted.
    ...(isWhole && { within: Math.max(differ, Math.ceil(below)) }),
  };
}

/** Passengers aboard after each visit of a trip that begins empty. */
function running(
  counts: readonly (VisitPassengers | undefined)[],
  ofBoardings: number,
  ofAlightings: number,
): number[] {
  let load = 0;
  return counts.map((c) => {
    load += ofBoardings * (c?.boardings ?? 0) - ofAlightings * (c?.alightings ?? 0);
    return load;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, n) => total + n, 0);
}
