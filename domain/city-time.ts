import { DAY_MS, type Instant, MINUTE_MS, mod, SECOND_MS } from './instant.ts';

/** A wall-clock moment as a recording prints it, without an offset. */
export interface WallClock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second?: number;
}

/**
 * What a wall-clock time means in a zone. On the night clocks go back an hour happens twice (`twice`, earlier
 * first); on the night they go forward one never happens (`impossible`).
 */
export type WallClockMeaning =
  | { type: 'once'; at: Instant }
  | { type: 'twice'; first: Instant; second: Instant }
  | { type: 'impossible' };

/** One IANA time zone's conversions. @throws RangeError for a zone the runtime does not know. */
export interface CityTime {
  readonly zone: string;
  /** Milliseconds to add to UTC to get the wall clock. */
  offsetAt(at: Instant): number;
  meaningOf(wall: WallClock): WallClockMeaning;
  /** The same for a wall clock counted as if it were UTC: what `Date.UTC` makes of its digits. */
  meaningOfMs(wallMs: number): WallClockMeaning;
  /** `2012-03-01T08:00:00-08:00`; an offset of odd seconds (before standard time) is rounded, the moment is not. */
  format(at: Instant): string;
  /** The local calendar date, `2012-03-01`. */
  dateOf(at: Instant): string;
}

/** Offsets lie within a day of UTC: each moment that a wall clock can mean has one that holds near these. */
const NEARBY_MS = [-DAY_MS, -DAY_MS / 2, 0, DAY_MS / 2, DAY_MS] as const;
const QUARTER_MS = 15 * MINUTE_MS;

export function cityTime(zone: string): CityTime {
  const offsetOf = intlOffset(zone);
  // Almost every quarter hour has one offset. Those with a shift inside (local mean time, Liberia 1972) have null.
  const offsets = new Map<number, number | null>();

  const offsetAt = (at: Instant): number => {
    const quarter = Math.floor(at / QUARTER_MS);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      if (offsets.size > 100_000) offsets.clear();
      const start = offsetOf(quarter * QUARTER_MS);
      offset = start === offsetOf((quarter + 1) * QUARTER_MS - SECOND_MS) ? start : null;
      offsets.set(quarter, offset);
    }
    return offset ?? offsetOf(at);
  };

  const meaningOfMs = (wallMs: number): WallClockMeaning => {
    const candidates = [...new Set(NEARBY_MS.map((ms) => wallMs - offsetAt(wallMs + ms)))]
      .filter((at) => at + offsetAt(at) === wallMs)
      .sort((a, b) => a - b);
    if (candidates.length === 0) return { type: 'impossible' };
    if (candidates.length === 1) return { type: 'once', at: candidates[0]! };
    return { type: 'twice', first: candidates[0]!, second: candidates[1]! };
  };

  const wallText = (at: Instant, offset: number): string => new Date(at + offset).toISOString().slice(0, -5);

  return {
    zone,
    offsetAt,
    meaningOf: (w) => meaningOfMs(utcMs(w.year, w.month, w.day, w.hour, w.minute, w.second ?? 0)),
    meaningOfMs,
    format: (at) => {
      const minutes = Math.round(offsetAt(at) / MINUTE_MS);
      const hh = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
      const mm = String(Math.abs(minutes) % 60).padStart(2, '0');
      return `${wallText(at, minutes * MINUTE_MS)}${minutes < 0 ? '-' : '+'}${hh}:${mm}`;
    },
    dateOf: (at) => wallText(at, offsetAt(at)).slice(0, -9),
  };
}

/** The offset at a moment as the runtime's own time zone data have it. Slow: some microseconds. */
function intlOffset(zone: string): (at: Instant) => number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
    calendar: 'iso8601',
  });
  return (at) => {
    const second = at - mod(at, SECOND_MS);
    const p: Record<string, string> = {};
    for (const { type, value } of parts.formatToParts(second)) p[type] = value;
    const year = p.era?.startsWith('B') ? 1 - +p.year! : +p.year!;
    return utcMs(year, +p.month!, +p.day!, +p.hour!, +p.minute!, +p.second!) - second;
  };
}

/** `Date.UTC`, but year 12 is not 1912. */
function utcMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second, 0);
}
