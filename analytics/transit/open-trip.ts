import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import { LEFT_M, lookout } from './lookout.ts';
import type { Observation } from './observation.ts';
import type { ResolvedTrip } from './resolve-trip.ts';
import { type Foot, feetOn } from './shape.ts';
import { type StopVisit, stopVisits, type TripWay } from './stop-visits.ts';
import type { VisitCount } from './vehicle-counts.ts';
import { nothingSeen, type PerformedTrip, type VehicleReading } from './vehicle-day.ts';
import { type FeetOf, type Located, OFF_WAY_M, STOP_ZONE_M } from './visits-from-positions.ts';

/** A stop visit as far as it is known by now. */
export interface LiveVisit {
  trip: ResolvedTrip;
  vehicleId: string;
  /** Of the trip's way. */
  stops: number;
  visit: StopVisit;
  /** Passengers aboard when it left, as the vehicle itself has it. */
  reportedLoad: number | undefined;
  /** Who got on and off; undefined where nothing counted them. */
  counted: VisitCount | undefined;
  /** Counts what was told of it after the first time. */
  revision: number;
  /** It was not one after all. */
  withdrawn: boolean;
}

/** One vehicle on one trip, while it is under way. */
export interface OpenTrip {
  /** Of its latest observation. */
  readonly heardAt: Instant;
  put(identity: string, reading: VehicleReading): void;
  /** What the vehicle says that it carries: of the stop at which it stands, or which it has just left. */
  putLoad(at: Instant, load: number): void;
  /** Adds what is known anew since it was asked last. */
  changed(to: LiveVisit[]): void;
  /** As told by now. */
  performed(): PerformedTrip;
  /** Adds the visits whose counts are others than before: these are all there are. */
  count(counts: ReadonlyMap<StopVisit, VisitCount>, to: LiveVisit[]): void;
}

/** So far back a late observation still changes something. */
const KEPT_MS = 10 * MINUTE_MS;
/** A count comes so long after the doors have closed at most, as by night (assign-counts). */
const COUNTED_AFTER_MS = MINUTE_MS;
/** More is never held, however often a vehicle reports. */
const MOST_KEPT = 3_000;

type Told = Pick<LiveVisit, 'visit' | 'reportedLoad' | 'counted' | 'revision'>;

interface Kept {
  identity: string;
  observation: Observation;
}

/** Stops up to this call are left behind, and so is what was seen before this moment: it can change them no more. */
interface Mark {
  position: number;
  at: Instant;
  /** When it was seen beyond the stop. What was between the two changes the visit all the same. */
  until: Instant;
  /** Where it was then: on a way that comes by twice its place alone does not tell. */
  alongM: number;
}

export function openTrip(vehicleId: string, trip: ResolvedTrip, way: TripWay): OpenTrip {
  /** By time. */
  let kept: Kept[] = [];
  const marks: Mark[] = [];
  const told = new Map<number, Told>();
  const loads = new Map<Instant, number>();
  const ofTrip = { trip, vehicleId, stops: way.calls.length };
  const look = lookout(way);
  const feetOf = way.shape && rememberedFeet(way.shape);
  let heardAt = Number.NEGATIVE_INFINITY;
  let firstAt = Number.POSITIVE_INFINITY;
  let due = false;

  const put = (identity: string, reading: VehicleReading) => {
    const observation = observed(reading);
    if (observation.at < dropped || !insert(kept, { identity, observation })) return;
    const late = observation.at < heardAt;
    if (late) marks.splice(marks.findLastIndex((m) => m.until < observation.at) + 1);
    heardAt = Math.max(heardAt, observation.at);
    firstAt = Math.min(firstAt, observation.at);
    if (late || look.matters(observation)) due = true;
  };

  const putLoad = (at: Instant, load: number) => {
    if (loads.get(at) === load) return;
    loads.set(at, load);
    for (const before of loads.keys()) if (before < at - KEPT_MS) loads.delete(before);
    due = true;
  };

  /** The last word during the stay, or just after it; none of what is said at the next stop. */
  const loadAt = ({ arrivalAt, departureAt }: StopVisit, next: StopVisit | undefined) => {
    const from = arrivalAt ?? departureAt!;
    const to = departureAt === undefined ? Number.POSITIVE_INFINITY : departureAt + COUNTED_AFTER_MS;
    const before = next?.arrivalAt ?? Number.POSITIVE_INFINITY;
    const during = [...loads].filter(([at]) => at >= from && at <= to && at < before);
    return during.sort((a, b) => b[0] - a[0])[0]?.[1];
  };

  /** What is before this moment is held no more. */
  let dropped = Number.NEGATIVE_INFINITY;
  const drop = () => {
    let before = heardAt - KEPT_MS;
    if (kept.length > MOST_KEPT) before = Math.max(before, kept[Math.floor(kept.length / 4)]!.observation.at);
    const mark = marks.findLast((m) => m.at <= before);
    const until = mark?.at ?? (kept.length > MOST_KEPT ? before : undefined);
    if (until === undefined || until <= dropped) return;
    kept = kept.filter((k) => k.observation.at >= until);
    dropped = until;
    marks.splice(0, mark ? marks.indexOf(mark) : 0);
  };

  const changed = (to: LiveVisit[]) => {
    if (!due) return;
    due = false;
    const mark = marks.at(-1);
    const from = mark ? firstAtOrAfter(kept, mark.at) : 0;
    const part = mark ? { ...way, calls: way.calls.slice(mark.position - 1) } : way;
    const observations = kept.slice(from).map((k) => k.observation);
    const { visits, track } = stopVisits(observations, part, mark ? anchored(feetOf, mark) : feetOf);
    const first = observations[0]?.at ?? heardAt;
    const seen = new Set<number>();
    for (const [i, found] of visits.entries()) {
      const { position } = found.call;
      if (mark && position <= mark.position) continue;
      // At its first stop, not yet left.
      if (found.arrivalAt === undefined && found.departureAt === undefined) continue;
      seen.add(position);
      const before = told.get(position);
      // What was seen before that which is held stands.
      const visit = before ? withEarlier(found, before.visit, first) : found;
      const reportedLoad = loadAt(visit, visits[i + 1]) ?? before?.reportedLoad;
      if (before && sameVisit(before.visit, visit) && before.reportedLoad === reportedLoad) continue;
      const revision = before ? before.revision + 1 : 0;
      const now: Told = { visit, reportedLoad, counted: before?.counted, revision };
      told.set(position, now);
      to.push({ ...ofTrip, ...now, withdrawn: false });
    }
    for (const [position, before] of told) {
      const { visit } = before;
      if (seen.has(position) || (mark && position <= mark.position)) continue;
      if ((visit.arrivalAt ?? visit.departureAt ?? 0) < first) continue;
      told.delete(position);
      to.push({ ...ofTrip, ...before, revision: before.revision + 1, withdrawn: true });
    }
    const sample = track.samples.at(-1);
    look.from(observations.at(-1), sample?.alongM);
    if (sample) leave(visits, track.samples);
    drop();
  };

  /** Marks the last stop that is well behind: no slip of the receiver leads back to it. */
  const leave = (visits: readonly StopVisit[], samples: readonly { at: number; alongM: number }[]) => {
    const alongM = samples.at(-1)!.alongM;
    const left = visits.findLast((v) => v.departureAt !== undefined && v.call.alongM + LEFT_M < alongM);
    if (!left || left.call.position <= (marks.at(-1)?.position ?? 0)) return;
    const beyond = samples.findIndex(
      (s) => s.at > left.departureAt! && s.alongM > left.call.alongM + STOP_ZONE_M,
    );
    // With the sample before it: what is between two samples is known by both.
    const at = samples[beyond - 1];
    if (at)
      marks.push({
        position: left.call.position,
        at: at.at,
        until: samples[beyond]!.at,
        alongM: at.alongM,
      });
  };

  const performed = (): PerformedTrip => {
    const visits = [...told.values()].map((t) => t.visit).sort((a, b) => a.call.position - b.call.position);
    const isComplete = visits.at(-1)?.call.position === way.calls.length;
    return {
      ...notAsked,
      ...trip,
      vehicleId,
      visits,
      firstSeenAt: firstAt,
      lastSeenAt: heardAt,
      ended: isComplete ? 'complete' : 'unobserved',
    };
  };

  const count = (counts: ReadonlyMap<StopVisit, VisitCount>, to: LiveVisit[]) => {
    for (const [position, before] of told) {
      const counted = counts.get(before.visit);
      const { boardings, alightings } = before.counted ?? {};
      if (counted?.boardings === boardings && counted?.alightings === alightings) continue;
      const now: Told = { ...before, counted, revision: before.revision + 1 };
      told.set(position, now);
      to.push({ ...ofTrip, ...now, withdrawn: false });
    }
  };

  return {
    get heardAt() {
      return heardAt;
    },
    put,
    putLoad,
    changed,
    performed,
    count,
  };
}

/** What is asked of a trip of the timetable that is still under way does not depend on these. */
const notAsked = {
  ...nothingSeen,
  toldRouteId: undefined,
  toldDirectionId: undefined,
  began: 'unobserved',
} satisfies Partial<PerformedTrip>;

function rememberedFeet(shape: NonNullable<TripWay['shape']>): FeetOf {
  const known = new WeakMap<Located, Foot[]>();
  return (o) => {
    let feet = known.get(o);
    if (!feet) {
      feet = feetOn(shape, o, OFF_WAY_M);
      known.set(o, feet);
    }
    return feet;
  };
}

/** Goes on from where the vehicle was at the mark. */
function anchored(feetOf: FeetOf | undefined, mark: Mark): FeetOf | undefined {
  if (!feetOf) return undefined;
  return (o) => {
    const feet = feetOf(o);
    if (o.at > mark.at || feet.length < 2) return feet;
    return [
      feet.reduce((a, b) => (Math.abs(a.alongM - mark.alongM) <= Math.abs(b.alongM - mark.alongM) ? a : b)),
    ];
  };
}

/** Without the words about its trip, which all observations of it share. */
function observed({
  at,
  lat,
  lon,
  speedKmh,
  stopId,
  stopSequence,
  status,
  isForecast,
  event,
  recorded,
}: VehicleReading): Observation {
  return {
    at,
    ...(lat !== undefined && { lat }),
    ...(lon !== undefined && { lon }),
    ...(speedKmh !== undefined && { speedKmh }),
    ...(stopId !== undefined && { stopId }),
    ...(stopSequence !== undefined && { stopSequence }),
    ...(status !== undefined && { status }),
    ...(isForecast !== undefined && { isForecast }),
    ...(event !== undefined && { event }),
    ...(recorded !== undefined && { recorded }),
  };
}

/** In its place by time; another of the same identity gives way. False where the same was there. */
function insert(kept: Kept[], one: Kept): boolean {
  const { at } = one.observation;
  let i = kept.length;
  while (i > 0 && kept[i - 1]!.observation.at > at) i -= 1;
  for (let same = i - 1; same >= 0 && kept[same]!.observation.at === at; same--) {
    if (kept[same]!.identity !== one.identity) continue;
    if (JSON.stringify(kept[same]!.observation) === JSON.stringify(one.observation)) return false;
    kept[same] = one;
    return true;
  }
  kept.splice(i, 0, one);
  return true;
}

function firstAtOrAfter(kept: readonly Kept[], at: Instant): number {
  let i = kept.length;
  while (i > 0 && kept[i - 1]!.observation.at >= at) i -= 1;
  return i;
}

function withEarlier(found: StopVisit, before: StopVisit, first: Instant): StopVisit {
  const visit = { ...found };
  if (before.arrivalAt !== undefined && before.arrivalAt < first) {
    visit.arrivalAt = before.arrivalAt;
    visit.arrivalMethod = before.arrivalMethod!;
    visit.arrivalWithinS = before.arrivalWithinS!;
    visit.passed = before.passed;
  }
  if (before.departureAt !== undefined && before.departureAt < first) {
    visit.departureAt = before.departureAt;
    visit.departureMethod = before.departureMethod!;
    visit.departureWithinS = before.departureWithinS!;
  }
  return visit;
}

function sameVisit(a: StopVisit, b: StopVisit): boolean {
  return (
    a.arrivalAt === b.arrivalAt &&
    a.departureAt === b.departureAt &&
    a.arrivalMethod === b.arrivalMethod &&
    a.departureMethod === b.departureMethod &&
    a.arrivalWithinS === b.arrivalWithinS &&
    a.departureWithinS === b.departureWithinS &&
    a.passed === b.passed
  );
}
