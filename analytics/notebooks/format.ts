import type { CityTime } from '#domain/city-time.ts';

const NONE = '–';
const grouped = (digits: number) =>
  new Intl.NumberFormat('en-GB', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: 'negative',
  });
const byDigits = [0, 1, 2, 3].map(grouped);

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const missing = (x: unknown): boolean => x === null || x === undefined || Number.isNaN(x);

/** How figures are written in reports: plain British English, an en dash where there is no figure. */
export const fmt = {
  number: (x: number | null | undefined, digits = 0): string =>
    missing(x) ? NONE : (byDigits[digits] ?? grouped(digits)).format(x!).replace(/^-/, '−'),
  /** A share, 0 to 1. Never "0 %" or "100 %" for what is not quite so. */
  percent: (share: number | null | undefined, digits?: number): string => {
    if (missing(share)) return NONE;
    const finest = 0.05;
    const p = share! * 100;
    if (p > 0 && p < finest) return 'under 0.1%';
    if (p < 100 && p > 100 - finest) return 'over 99.9%';
    const near = Math.abs(p) < 10 || Math.abs(100 - p) < 1;
    const exact = p === 0 || p === 100;
    return `${fmt.number(p, digits ?? (near && !exact ? 1 : 0))}%`;
  },
  kmh: (x: number | null | undefined): string => (missing(x) ? NONE : `${fmt.number(x)}\u00a0km/h`),
  km: (x: number | null | undefined, digits = 1): string =>
    missing(x) ? NONE : `${fmt.number(x, digits)}\u00a0km`,
  minutes: (x: number | null | undefined, digits = 0): string =>
    missing(x)
      ? NONE
      : `${fmt.number(x, digits)}\u00a0${fmt.number(x, digits) === '1' ? 'minute' : 'minutes'}`,
  /** `1 sensor`, `3 sensors`, `no sensors`. */
  count: (n: number, one: string, many = `${one}s`): string =>
    n === 0 ? `no ${many}` : `${fmt.number(n)} ${n === 1 ? one : many}`,
  /** `a, b and c` */
  list: (items: readonly string[]): string =>
    items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`,
  /** An hour of the day, 0 to 24. */
  hour: (h: number | null | undefined): string =>
    missing(h)
      ? NONE
      : `${String(Math.floor(h!)).padStart(2, '0')}:${String(Math.round((h! % 1) * 60)).padStart(2, '0')}`,
  /** Wall-clock Dates, as SQL's TIMESTAMP and DATE give them. */
  time: (d: Date): string => d.toISOString().slice(11, 16),
  day: (d: Date): string => `${days[d.getUTCDay()]} ${fmt.date(d)}`,
  weekday: (d: Date): string => days[d.getUTCDay()]!,
  date: (d: Date): string => `${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`,
  /** `Thu 1 Mar` */
  shortDay: (d: Date): string =>
    `${days[d.getUTCDay()]!.slice(0, 3)} ${d.getUTCDate()} ${months[d.getUTCMonth()]!.slice(0, 3)}`,
  /** `March 2012` */
  month: (d: Date): string => `${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`,
  /** Capital first letter. */
  sentence: (s: string): string => s.charAt(0).toUpperCase() + s.slice(1),
};

/** A moment as the city's wall clock, in a Date whose UTC fields carry it. */
export function wallClock(time: CityTime, at: number): Date {
  return new Date(at + time.offsetAt(at));
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
