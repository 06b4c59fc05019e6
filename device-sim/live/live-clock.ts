import { setTimeout as wait } from 'node:timers/promises';
import type { Instant } from '#domain/instant.ts';

/** Time as simulated sensors live it. */
export interface LiveClock {
  now(): Instant;
  /** Returns early when the signal aborts. */
  sleepUntil(at: Instant, signal: AbortSignal): Promise<void>;
}

/** `factor` 60: an hour a minute, from `startAt` on. Without them, the time on the wall. */
export function liveClock({ startAt, factor = 1 }: { startAt?: Instant; factor?: number } = {}): LiveClock {
  const beganAt = Date.now();
  const origin = startAt ?? beganAt;
  const now = () => origin + (Date.now() - beganAt) * factor;
  return {
    now,
    sleepUntil: async (at, signal) => {
      const ms = (at - now()) / factor;
      if (ms > 0) await pause(ms, signal);
    },
  };
}

/** Waits real milliseconds; returns early when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
