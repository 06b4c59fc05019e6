/** How speeds usually are at one site and one time of the week. */
export interface Usual {
  median: number;
  /** Robust standard deviation: 1.4826 times the median distance from the median. */
  spread: number;
  /** Slower than this was one window in twenty, within an hour of that time, on days of the kind. */
  lowKmh: number;
  /** Windows that median and spread stand on. */
  samples: number;
}

/** By half hour of the local week, 0 is Monday 00:00 to 00:30; undefined where too little is known. */
export type SeasonalBaseline = readonly (Usual | undefined)[];

export const SLOTS_A_WEEK = 336;
/** Fewer windows than this at a time of the week: its kind of day (working day, Saturday, Sunday) is asked. */
const LEAST_SAMPLES = 12;

/** Half hours on either side of which the low bound speaks: a queue that comes early, or stays, is no anomaly. */
const SHIFTS = 2;
const LOW_SHARE = 0.05;

/**
 * The usual speeds of a site by time of the week, from windows that are past. Robust: incidents among them hardly move a
 * median. The neighbouring half hours count too.
 */
export function seasonalBaseline(past: readonly { slot: number; speedKmh: number }[]): SeasonalBaseline {
  const bySlot: number[][] = Array.from({ length: SLOTS_A_WEEK }, () => []);
  for (const { slot, speedKmh } of past) bySlot[slot]!.push(speedKmh);
  const within = (slot: number, steps: number): number[] =>
    Array.from(
      { length: 2 * steps + 1 },
      (_, i) => bySlot[(slot + i - steps + SLOTS_A_WEEK) % SLOTS_A_WEEK]!,
    ).flat();
  const near = (slot: number): number[] => within(slot, 1);
  return bySlot.map((_, slot) => {
    const around = likeDays(slot).flatMap((like) => within(like, SHIFTS));
    const own = near(slot);
    const values = own.length >= 3 * LEAST_SAMPLES ? own : likeDays(slot).flatMap(near);
    return values.length >= LEAST_SAMPLES ? usual(values, around) : undefined;
  });
}

/** The same time on all days of the kind. */
function likeDays(slot: number): number[] {
  const day = Math.floor(slot / 48);
  const days = day < 5 ? [0, 1, 2, 3, 4] : [day];
  return days.map((d) => d * 48 + (slot % 48));
}

/** `around`: the values within an hour of that time, on days of the kind. */
export function usual(values: readonly number[], around: readonly number[]): Usual {
  const median = medianOf(values);
  const spread = 1.4826 * medianOf(values.map((v) => Math.abs(v - median)));
  const sorted = [...around].sort((a, b) => a - b);
  return { median, spread, lowKmh: sorted[Math.floor(LOW_SHARE * sorted.length)]!, samples: values.length };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
