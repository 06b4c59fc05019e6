import { DAY_MS } from '#domain/instant.ts';

/** Reads a printed wall-clock time into milliseconds as if it were UTC; `undefined` when it is none. */
export type WallClockReader = (text: string) => number | undefined;

const tokens: Record<string, string> = {
  yyyy: '(?<year>\\d{4})',
  yy: '(?<year>\\d{2})',
  MMM: '(?<monthName>[A-Za-z]{3})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{2})',
  d: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  hh: '(?<hour12>\\d{2})',
  h: '(?<hour12>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  m: '(?<minute>\\d{1,2})',
  ss: '(?<second>\\d{2})',
  s: '(?<second>\\d{1,2})',
  SSS: '(?<fraction>\\d{1,9})',
  a: '(?<half>[AaPp]\\.?[Mm]\\.?)',
};
const tokenPattern = /yyyy|yy|MMM|MM|M|dd|d|HH|H|hh|h|mm|m|ss|s|SSS|a|'[^']*'|./gs;
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * A reader for a pattern such as `MM/dd/yyyy hh:mm:ss a` (letters as in Unicode's date patterns; one letter takes one
 * or two digits; literals in single quotes). 31 April is no date; 24:00 is the end of its day.
 * @throws RangeError for a pattern without year, month and day.
 */
export function wallClockReader(pattern: string): WallClockReader {
  const source = pattern.replace(tokenPattern, (token) => {
    const known = tokens[token];
    if (known) return known;
    const literal = token.length > 1 ? token.slice(1, -1) : token;
    return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  for (const part of ['<year>', '<month', '<day>']) {
    if (!source.includes(part))
      throw new RangeError(`the time pattern ${pattern} names no ${part.replace(/\W/g, '')}`);
  }
  const expression = new RegExp(`^${source}$`);
  return (text) => {
    const groups = expression.exec(text.trim())?.groups;
    return groups && wallMsOf(groups);
  };
}

function wallMsOf(g: Record<string, string | undefined>): number | undefined {
  const year =
    g.year!.length === 2 ? 2000 + Number(g.year) - (Number(g.year) >= 70 ? 100 : 0) : Number(g.year);
  const month = g.monthName ? monthNames.indexOf(g.monthName.toLowerCase()) + 1 : Number(g.month);
  const day = Number(g.day);
  const hour = hourOf(g);
  const minute = Number(g.minute ?? 0);
  const second = Number(g.second ?? 0);
  if (hour === undefined || minute > 59 || second > 59) return undefined;
  if (hour > 24 || (hour === 24 && minute + second > 0)) return undefined;
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const midnight = date.getTime() - (date.getTime() % DAY_MS);
  const millis = Math.floor(Number(`0.${g.fraction ?? 0}`) * 1_000 + 1e-6);
  return midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + millis;
}

function hourOf(g: Record<string, string | undefined>): number | undefined {
  if (g.hour12 === undefined) return Number(g.hour ?? 0);
  const hour = Number(g.hour12);
  if (hour < 1 || hour > 12 || g.half === undefined) return undefined;
  return (hour % 12) + (/^p/i.test(g.half) ? 12 : 0);
}
