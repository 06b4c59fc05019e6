import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '#domain/instant.ts';

/** As fast as the door takes it, or so many times real time by `receivedAt`. */
export type Pace = 'max' | number;

export interface PaceClock {
  /** Milliseconds from anywhere, never backwards. */
  nowMs(): number;
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export const realClock: PaceClock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};

/** Resolves when a message received at `receivedAt` is due; the first one is due at once, an earlier one too. */
export type Pacer = (receivedAt: Instant) => Promise<void> | undefined;

export function pacer(pace: Pace, clock: PaceClock, signal: AbortSignal | undefined): Pacer {
  if (pace === 'max') return () => undefined;
  let start: { atMs: number; receivedAt: Instant } | undefined;
  return (receivedAt) => {
    start ??= { atMs: clock.nowMs(), receivedAt };
    const waitMs = start.atMs + (receivedAt - start.receivedAt) / pace - clock.nowMs();
    return waitMs > 0 ? clock.sleep(waitMs, signal) : undefined;
  };
}
