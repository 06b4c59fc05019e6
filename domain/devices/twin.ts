import type { Instant } from '../instant.ts';

/** A device's twin, as IoT Hub has it: what it should be (desired), what it says it is (reported), and what the office notes of it (tags). */
export interface Twin {
  deviceId: string;
  /** Counts every change. */
  version: number;
  /** Counts the office's changes alone: what its `If-Match` compares. */
  etag: number;
  tags: JsonObject;
  desired: TwinProperties;
  reported: TwinProperties;
}

export interface TwinProperties {
  values: JsonObject;
  /** Counts the changes of these properties, from 1: `$version`. */
  version: number;
  /** When each value was last changed: `$metadata`. */
  metadata: TwinMetadata;
}

export interface TwinMetadata {
  $lastUpdated: string;
  [property: string]: TwinMetadata | string;
}

export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** What the office changes. In a patch null removes; a replacement is the whole of what it names. */
export interface TwinChange {
  type: 'patch' | 'replace';
  desired?: JsonObject;
  tags?: JsonObject;
  /** Only where the twin's etag still is this one. */
  ifEtag?: number;
}

export interface TwinFault {
  fault: 'rule' | 'too-large' | 'etag' | 'version';
  detail: string;
}

export function emptyTwin(deviceId: string, at: Instant): Twin {
  const properties = { values: {}, version: 1, metadata: { $lastUpdated: new Date(at).toISOString() } };
  return { deviceId, version: 2, etag: 1, tags: {}, desired: properties, reported: properties };
}

/** A device says what it is now. `ifVersion`: only where its reported `$version` still is that. */
export function reported(
  twin: Twin,
  patch: unknown,
  at: Instant,
  ifVersion: number | undefined,
): Twin | TwinFault {
  if (ifVersion !== undefined && ifVersion !== twin.reported.version) {
    return { fault: 'version', detail: `the reported properties are at version ${twin.reported.version}` };
  }
  const fault = brokenRule(patch);
  if (fault) return fault;
  const after = patched(twin.reported, patch as JsonObject, at);
  return tooLarge('reported', after.values) ?? { ...twin, version: twin.version + 1, reported: after };
}

/** The office changes what a device should be, or what it notes of it. */
export function changed(twin: Twin, change: TwinChange, at: Instant): Twin | TwinFault {
  if (change.ifEtag !== undefined && change.ifEtag !== twin.etag) {
    return { fault: 'etag', detail: `the twin is at etag ${twin.etag}` };
  }
  for (const part of [change.desired, change.tags]) {
    const fault = part === undefined ? undefined : brokenRule(part);
    if (fault) return fault;
  }
  const whole = change.type === 'replace';
  const desired =
    change.desired === undefined
      ? twin.desired
      : patched(whole ? differing(twin.desired, change.desired) : twin.desired, change.desired, at);
  const tags = change.tags === undefined ? twin.tags : merged(whole ? {} : twin.tags, change.tags);
  return (
    tooLarge('desired', desired.values) ??
    tooLarge('tags', tags) ?? { ...twin, version: twin.version + 1, etag: twin.etag + 1, tags, desired }
  );
}

/** What a device that knows `before` must be told to know `after`: null for what is gone. */
export function difference(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (isObject(value) && isObject(old)) {
      const inner = difference(old, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(old) !== JSON.stringify(value)) patch[key] = value;
  }
  return patch;
}

export function isFault(result: Twin | TwinFault): result is TwinFault {
  return 'fault' in result;
}

function patched(before: TwinProperties, patch: JsonObject, at: Instant): TwinProperties {
  return {
    values: merged(before.values, patch),
    version: before.version + 1,
    metadata: stamped(before.metadata, patch, new Date(at).toISOString()),
  };
}

/** Only what both name, so that a replacement drops the rest and keeps since when the others hold. */
function differing(before: TwinProperties, after: JsonObject): TwinProperties {
  const { $lastUpdated, ...known } = before.metadata;
  const kept = Object.fromEntries(Object.entries(known).filter(([key]) => key in after));
  return { ...before, values: {}, metadata: { ...kept, $lastUpdated } };
}

function merged(before: JsonObject, patch: JsonObject): JsonObject {
  const after = { ...before };
  for (const [key, value] of Object.entries(patch)) {
    const old = before[key];
    if (value === null) delete after[key];
    else if (isObject(value)) after[key] = merged(isObject(old) ? old : {}, value);
    else after[key] = value;
  }
  return after;
}

function stamped(before: TwinMetadata | undefined, patch: JsonObject, at: string): TwinMetadata {
  const after: TwinMetadata = { ...before, $lastUpdated: at };
  for (const [key, value] of Object.entries(patch)) {
    const old = before?.[key];
    if (value === null) delete after[key];
    else if (isObject(value)) after[key] = stamped(typeof old === 'object' ? old : undefined, value, at);
    else after[key] = { $lastUpdated: at };
  }
  return after;
}

/** IoT Hub's rules for what a twin may hold. */
const MAX_DEPTH = 10;
const MAX_KEY_BYTES = 1_024;
const MAX_TEXT_BYTES = 4_096;
const MAX_INTEGER = 4_503_599_627_370_495;
const maxBytes = { desired: 32 * 1_024, reported: 32 * 1_024, tags: 8 * 1_024 };
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not allowed
const badKey = /[\u0000-\u001f\u007f-\u009f.$ ]/;

function brokenRule(patch: unknown): TwinFault | undefined {
  if (!isObject(patch)) return { fault: 'rule', detail: 'not a JSON object' };
  const detail = brokenIn(patch, 1);
  return detail === undefined ? undefined : { fault: 'rule', detail };
}

function brokenIn(value: Json, depth: number): string | undefined {
  if (typeof value === 'string' && bytesOf(value) > MAX_TEXT_BYTES) return 'a text of over 4 KiB';
  if (typeof value === 'number' && !(Math.abs(value) <= MAX_INTEGER)) return `${value} is out of range`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) return `deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(value)) {
    if (value.includes(null)) return 'null inside an array';
    return firstOf(value, (item) => brokenIn(item, depth + 1));
  }
  return firstOf(Object.entries(value), ([key, item]) => {
    if (key === '' || key === '__proto__' || badKey.test(key) || bytesOf(key) > MAX_KEY_BYTES) {
      return `${JSON.stringify(key.slice(0, 60))} can not name a property`;
    }
    return brokenIn(item, depth + 1);
  });
}

function tooLarge(part: keyof typeof maxBytes, values: JsonObject): TwinFault | undefined {
  const bytes = bytesOf(JSON.stringify(values));
  if (bytes <= maxBytes[part]) return undefined;
  return { fault: 'too-large', detail: `${part} of ${bytes} bytes: at most ${maxBytes[part]}` };
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

const utf8 = new TextEncoder();
const bytesOf = (text: string): number => utf8.encode(text).length;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
