import { likeliestWalk } from './likeliest-walk.ts';
import type { Call, Observation, Sighting } from './observation.ts';
import { FASTEST_M_PER_S, receiverJumps, SLIP_M } from './receiver-jumps.ts';
import { type Foot, feetOn, metresBetween, type Shape } from './shape.ts';

/** A position farther from the way than this is off it. */
export const OFF_WAY_M = 60;
/** Around a stop in which a halt is a halt at it: half-way to the next stop where that is nearer. */
export const STOP_ZONE_M = 40;
/** Slower is standing, where the vehicle tells its speed. */
export const STANDING_KMH = 5;
/** Where it does not: so long, and no faster than this over the ground that its receiver wanders over at rest. */
const SHORTEST_HALT_MS = 5_000;
const CREEPING_M_PER_S = 2;
const LEAST_WANDER_M = 2;
const MOST_WANDER_M = 15;
/** With a longer silence nobody knows when a stop was passed. */
const LONGEST_GAP_MS = 300_000;
/** Between sparser samples a halt can hide. */
const DENSE_MS = 10_000;
/** A way's own end, and a stop on it, may differ by rounding. */
const NEARLY_M = 1;

/** Where a vehicle was along its way. */
export interface Track {
  samples: { at: number; alongM: number; speedKmh: number | undefined; afterDetour: boolean }[];
  positions: number;
  offWay: number;
  /** Positions nobody can have been at, by those beside them: left out. */
  jumps: number;
  /** Some three samples or more in a row off the way, between two on it. */
  detour: boolean;
}

/** An observation with a position. */
export type Located = Observation & { lat: number; lon: number };
export type FeetOf = (located: Located) => readonly Foot[];

/** Puts positions (in order of time) onto a way. */
export function trackOn(
  way: Shape,
  observations: readonly Observation[],
  feetOf: FeetOf = (o) => feetOn(way, o, OFF_WAY_M),
): Track {
  const located = observations.filter((o): o is Located => o.lat !== undefined && o.lon !== undefined);
  const isJump = receiverJumps();
  const points = located.filter((o) => !isJump(o));
  const walk = likeliestWalk(points.map(feetOf), (i, from, j, to) =>
    stepCost(from, to, points[j]!.at - points[i]!.at, metresBetween(points[i]!, points[j]!)),
  );
  const samples: Track['samples'] = [];
  let offWay = 0;
  let away = 0;
  let detour = false;
  for (const [i, foot] of walk.entries()) {
    if (foot === undefined) {
      offWay += 1;
      away += 1;
      continue;
    }
    const afterDetour = away >= 3 && samples.length > 0;
    detour ||= afterDetour;
    away = 0;
    samples.push({ at: points[i]!.at, alongM: foot.alongM, speedKmh: points[i]!.speedKmh, afterDetour });
  }
  return { samples, positions: located.length, jumps: located.length - points.length, offWay, detour };
}

function stepCost(from: Foot, to: Foot, ms: number, straightM: number): number {
  const stepM = to.alongM - from.alongM;
  if (stepM < -SLIP_M || stepM > (ms / 1_000) * FASTEST_M_PER_S + 100) return Number.POSITIVE_INFINITY;
  // On a way that comes by twice the right place is the one that the vehicle could reach by going as far as it went.
  return Math.min(((Math.abs(stepM) - straightM) / 5) ** 2, 1e6) + (stepM < 0 ? stepM ** 2 : 0);
}

/**
 * Halts at stops, and passages by them. A halt is the first to the last standing sample near the stop; without one the
 * passage is where a straight line between two samples crosses the stop. Nothing is said of stops passed on a detour, or
 * in a silence of five minutes.
 */
export function visitsFromPositions({ samples }: Track, calls: readonly Call[]): Sighting[] {
  const sightings: Sighting[] = [];
  let from = 0;
  for (const [n, call] of calls.entries()) {
    const before = n > 0 ? (call.alongM - calls[n - 1]!.alongM) / 2 : STOP_ZONE_M;
    const after = n + 1 < calls.length ? (calls[n + 1]!.alongM - call.alongM) / 2 : STOP_ZONE_M;
    const zone = {
      from: call.alongM - Math.min(STOP_ZONE_M, before),
      to: call.alongM + Math.min(STOP_ZONE_M, after),
    };
    while (from < samples.length && samples[from]!.alongM < zone.from) from += 1;
    if (from === samples.length) break;
    let end = from;
    let lastInside = -1;
    // A receiver at rest slips in and out: the visit ends when the vehicle is a good way on.
    while (end < samples.length && samples[end]!.alongM <= zone.to + SLIP_M) {
      if (samples[end]!.alongM <= zone.to) lastInside = end;
      end += 1;
    }
    const isFirst = call.position === 1;
    const isLast = n === calls.length - 1;
    const sighting =
      halt(samples, call, from, lastInside, isFirst, isLast) ?? passage(samples, call, from, isFirst, isLast);
    if (sighting) sightings.push(sighting);
  }
  return sightings;
}

type Samples = Track['samples'];

function halt(
  samples: Samples,
  call: Call,
  from: number,
  to: number,
  isFirst: boolean,
  isLast: boolean,
): Sighting | undefined {
  const [first, last] = standing(samples, from, to) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const sighting: Sighting = { call };
  if (!isFirst) {
    sighting.arrivalAt = haltedAt(samples, first);
    sighting.arrivalWithinS = gapS(samples, first, first - 1);
  }
  if (!isLast) {
    // Still standing when last seen: that is no departure.
    if (last + 1 < samples.length) {
      sighting.departureAt = setOffAt(samples, last);
      sighting.departureWithinS = gapS(samples, last, last + 1);
    }
  }
  return sighting;
}

/**
 * When a vehicle first seen standing came to stand: where samples are sparse, as long after the one before as it takes at the
 * speed it had there.
 */
function haltedAt(samples: Samples, first: number): number {
  const b = samples[first]!;
  const a = samples[first - 1];
  if (!a || b.at - a.at <= DENSE_MS) return b.at;
  const ms = speedAround(samples, first - 1, first - 2);
  if (ms === undefined) return b.at;
  return within(a.at, a.at + takesMs(b.alongM - a.alongM, ms), b.at);
}

function setOffAt(samples: Samples, last: number): number {
  const a = samples[last]!;
  const b = samples[last + 1]!;
  if (b.at - a.at <= DENSE_MS) return a.at;
  const ms = speedAround(samples, last + 1, last + 2);
  if (ms === undefined) return a.at;
  return within(a.at, b.at - takesMs(b.alongM - a.alongM, ms), b.at);
}

/** Metres a second at a sample: its own word, else the way to the sample beside it. */
function speedAround(samples: Samples, i: number, beside: number): number | undefined {
  const sample = samples[i]!;
  if (sample.speedKmh !== undefined)
    return sample.speedKmh > STANDING_KMH ? sample.speedKmh / 3.6 : undefined;
  const other = samples[beside];
  if (!other) return undefined;
  const ms = Math.abs(sample.alongM - other.alongM) / (Math.abs(sample.at - other.at) / 1_000);
  return ms * 3.6 > STANDING_KMH ? ms : undefined;
}

/** From driving to a halt, or back, over so many metres, braking at 1 m/s2. */
function takesMs(metres: number, ms: number): number {
  return (Math.max(0, metres) / ms + ms / 2) * 1_000;
}

function within(from: number, at: number, to: number): number {
  return Math.round(Math.min(to, Math.max(from, at)));
}

function passage(
  samples: Samples,
  call: Call,
  from: number,
  isFirst: boolean,
  isLast: boolean,
): Sighting | undefined {
  let i = from;
  while (i < samples.length && samples[i]!.alongM < call.alongM - NEARLY_M) i += 1;
  if (i === samples.length) {
    if (!isLast) return undefined;
    // A receiver may end its trip some metres short of the stop.
    const ahead = Math.max(...samples.slice(from).map((s) => s.alongM));
    i = samples.findIndex((s, n) => n >= from && s.alongM >= ahead - NEARLY_M);
    return { call, arrivalAt: samples[i]!.at, arrivalWithinS: gapS(samples, i, i - 1) };
  }
  const b = samples[i]!;
  const a = samples[i - 1];
  if (a === undefined) {
    // First seen just past the stop.
    if (b.alongM - call.alongM > STOP_ZONE_M) return undefined;
    return isFirst ? { call, departureAt: b.at, departureWithinS: gapS(samples, 0, 1) } : undefined;
  }
  if (b.afterDetour || b.at - a.at > LONGEST_GAP_MS) return undefined;
  const share = b.alongM > a.alongM ? (call.alongM - a.alongM) / (b.alongM - a.alongM) : 1;
  const at = Math.round(a.at + share * (b.at - a.at));
  const withinS = (b.at - a.at) / 1_000;
  const sighting: Sighting = { call, ...(b.at - a.at <= DENSE_MS && { passed: true }) };
  if (!isFirst) Object.assign(sighting, { arrivalAt: at, arrivalWithinS: withinS });
  if (!isLast) Object.assign(sighting, { departureAt: at, departureWithinS: withinS });
  return sighting;
}

/** The first and last sample of a halt between two samples. */
function standing(samples: Samples, from: number, to: number): [first: number, last: number] | undefined {
  const near = samples.slice(from, to + 1);
  if (near.length === 0) return undefined;
  const isStill = near.every((s) => s.speedKmh !== undefined)
    ? (s: Samples[number]) => s.speedKmh! <= STANDING_KMH
    : stillness(near);
  const first = near.findIndex(isStill);
  if (first < 0) return undefined;
  return [from + first, from + near.findLastIndex(isStill)];
}

/** Near the place where the vehicle was most of the time, give or take what its receiver wanders there. */
function stillness(near: Samples): (s: Samples[number]) => boolean {
  const place = median(near.map((s) => s.alongM));
  const away = near.map((s) => Math.abs(s.alongM - place)).filter((m) => m <= MOST_WANDER_M);
  const wanderM = Math.min(MOST_WANDER_M, Math.max(LEAST_WANDER_M, 4.4 * median(away)));
  const isNear = (s: Samples[number]) => Math.abs(s.alongM - place) <= wanderM;
  const first = near.find(isNear);
  const last = near.findLast(isNear);
  if (!first || !last) return () => false;
  const ms = last.at - first.at;
  const isHalt = ms >= SHORTEST_HALT_MS && (2 * wanderM) / (ms / 1_000) <= CREEPING_M_PER_S;
  return isHalt ? isNear : () => false;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** To the sample beside it, which bounds what was not seen; a sample with none beside it bounds nothing: a minute. */
function gapS(samples: Samples, i: number, beside: number): number {
  const other = samples[beside];
  return other === undefined ? 60 : Math.abs(samples[i]!.at - other.at) / 1_000;
}
