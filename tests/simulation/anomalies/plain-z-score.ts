import type { SpeedWindow } from '#analytics/anomalies/detect-anomalies.ts';

/** The usual dashboard's rule: three standard deviations below the mean of that hour of the week. Moments of alerts. */
export function plainZScore(past: readonly SpeedWindow[], now: readonly SpeedWindow[]): number[] {
  const hours = new Map<number, { n: number; sum: number; squares: number }>();
  for (const { slot, speedKmh } of past) {
    const hour = slot >> 1;
    const h = hours.get(hour) ?? { n: 0, sum: 0, squares: 0 };
    hours.set(hour, { n: h.n + 1, sum: h.sum + speedKmh, squares: h.squares + speedKmh ** 2 });
  }
  const alerts: number[] = [];
  let open = false;
  for (const { slot, startAt, speedKmh } of now) {
    const h = hours.get(slot >> 1);
    if (!h || h.n < 2) continue;
    const mean = h.sum / h.n;
    const deviation = Math.sqrt(Math.max(0, h.squares / h.n - mean ** 2));
    const low = speedKmh < mean - 3 * deviation;
    if (low && !open) alerts.push(startAt + 300_000);
    open = low;
  }
  return alerts;
}
