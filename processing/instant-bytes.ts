import { HOUR_MS, type Instant, MINUTE_MS, parseInstant, SECOND_MS } from '#domain/instant.ts';

const QUOTE = 0x22;
const POINT = 0x2e;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;

/** Where the instant that was read last ends, or -1 where there was none that is plain. */
export let instantEnd = -1;

/** The day that was read last: nearly always the next one too. */
const dayBytes = new Uint8Array(10).fill(0xff);
let dayMs = Number.NaN;

/** Of whole seconds or milliseconds of UTC, with the closing quote: `instantEnd` tells whether there was one. */
export function readInstant(bytes: Uint8Array, at: number): Instant {
  instantEnd = -1;
  if (at + 20 >= bytes.length) return 0;
  if (!isDayAt(bytes, at)) {
    const text = Buffer.prototype.latin1Slice.call(bytes, at, at + 10);
    const parsed = parseInstant(`${text}T00:00:00Z`);
    if (parsed === undefined) return 0;
    for (let k = 0; k < 10; k++) dayBytes[k] = bytes[at + k]!;
    dayMs = parsed;
  }
  const hour = twoDigits(bytes, at + 11);
  const minute = twoDigits(bytes, at + 14);
  const second = twoDigits(bytes, at + 17);
  if (bytes[at + 10] !== T || bytes[at + 13] !== COLON || bytes[at + 16] !== COLON) return 0;
  if (!(hour < 24 && minute < 60 && second < 60)) return 0;
  let i = at + 19;
  let millis = 0;
  if (bytes[i] === POINT) {
    const tenths = bytes[i + 1]! - 48;
    millis = tenths * 100 + twoDigits(bytes, i + 2);
    if (!(tenths >= 0 && tenths <= 9 && millis < 1_000)) return 0;
    i += 4;
  }
  if (bytes[i] !== Z || bytes[i + 1] !== QUOTE) return 0;
  instantEnd = i + 2;
  return dayMs + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + millis;
}

function isDayAt(bytes: Uint8Array, at: number): boolean {
  for (let k = 0; k < dayBytes.length; k++) if (bytes[at + k] !== dayBytes[k]) return false;
  return true;
}

/** NaN where they are none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}
