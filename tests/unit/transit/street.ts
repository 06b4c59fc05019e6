import type { Call, Observation } from '#analytics/transit/observation.ts';
import { makeShape } from '#analytics/transit/shape.ts';
import type { TripWay } from '#analytics/transit/stop-visits.ts';

/** Degrees of 1 m on the equator, by the radius that makes a degree 111,195 m. */
const DEGREE_M = 111_195;

export function placeAt(alongM: number, asideM = 0): { lat: number; lon: number } {
  return { lat: asideM / DEGREE_M, lon: 10 + alongM / DEGREE_M };
}

/** A straight street of 3 km with stops A, B, C, D a kilometre apart. */
export const street: TripWay = {
  calls: ['A', 'B', 'C', 'D'].map(
    (stopId, i): Call => ({ position: i + 1, stopSequence: (i + 1) * 10, stopId, alongM: i * 1_000 }),
  ),
  shape: makeShape([placeAt(0), placeAt(700), placeAt(3_000)]),
};

/** Where a vehicle is as time goes by: straight lines between [seconds, metres]. */
export type Plan = readonly (readonly [s: number, alongM: number])[];

/** Departs A at 60 s, drives at 10 m/s, stands 20 s at B and C, reaches D at 400 s. */
export const punctual: Plan = [
  [0, 0],
  [60, 0],
  [160, 1_000],
  [180, 1_000],
  [280, 2_000],
  [300, 2_000],
  [400, 3_000],
  [440, 3_000],
];

export function alongAt(plan: Plan, s: number): number {
  const next = plan.findIndex(([t]) => t >= s);
  if (next <= 0) return plan[next < 0 ? plan.length - 1 : 0]![1];
  const [t0, m0] = plan[next - 1]!;
  const [t1, m1] = plan[next]!;
  return t1 === t0 ? m1 : m0 + ((m1 - m0) * (s - t0)) / (t1 - t0);
}

/** Positions every `everyS` seconds, from `fromS` on, with noise of some metres where a source of it is given. */
export function drive(
  plan: Plan,
  everyS: number,
  { fromS = 0, toS = plan.at(-1)![0], noiseM = (): number => 0, asideM = (_s: number): number => 0 } = {},
): Observation[] {
  const seen: Observation[] = [];
  for (let s = fromS; s <= toS; s += everyS) {
    seen.push({ at: s * 1_000, ...placeAt(alongAt(plan, s) + noiseM(), asideM(s) + noiseM()) });
  }
  return seen;
}

/** Normal noise from a seed (mulberry32, Box-Muller). */
export function normalNoise(seed: number, sd: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return () => sd * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
