import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';

/** Moments and spans as the page prints them, in the city's time. */
export function cityClock(timeZone: string) {
  const parts = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options });
  const time = parts({ hour: '2-digit', minute: '2-digit' });
  const day = parts({ weekday: 'short', day: 'numeric', month: 'short' });
  const date = parts({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  return {
    time: (at: Instant) => time.format(at),
    day: (at: Instant) => day.format(at).replace(',', ''),
    moment: (at: Instant) => `${date.format(at).replace(',', '')}, ${time.format(at)}`,
  };
}

export type CityClock = ReturnType<typeof cityClock>;

/** `4 min ago`; the moment to the second matters to nobody who looks at a page. */
export function ago(at: Instant, now: Instant): string {
  const ms = now - at;
  if (ms < 0) return 'ahead of now';
  if (ms < 90 * SECOND_MS) return `${Math.round(ms / SECOND_MS)} s ago`;
  if (ms < 90 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min ago`;
  if (ms < 36 * HOUR_MS) return `${Math.round(ms / HOUR_MS)} h ago`;
  return `${Math.round(ms / (24 * HOUR_MS))} days ago`;
}

export function count(n: number): string {
  return n.toLocaleString('en-GB');
}

export function percent(share: number): string {
  const digits = share > 0 && share < 0.001 ? 3 : share > 0.995 && share < 1 ? 2 : 1;
  return `${(share * 100).toFixed(share === 0 || share === 1 ? 0 : digits)} %`;
}
