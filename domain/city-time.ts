import { DAY_MS, type Instant, MINUTE_MS } from './instant.ts';

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
  /** `2012-03-01T08:00:00-08:00` */
  format(at: Instant): string;
  /** The local calendar date, `2012-03-01`. */
  dateOf(at: Instant): string;
}

export function cityTime(zone: string): CityTime {
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
  });
  // Zones shift on quarter hours at the finest, so an offset is constant within one.
  const offsets = new Map<number, number>();

  const offsetAt = (at: Instant): number => {
    const quarter = Math.floor(at / (15 * MINUTE_MS));
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const start = quarter * 15 * MINUTE_MS;
    const p: Record<string, string> = {};
    for (const { type, value } of parts.formatToParts(start)) p[type] = value;
    const wall = Date.UTC(+p.year!, +p.month! - 1, +p.day!, +p.hour!, +p.minute!, +p.second!);
    const offset = wall - start;
    if (offsets.size > 100_000) offsets.clear();
    offsets.set(quarter, offset);
    return offset;
  };

  const meaningOf = (w: WallClock): WallClockMeaning => {
    const wall = Date.UTC(w.year, w.month - 1, w.day, w.hour, w.minute, w.second ?? 0);
    const before = wall - offsetAt(wall - DAY_MS);
    const after = wall - offsetAt(wall + DAY_MS);
    const candidates = (
      before === after ? [before] : [Math.min(before, after), Math.max(before, after)]
    ).filter((at) => at + offsetAt(at) === wall);
    if (candidates.length === 0) return { type: 'impossible' };
    if (candidates.length === 1) return { type: 'once', at: candidates[0]! };
    return { type: 'twice', first: candidates[0]!, second: candidates[1]! };
  };

  const format = (at: Instant): string => {
    const offset = offsetAt(at);
    const minutes = Math.round(Math.abs(offset) / MINUTE_MS);
    const hh = String(Math.floor(minutes / 60)).padStart(2, '0');
    const mm = String(minutes % 60).padStart(2, '0');
    return `${new Date(at + offset).toISOString().slice(0, 19)}${offset < 0 ? '-' : '+'}${hh}:${mm}`;
  };

  return { zone, offsetAt, meaningOf, format, dateOf: (at) => format(at).slice(0, 10) };
}
