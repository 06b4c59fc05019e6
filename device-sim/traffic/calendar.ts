import { type CityTime, cityTime } from '#domain/city-time.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, mod } from '#domain/instant.ts';

export type DayType = 'weekday' | 'saturday' | 'sunday' | 'holiday';

/** One local calendar day. */
export interface CityDay {
  /** Days since 1970-01-01, local. */
  number: number;
  /** `2026-11-08` */
  date: string;
  type: DayType;
  /** 0 is Sunday. */
  weekday: number;
  /** 1 to 12. */
  month: number;
  /** Schools are closed: August and the turn of the year. */
  schoolHoliday: boolean;
}

export interface Calendar {
  readonly time: CityTime;
  dayOf(at: Instant): CityDay;
  day(number: number): CityDay;
  /** Minute of the local day, 0 to 1439, as a clock on the wall shows it. */
  minuteOfDay(at: Instant): number;
  /** The moment the wall clock shows this time on this day; a time that is skipped counts as the hour after. */
  instantOf(dayNumber: number, minuteOfDay: number): Instant;
  /** The last 04:00 local at or before the moment: the quietest time, at which the model's counters start afresh. */
  modelDayStart(at: Instant): Instant;
}

const MODEL_DAY_STARTS = 4 * HOUR_MS;

/** `holidays` are local dates, `2026-12-25`; without them, those of England and Wales by their rules. */
export function calendar(timezone: string, holidays?: readonly string[]): Calendar {
  const time = cityTime(timezone);
  const known = new Map<number, CityDay>();
  const listed = holidays && new Set(holidays);

  const day = (number: number): CityDay => {
    const cached = known.get(number);
    if (cached) return cached;
    const date = new Date(number * DAY_MS).toISOString().slice(0, 10);
    const weekday = mod(number + 4, 7);
    const holiday = listed ? listed.has(date) : isBankHoliday(number);
    const month = +date.slice(5, 7);
    const made: CityDay = {
      number,
      date,
      type: holiday ? 'holiday' : weekday === 0 ? 'sunday' : weekday === 6 ? 'saturday' : 'weekday',
      weekday,
      month,
      schoolHoliday: month === 8 || date.slice(5) >= '12-22' || date.slice(5) <= '01-02',
    };
    known.set(number, made);
    return made;
  };

  const localMs = (at: Instant) => at + time.offsetAt(at);

  const instantOf = (dayNumber: number, minuteOfDay: number): Instant => {
    const wall = new Date(dayNumber * DAY_MS + minuteOfDay * MINUTE_MS);
    const meaning = time.meaningOf({
      year: wall.getUTCFullYear(),
      month: wall.getUTCMonth() + 1,
      day: wall.getUTCDate(),
      hour: wall.getUTCHours(),
      minute: wall.getUTCMinutes(),
    });
    if (meaning.type === 'once') return meaning.at;
    if (meaning.type === 'twice') return meaning.first;
    return instantOf(dayNumber, minuteOfDay + 60);
  };

  return {
    time,
    day,
    dayOf: (at) => day(Math.floor(localMs(at) / DAY_MS)),
    minuteOfDay: (at) => Math.floor(mod(localMs(at), DAY_MS) / MINUTE_MS),
    instantOf,
    modelDayStart: (at) => {
      const number = Math.floor((localMs(at) - MODEL_DAY_STARTS) / DAY_MS);
      return instantOf(number, MODEL_DAY_STARTS / MINUTE_MS);
    },
  };
}

/** New Year, Good Friday, Easter Monday, first and last Monday of May, last of August, Christmas, Boxing Day. */
function isBankHoliday(dayNumber: number): boolean {
  const date = new Date(dayNumber * DAY_MS);
  const month = date.getUTCMonth() + 1;
  const dayOfMonth = date.getUTCDate();
  if (month === 1 && dayOfMonth === 1) return true;
  if (month === 12 && (dayOfMonth === 25 || dayOfMonth === 26)) return true;
  const monday = mod(dayNumber + 4, 7) === 1;
  if (monday && month === 5 && (dayOfMonth <= 7 || dayOfMonth > 24)) return true;
  if (monday && month === 8 && dayOfMonth > 24) return true;
  const easter = easterSunday(date.getUTCFullYear());
  return dayNumber === easter - 2 || dayNumber === easter + 1;
}

/** Day number of Easter Sunday: the anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8). */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const dayOfMonth = ((h + l - 7 * m + 114) % 31) + 1;
  return Date.UTC(year, month - 1, dayOfMonth) / DAY_MS;
}
