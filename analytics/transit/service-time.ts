import type { CityTime } from '#domain/city-time.ts';
import { HOUR_MS, type Instant, SECOND_MS } from '#domain/instant.ts';

/**
 * Where a service day's clock starts: noon less 12 hours. That is midnight, but for the days on which clocks change:
 * there it is an hour beside, so that the day's times come out right.
 */
export function serviceDayStart(time: CityTime, date: string): Instant {
  const [year, month, day] = date.split('-').map(Number);
  const noon = time.meaningOf({ year: year!, month: month!, day: day!, hour: 12, minute: 0 });
  if (noon.type === 'impossible') throw new Error(`${date} has no noon in ${time.zone}`);
  return (noon.type === 'once' ? noon.at : noon.first) - 12 * HOUR_MS;
}

/** A time of a service day as seconds, `25:10:00` being 90,600; `undefined` for what is none. */
export function serviceSeconds(text: string): number | undefined {
  const m = /^(\d{1,3}):([0-5]\d):([0-5]\d)$/.exec(text);
  return m ? +m[1]! * 3_600 + +m[2]! * 60 + +m[3]! : undefined;
}

export function atServiceTime(dayStart: Instant, seconds: number): Instant {
  return dayStart + seconds * SECOND_MS;
}
