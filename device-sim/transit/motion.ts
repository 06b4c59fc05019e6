/** Metres a second squared, of a vehicle with people standing in it. */
export const DRIVES = 1;
export const BRAKES = 1;

/** A vehicle that goes along its way, second by second. */
export interface Motion {
  /** Metres along the way at each second since it started. */
  alongM: number[];
  speedMs: number;
}

export function standingAt(alongM: number): Motion {
  return { alongM: [alongM], speedMs: 0 };
}

export function stand(motion: Motion, seconds: number): void {
  const at = motion.alongM.at(-1)!;
  motion.speedMs = 0;
  for (let s = 0; s < seconds; s++) motion.alongM.push(at);
}

/**
 * Drives to a place as fast as `limitMs` (of place and second) lets it, and halts there or goes on past it. Returns the second
 * at which it was there, in thousandths.
 */
export function driveTo(
  motion: Motion,
  toM: number,
  halts: boolean,
  limitMs: (alongM: number, second: number) => number,
): number {
  for (;;) {
    const second = motion.alongM.length - 1;
    const at = motion.alongM[second]!;
    const limit = limitMs(at, second);
    const v = motion.speedMs;
    // Who is too fast brakes, harder than for a stop if need be.
    let next = v > limit ? Math.max(limit, v - 2 * BRAKES) : Math.min(limit, v + DRIVES);
    if (halts) next = Math.min(next, Math.max(CREEP_MS, Math.sqrt(2 * BRAKES * (toM - at))));
    const left = toM - at;
    if (next >= left) {
      const reached = second + left / next;
      if (halts) {
        motion.alongM.push(toM);
        motion.speedMs = 0;
        return second + 1;
      }
      motion.alongM.push(at + next);
      motion.speedMs = next;
      return Math.round(reached * 1_000) / 1_000;
    }
    motion.alongM.push(at + next);
    motion.speedMs = next;
  }
}

const CREEP_MS = 0.8;
