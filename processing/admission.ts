import { isAscii } from 'node:buffer';
import { Ajv, type ValidateFunction } from 'ajv';
import * as z from 'zod';
import { DAY_MS, formatInstant, type Instant, parseInstant, SECOND_MS } from '#domain/instant.ts';
import type { LogRecord } from '#domain/log.ts';
import {
  AHEAD,
  BEHIND,
  COUNTED,
  type OutcomeCode,
  type RejectionReason,
  rejectedAs,
} from '#domain/outcome.ts';
import type { Reading, ReadingKind, Slot } from '#domain/readings/reading-kind.ts';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import { UNUSABLE, whyUnusable } from '#domain/unusable-message.ts';
import { WINDOW_S } from '#domain/window.ts';
import type { DeviceFacts } from './device-facts.ts';
import { type PlainFlows, readPlainFlows } from './plain-flows.ts';
import type { SlotWindows, SubjectStream } from './streams.ts';
import { alignedStart } from './window-start.ts';

export interface ClockBounds {
  /** A reading observed this long after it was received is quarantined as ahead. */
  aheadMs: number;
  /** One observed this long before it was received is quarantined as behind. */
  behindMs: number;
}

export const usualClockBounds: ClockBounds = { aheadMs: 60 * SECOND_MS, behindMs: 7 * DAY_MS };

/** A reading that may go on to identity: its kind is known, its values can be true, and it stood somewhere. */
export interface Admitted {
  code: typeof COUNTED;
  index: number;
  kind: ReadingKind;
  reading: Reading;
  observedAt: Instant;
  siteId: string;
  slot: Slot;
  windowS: number;
  windowStart: Instant;
  /** Where it was found to belong, so that it is looked for once. */
  found?: { stream: SubjectStream; slot: SlotWindows };
}

/** A reading that goes no further, with the sentence that says why. */
export interface Refused {
  code: OutcomeCode;
  index: number;
  detail: string;
  /** null where the observation time can not be trusted. */
  observedAt: Instant | null;
}

export type Judged = Admitted | Refused;

export interface Admission {
  /** Every reading of the record, in order; one for a payload that is not JSON; none for control records. */
  judge(record: LogRecord, device: DeviceFacts): Judged[];
  /**
   * Reads a record of plain flows and places them. False says only that `judge` must look: whatever is unusual or
   * refused is never taken here.
   */
  admitPlain(record: LogRecord, device: DeviceFacts, flows: PlainFlows): boolean;
}

/**
 * Admission is a function of a record and the registry's history alone. A reading is judged in this order, and the
 * first fault names it: not JSON, unusable, unknown kind, schema, clock, device, installation, impossible, period.
 */
export function admission(bounds: ClockBounds, offsetAt: (at: Instant) => number): Admission {
  const kinds = compileKinds();

  const judgeReading = (value: unknown, index: number, record: LogRecord, device: DeviceFacts): Judged => {
    if (typeof value !== 'object' || value === null) {
      return refused('schema', index, 'a reading is a JSON object with a kind', null);
    }
    const { kind: kindName, v } = value as { kind?: unknown; v?: unknown };
    if (kindName === UNUSABLE) return refused('unusable', index, whyUnusable(value), null);
    const known = typeof kindName === 'string' ? kinds.get(kindName) : undefined;
    if (!known) {
      return refused(
        'unknown-kind',
        index,
        `kind ${quote(kindName)} is none of ${[...kinds.keys()].join(', ')}`,
        null,
      );
    }
    if (v !== undefined && v !== 1) {
      return refused('unknown-kind', index, `${kindName} version ${quote(v)} is not known; 1 is`, null);
    }
    if (!known.valid(value)) return refused('schema', index, explain(known.kind, value), null);
    const reading = value as Reading;
    const { kind } = known;
    const observedAt = parseInstant(reading.observedAt);
    if (observedAt === undefined) {
      return refused(
        'schema',
        index,
        `observedAt ${quote(reading.observedAt)} is no moment that exists`,
        null,
      );
    }
    if (observedAt > record.receivedAt + bounds.aheadMs) {
      return {
        code: AHEAD,
        index,
        detail: clockDetail(observedAt, record.receivedAt, 'after'),
        observedAt: null,
      };
    }
    if (observedAt < record.receivedAt - bounds.behindMs) {
      return {
        code: BEHIND,
        index,
        detail: clockDetail(observedAt, record.receivedAt, 'before'),
        observedAt: null,
      };
    }
    const place = device.placeAt(observedAt);
    if ('reason' in place) return refused(place.reason, index, place.detail, observedAt);
    const impossible = kind.impossible(reading);
    if (impossible !== undefined) return refused('impossible', index, impossible, observedAt);
    const periodS = kind.periodS(reading);
    const windowStart = alignedStart(observedAt, periodS, offsetAt);
    if (windowStart === undefined) {
      return refused(
        'period',
        index,
        `a reading of ${periodS} s can not start at ${formatInstant(observedAt)}: over 300 s it must divide the day and start on a multiple of itself, by the city's clock`,
        observedAt,
      );
    }
    const windowS = Math.max(periodS, WINDOW_S);
    const slot = kind.slot(reading);
    return {
      code: COUNTED,
      index,
      kind,
      reading,
      observedAt,
      siteId: place.siteId,
      slot,
      windowS,
      windowStart,
    };
  };

  return {
    judge: (record, device) => {
      if (record.type !== 'telemetry') return [];
      const parsed = parseJson(record.payload);
      if (parsed === notJson) {
        return [refused('not-json', 0, `${record.payload.length} bytes that are not JSON in UTF-8`, null)];
      }
      if (!Array.isArray(parsed)) return [judgeReading(parsed, 0, record, device)];
      const judged = new Array<Judged>(parsed.length);
      for (let i = 0; i < parsed.length; i++) judged[i] = judgeReading(parsed[i], i, record, device);
      return judged;
    },
    admitPlain: (record, device, flows) => {
      if (record.type !== 'telemetry' || !readPlainFlows(record.payload, flows)) return false;
      for (let i = 0; i < flows.length; i++) {
        const observedAt = flows.observedAt[i]!;
        if (observedAt > record.receivedAt + bounds.aheadMs) return false;
        if (observedAt < record.receivedAt - bounds.behindMs) return false;
        const { last } = device;
        if ((observedAt < last.from || observedAt >= last.to) && 'reason' in device.placeAt(observedAt))
          return false;
        const periodS = flows.periodS[i]!;
        const windowStart = alignedStart(observedAt, periodS, offsetAt);
        if (windowStart === undefined) return false;
        flows.siteId[i] = last.siteId;
        flows.windowS[i] = Math.max(periodS, WINDOW_S);
        flows.windowStart[i] = windowStart;
      }
      return true;
    },
  };
}

interface KnownKind {
  kind: ReadingKind;
  valid: ValidateFunction;
}

/** zod is the source of truth; ajv, compiled from it, guards the hot path. */
function compileKinds(): Map<string, KnownKind> {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  return new Map(
    readingKinds.map((kind) => {
      const { $schema: _, ...schema } = z.toJSONSchema(kind.schema);
      return [kind.kind, { kind, valid: ajv.compile(schema) }];
    }),
  );
}

/** zod says what is wrong in words; only refused readings pay for it. */
function explain(kind: ReadingKind, value: unknown): string {
  const { error } = kind.schema.safeParse(value);
  if (!error) return 'the reading does not fit its schema';
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
    .join('; ');
}

const notJson = Symbol('not JSON');

function asciiText(bytes: Uint8Array): string {
  return Buffer.prototype.toString.call(bytes, 'latin1');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJson(payload: Uint8Array): unknown {
  try {
    const text = isAscii(payload) ? asciiText(payload) : utf8.decode(payload);
    const parsed: unknown = JSON.parse(text);
    return surrogate.test(text) && loneSurrogate.test(JSON.stringify(parsed)) ? notJson : parsed;
  } catch {
    return notJson;
  }
}

/** Half a character is no Unicode text; JSON.stringify writes only such halves as escapes, and a backslash as two. */
const surrogate = /\\u[dD][89a-fA-F]/;
const loneSurrogate = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;

function refused(
  reason: RejectionReason,
  index: number,
  detail: string,
  observedAt: Instant | null,
): Refused {
  return { code: rejectedAs(reason), index, detail, observedAt };
}

function clockDetail(observedAt: Instant, receivedAt: Instant, side: 'after' | 'before'): string {
  const apartS = Math.round(Math.abs(observedAt - receivedAt) / SECOND_MS);
  return `observed ${formatInstant(observedAt)}, ${apartS} s ${side} it was received`;
}

function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
