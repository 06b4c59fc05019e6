/** A moment: whole milliseconds since 1970-01-01T00:00:00Z. Storage and arithmetic are UTC; only doors speak city time. */
export type Instant = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** The pattern every `observedAt` on the wire must match: RFC 3339 with an offset. */
export const instantPattern =
  '^\\d{4}-\\d{2}-\\d{2}[Tt]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$';

/**
 * Reads an RFC 3339 date-time with an offset; fractions finer than a millisecond are cut off.
 * `undefined` for anything else: no time zone is ever assumed, and 30 February is not 1 March.
 */
export function parseInstant(text: string): Instant | undefined {
  if (text.length === 20 && text.charCodeAt(19) === 90) return parseWholeSecondsUtc(text);
  const m = rfc3339.exec(text);
  if (!m) return undefined;
  const utc = fromParts(+m[1]!, +m[2]!, +m[3]!, +m[4]!, +m[5]!, +m[6]!);
  if (utc === undefined) return undefined;
  const millis = m[7] === undefined ? 0 : +m[7].padEnd(3, '0').slice(0, 3);
  if (m[8] === undefined) return utc + millis;
  if (+m[9]! > 23 || +m[10]! > 59) return undefined;
  const offset = (+m[9]! * 60 + +m[10]!) * MINUTE_MS;
  return utc + millis - (m[8] === '+' ? offset : -offset);
}

export function formatInstant(at: Instant): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** The start of the UTC hour that holds the moment. */
export function hourOf(at: Instant): Instant {
  return at - mod(at, HOUR_MS);
}

export function mod(a: number, b: number): number {
  return ((a % b) + b) % b;
}

const digits = (s: string, from: number, n: number): number => {
  let value = 0;
  for (let i = from; i < from + n; i++) {
    const d = s.charCodeAt(i) - 48;
    if (d < 0 || d > 9) return Number.NaN;
    value = value * 10 + d;
  }
  return value;
};

function parseWholeSecondsUtc(s: string): Instant | undefined {
  const t = s.charCodeAt(10);
  if (s.charCodeAt(4) !== 45 || s.charCodeAt(7) !== 45 || (t !== 84 && t !== 116)) return undefined;
  if (s.charCodeAt(13) !== 58 || s.charCodeAt(16) !== 58) return undefined;
  return fromParts(
    digits(s, 0, 4),
    digits(s, 5, 2),
    digits(s, 8, 2),
    digits(s, 11, 2),
    digits(s, 14, 2),
    digits(s, 17, 2),
  );
}

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function fromParts(y: number, mo: number, d: number, h: number, mi: number, s: number): Instant | undefined {
  if (!(mo >= 1 && mo <= 12 && h <= 23 && mi <= 59 && s <= 59 && y >= 0)) return undefined;
  const leap = mo === 2 && ((y % 4 === 0 && y % 100 !== 0) || y % 400 === 0);
  if (!(d >= 1 && d <= daysInMonth[mo - 1]! + (leap ? 1 : 0))) return undefined;
  return daysSinceEpoch(y, mo, d) * DAY_MS + h * HOUR_MS + mi * MINUTE_MS + s * SECOND_MS;
}

/** Proleptic Gregorian day number, 1970-01-01 = 0 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
function daysSinceEpoch(y: number, m: number, d: number): number {
  const yy = m <= 2 ? y - 1 : y;
  const era = Math.floor(yy / 400);
  const yoe = yy - era * 400;
  const doy = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return era * 146_097 + doe - 719_468;
}
