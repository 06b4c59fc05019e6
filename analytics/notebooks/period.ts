import type { CityTime } from '#domain/city-time.ts';
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts';
import { fmt, wallClock } from './format.ts';

/** What a report covers: [fromAt, toAt), in the city's own time. */
export interface Period {
  fromAt: Instant;
  toAt: Instant;
  /** Wall clocks, in a Date's UTC fields. */
  from: Date;
  to: Date;
  /** Calendar days touched. */
  days: number;
  hours: number;
  /** What a row of a chart or table is: of more than two months, days would be too many. */
  row: 'day' | 'month';
  /** Names such a row by its first day: `Thu 1 Mar`, or `March 2012`. */
  label(first: Date): string;
  /** `Thursday 1 to Wednesday 7 March 2012` */
  text: string;
  /** `1–7 Mar 2012` */
  short: string;
}

export function periodOf(time: CityTime, fromAt: Instant, toAt: Instant): Period {
  const from = wallClock(time, fromAt);
  const to = wallClock(time, toAt);
  const whole = from.getTime() % DAY_MS === 0 && to.getTime() % DAY_MS === 0;
  const last = whole ? new Date(to.getTime() - DAY_MS) : to;
  const days = Math.ceil(to.getTime() / DAY_MS) - Math.floor(from.getTime() / DAY_MS);
  const row = days > 62 ? 'month' : 'day';
  return {
    fromAt,
    toAt,
    from,
    to,
    days,
    hours: (toAt - fromAt) / HOUR_MS,
    row,
    label: row === 'month' ? fmt.month : fmt.shortDay,
    text: whole
      ? wholeDays(from, last)
      : `${fmt.day(from)} ${fmt.time(from)} to ${fmt.day(to)} ${fmt.time(to)}`,
    short: whole ? shortDays(from, last) : `${shortMoment(from)} to ${shortMoment(to)}`,
  };
}

function wholeDays(first: Date, last: Date): string {
  if (first.getTime() >= last.getTime()) return fmt.day(first);
  const [firstText, lastText] = [fmt.day(first), fmt.day(last)];
  return `${sharedEndCut(firstText, lastText)} to ${lastText}`;
}

function shortDays(first: Date, last: Date): string {
  const short = (d: Date) => `${fmt.shortDay(d).slice(4)} ${d.getUTCFullYear()}`;
  if (first.getTime() >= last.getTime()) return short(first);
  return `${sharedEndCut(short(first), short(last))}–${short(last)}`.replace(/(\D)–/, '$1 – ');
}

const shortMoment = (d: Date) => `${fmt.shortDay(d).slice(4)} ${d.getUTCFullYear()} ${fmt.time(d)}`;

/** `Thursday 1 March 2012` without the month and year it shares with the other. */
function sharedEndCut(text: string, other: string): string {
  const a = text.split(' ');
  const b = other.split(' ');
  while (a.length > 1 && a.at(-1) === b.at(-1)) {
    a.pop();
    b.pop();
  }
  return a.join(' ');
}
