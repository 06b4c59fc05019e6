import type { Content } from '#domain/readings/reading-kind.ts';
import { MAX_SPEED_KMH, mostVehicles, vehicleClasses } from '#domain/readings/traffic-flow.ts';
import { type ClassSet, classSet, noClasses } from './class-set.ts';
import { instantEnd, readInstant } from './instant-bytes.ts';
import { plainContent } from './members.ts';
import type { SlotWindows } from './streams.ts';

/** More readings in one message go the long way. */
const MOST_READINGS = 4_096;

/**
 * Traffic flows of one message that are plainly admissible, in columns: a count, counts by class, speed and occupancy at
 * most, written as any JSON library writes them. Used again for each message. NaN stands for a value that was not sent.
 */
export interface PlainFlows {
  length: number;
  observedAt: Float64Array;
  periodS: Float64Array;
  /** With counts by class alone, their sum. */
  count: Float64Array;
  classes: ClassSet[];
  /** `MOST_CLASSES` for each flow: the counts of its classes. */
  classCounts: Float64Array;
  /** Thousandths of km/h, rounded as `Content` is. */
  speedMilliKmh: Float64Array;
  /** Millionths, rounded as `Content` is. */
  occupancyMicro: Float64Array;
  /** 0 where none was sent. */
  lane: Float64Array;
  direction: string[];
  /** From admission: where the device stood, and the window the reading belongs to. */
  siteId: string[];
  windowS: Float64Array;
  windowStart: Float64Array;
  /** From the processor: where a reading belongs, and its outcome code. */
  slot: SlotWindows[];
  code: Uint8Array;
}

export const MOST_CLASSES = vehicleClasses.length;

export function plainFlows(): PlainFlows {
  const column = () => new Float64Array(MOST_READINGS);
  return {
    length: 0,
    observedAt: column(),
    periodS: column(),
    count: column(),
    classes: [],
    classCounts: new Float64Array(MOST_CLASSES * MOST_READINGS),
    speedMilliKmh: column(),
    occupancyMicro: column(),
    lane: column(),
    direction: [],
    siteId: [],
    windowS: column(),
    windowStart: column(),
    slot: [],
    code: new Uint8Array(MOST_READINGS),
  };
}

/** What the flow is compared by, and its window computed from: as `trafficFlow` has it. */
export function contentOf(flows: PlainFlows, i: number): Content {
  const { periodS, count, speedMilliKmh, occupancyMicro, classes, classCounts } = flows;
  return plainContent(
    periodS[i]!,
    count[i]!,
    speedMilliKmh[i]!,
    occupancyMicro[i]!,
    classes[i]!,
    classCounts,
    MOST_CLASSES * i,
  );
}

/**
 * Reads a payload straight from its bytes, several times as fast as JSON.parse and a schema. False says nothing of
 * the payload but that it must go the long way: whatever is unusual, wrong or impossible is judged there. What is
 * read here comes out exactly as it would there.
 */
export function readPlainFlows(payload: Uint8Array, flows: PlainFlows): boolean {
  flows.length = 0;
  const end = payload.length;
  if (payload[0] === OPEN_OBJECT) return readFlow(payload, 0, flows) === end;
  if (payload[0] !== OPEN_ARRAY) return false;
  let at = 1;
  for (;;) {
    if (flows.length === MOST_READINGS) return false;
    at = readFlow(payload, at, flows);
    if (at < 0) return false;
    if (payload[at] === CLOSE_ARRAY) return at + 1 === end;
    if (payload[at] !== COMMA) return false;
    at = payload[at + 1] === SPACE ? at + 2 : at + 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const POINT = 0x2e;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const KIND = 1;
const OBSERVED_AT = 2;
const PERIOD_S = 4;
const COUNT = 8;
const SPEED_KMH = 16;
const OCCUPANCY = 32;
const LANE = 64;
const DIRECTION = 128;
const SEQ = 256;
const VERSION = 512;
const COUNTS = 1_024;
const REQUIRED = KIND | OBSERVED_AT | PERIOD_S;
const MEASURED = COUNT | COUNTS | SPEED_KMH | OCCUPANCY;

const names: [string, number][] = [
  ['kind', KIND],
  ['observedAt', OBSERVED_AT],
  ['periodS', PERIOD_S],
  ['count', COUNT],
  ['speedKmh', SPEED_KMH],
  ['occupancy', OCCUPANCY],
  ['lane', LANE],
  ['direction', DIRECTION],
  ['seq', SEQ],
  ['v', VERSION],
  ['counts', COUNTS],
];
/** Fields by the length of their name and its first letter: no two share both. */
const fields: { name: Uint8Array; bit: number }[] = [];
for (const [name, bit] of names)
  fields[name.length * 32 + (name.charCodeAt(0) & 31)] = { name: bytesOf(name), bit };
const TRAFFIC_FLOW = bytesOf('traffic-flow"');

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Adds the object at `at` to the flows. Returns where it ends, or -1. */
function readFlow(bytes: Uint8Array, at: number, flows: PlainFlows): number {
  if (bytes[at] !== OPEN_OBJECT) return -1;
  const n = flows.length;
  let seen = 0;
  let observedAt = 0;
  let periodS = 0;
  let count = Number.NaN;
  let speedKmh = Number.NaN;
  let occupancy = Number.NaN;
  let lane = 0;
  let direction = '';
  let classes = noClasses;
  let i = at + 1;
  for (;;) {
    if (bytes[i] !== QUOTE) return -1;
    const nameAt = i + 1;
    i = nameAt;
    while (bytes[i]! > QUOTE) i++;
    if (bytes[i] !== QUOTE) return -1;
    const field = fields[(i - nameAt) * 32 + (bytes[nameAt]! & 31)];
    if (field === undefined || (seen & field.bit) !== 0 || !isAt(bytes, nameAt, field.name)) return -1;
    const { bit } = field;
    seen |= bit;
    i += 1;
    if (bytes[i] !== COLON) return -1;
    i = bytes[i + 1] === SPACE ? i + 2 : i + 1;
    if (bit === KIND) {
      if (bytes[i] !== QUOTE || !isAt(bytes, i + 1, TRAFFIC_FLOW)) return -1;
      i += TRAFFIC_FLOW.length + 1;
    } else if (bit === OBSERVED_AT) {
      if (bytes[i] !== QUOTE) return -1;
      observedAt = readInstant(bytes, i + 1);
      i = instantEnd;
      if (i < 0) return -1;
    } else if (bit === DIRECTION) {
      const from = i + 1;
      i = textEnd(bytes, i);
      if (i < 0) return -1;
      direction = latin1(bytes, from, i - 1);
    } else if (bit === COUNTS) {
      classes = readClasses(bytes, i, flows.classCounts, MOST_CLASSES * n);
      i = readEnd;
      if (i < 0) return -1;
    } else {
      const value = readNumber(bytes, i);
      i = readEnd;
      if (i < 0) return -1;
      if (bit === SPEED_KMH) speedKmh = value;
      else if (bit === OCCUPANCY) occupancy = value;
      else if (readFraction) return -1;
      else if (bit === PERIOD_S) periodS = value;
      else if (bit === COUNT) count = value;
      else if (bit === LANE) lane = value;
      else if (bit === VERSION && value !== 1) return -1;
    }
    if (bytes[i] === CLOSE_OBJECT) break;
    if (bytes[i] !== COMMA) return -1;
    i = bytes[i + 1] === SPACE ? i + 2 : i + 1;
  }
  const hasLane = (seen & LANE) !== 0;
  if ((seen & REQUIRED) !== REQUIRED || (seen & MEASURED) === 0) return -1;
  if (periodS < 1 || periodS > 86_400 || (hasLane && (lane < 1 || lane > 999))) return -1;
  const most = mostVehicles(periodS, hasLane);
  if (speedKmh > MAX_SPEED_KMH || occupancy > 1 || count > most) return -1;
  if (classes !== noClasses) {
    if (classesTotal > (Number.isNaN(count) ? most : count)) return -1;
    if (Number.isNaN(count)) count = classesTotal;
  }
  flows.observedAt[n] = observedAt;
  flows.periodS[n] = periodS;
  flows.count[n] = count;
  flows.classes[n] = classes;
  flows.speedMilliKmh[n] = Math.round(speedKmh * 1_000);
  flows.occupancyMicro[n] = Math.round(occupancy * 1_000_000);
  flows.lane[n] = lane;
  flows.direction[n] = direction;
  flows.length = n + 1;
  return i + 1;
}

function isAt(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let k = 0; k < name.length; k++) if (bytes[at + k] !== name[k]) return false;
  return true;
}

/** Where the value that was read last ends, or -1; and whether the number had a fraction. */
let readEnd = -1;
let readFraction = false;

const powersOfTen = Array.from({ length: 16 }, (_, k) => 10 ** k);

/**
 * Digits, and a fraction or none. Up to 15 digits are a whole number below 2^53, so that one division rounds just as
 * JSON.parse does.
 */
function readNumber(bytes: Uint8Array, at: number): number {
  let i = at;
  let value = 0;
  let digit = bytes[i]! - 48;
  readFraction = false;
  readEnd = -1;
  if (!(digit >= 0 && digit <= 9)) return 0;
  if (digit === 0) {
    digit = bytes[++i]! - 48;
    if (digit >= 0 && digit <= 9) return 0;
  }
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit;
    digit = bytes[++i]! - 48;
  }
  let digits = i - at;
  if (bytes[i] === POINT) {
    readFraction = true;
    const from = ++i;
    digit = bytes[i]! - 48;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = bytes[++i]! - 48;
    }
    if (i === from) return 0;
    digits += i - from;
    if (digits > 15) return 0;
    value /= powersOfTen[i - from]!;
  }
  if (digits > 15) return 0;
  readEnd = i;
  return value;
}

/** Vehicle classes by the length of their name and its first letter, and their places in the order. */
const classesByName: { name: Uint8Array; place: number }[] = [];
for (const [place, name] of vehicleClasses.entries())
  classesByName[name.length * 32 + (name.charCodeAt(0) & 31)] = { name: bytesOf(name), place };
const countsByPlace = new Float64Array(MOST_CLASSES);
/** Of the counts by class that were read last. */
let classesTotal = 0;

/** An object of one class at least and its count each, none twice. */
function readClasses(bytes: Uint8Array, at: number, counts: Float64Array, countsAt: number): ClassSet {
  let i = at;
  let bits = 0;
  classesTotal = 0;
  if (bytes[i] !== OPEN_OBJECT) return unread();
  do {
    i += bytes[i + 1] === SPACE ? 2 : 1;
    if (bytes[i] !== QUOTE) return unread();
    const nameAt = ++i;
    while (bytes[i]! > QUOTE) i++;
    if (bytes[i] !== QUOTE || bytes[i + 1] !== COLON) return unread();
    const found = classesByName[(i - nameAt) * 32 + (bytes[nameAt]! & 31)];
    if (!found || (bits & (1 << found.place)) !== 0 || !isAt(bytes, nameAt, found.name)) return unread();
    i += bytes[i + 2] === SPACE ? 3 : 2;
    const count = readNumber(bytes, i);
    if (readEnd < 0 || readFraction) return unread();
    i = readEnd;
    bits |= 1 << found.place;
    countsByPlace[found.place] = count;
    classesTotal += count;
  } while (bytes[i] === COMMA);
  if (bytes[i] !== CLOSE_OBJECT) return unread();
  readEnd = i + 1;
  let next = countsAt;
  for (let place = 0; place < MOST_CLASSES; place++)
    if ((bits & (1 << place)) !== 0) counts[next++] = countsByPlace[place]!;
  return bits === lastBits ? lastClasses : remembered(bits);
}

/** The set that was read last: nearly always the next one too. */
let lastBits = 0;
let lastClasses = noClasses;

function remembered(bits: number): ClassSet {
  lastBits = bits;
  lastClasses = classSet(bits);
  return lastClasses;
}

function unread(): ClassSet {
  readEnd = -1;
  return noClasses;
}

/** The end of a text of 1 to 128 printable ASCII characters without an escape, its quotes included, or -1. */
function textEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1;
  let i = at + 1;
  for (; bytes[i] !== QUOTE; i++) {
    const c = bytes[i];
    if (c === undefined || c < SPACE || c > 0x7e || c === BACKSLASH) return -1;
  }
  return i > at + 1 && i <= at + 129 ? i + 1 : -1;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.prototype.latin1Slice.call(bytes, from, to);
}
