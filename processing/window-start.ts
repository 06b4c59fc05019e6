import { DAY_MS, type Instant, mod } from '#domain/instant.ts';
import { WINDOW_S } from '#domain/window.ts';

/**
 * Start of the window a reading belongs to: of the five minutes that hold its start, or its own start when its period
 * is longer. `undefined` when the longer period is not aligned: it must divide the day and start on a multiple of
 * itself by the city's wall clock (`offsetAt`: ms to add to UTC).
 */
export function alignedStart(
  observedAt: Instant,
  periodS: number,
  offsetAt: (at: Instant) => number,
): Instant | undefined {
  if (periodS <= WINDOW_S) return observedAt - mod(observedAt, WINDOW_S * 1_000);
  const periodMs = periodS * 1_000;
  if (DAY_MS % periodMs !== 0 || mod(observedAt + offsetAt(observedAt), periodMs) !== 0) return undefined;
  return observedAt;
}
