import * as z from 'zod';
import { type Instant, instantPattern, parseInstant } from '../instant.ts';

/** Fields every reading carries on the wire. `seq` only serves to see losses: it is no part of identity or content. */
export const envelope = {
  /** Schema version; absent means 1. */
  v: z.literal(1).optional(),
  /** Start of the interval of `periodS`, or the instant; RFC 3339 with an offset. */
  observedAt: z.string().regex(new RegExp(instantPattern)),
  seq: z.int().min(0).optional(),
  /** The feed that made this reading of a foreign message, with its version, such as `hfp/1`. No content either. */
  feed: z.string().min(1).max(64).optional(),
};

export const name = z.string().min(1).max(128);

/**
 * A reading's values in fixed integer units, in a fixed order: what is compared to tell a duplicate from a
 * restatement, and all that a window is computed from. A value is rounded once, here.
 */
export type Content = readonly (number | string | null)[];

/** Where a reading belongs within its device: each slot has windows, and each subject an event time, of its own. */
export interface Slot {
  /** The vehicle a reading names, or '' for the device itself. */
  subject: string;
  /** As sent, or ''. */
  direction: string;
  /** 1 and up, counted from the kerb; 0 where the reading covers all lanes together. */
  lane: number;
}

/** A kind of reading: its wire schema and the few facts that admission and windows need. */
export interface ReadingKind<R extends Reading = Reading> {
  kind: R['kind'];
  schema: z.ZodType<R>;
  slot(reading: R): Slot;
  /** Interval length in seconds; 0 for an instant. */
  periodS(reading: R): number;
  /** With the slot and the window, names the reading: what has the same identity is the same observation. */
  identity(reading: R, observedAt: Instant): string | number;
  content(reading: R): Content;
  /** Why the reading can not be true of this world, with a hint at the usual mistake; or `undefined`. */
  impossible(reading: R): string | undefined;
}

/** Any reading as it is on the wire. */
export interface Reading {
  kind: string;
  observedAt: string;
  seq?: number | undefined;
}

export const wholeDevice: Slot = { subject: '', direction: '', lane: 0 };

/** A value in units of 1/`scale`, rounded half up once; `null` where the reading has none. */
export function fixed(value: number | undefined, scale: number): number | null {
  return value === undefined ? null : Math.round(value * scale);
}

/** A moment in a reading's content: milliseconds since 1970, `null` where there is none. */
export function moment(text: string | undefined): number | null {
  return text === undefined ? null : (parseInstant(text) ?? null);
}

/** Why a text that looks like a moment is none, such as 30 February. */
export function noMoment(...texts: (string | undefined)[]): string | undefined {
  const wrong = texts.find((text) => text !== undefined && parseInstant(text) === undefined);
  return wrong === undefined ? undefined : `${wrong} is no moment that exists`;
}

export const instantText = z.string().regex(new RegExp(instantPattern));

/** Time of the service day, HH:MM:SS; after midnight 24:00:00 and up. */
export const serviceTime = z.string().regex(/^\d{2}:[0-5]\d:[0-5]\d$/);

/** How a trip relates to the timetable. */
export const tripRelationship = z.enum([
  'scheduled',
  'added',
  'unscheduled',
  'canceled',
  'replacement',
  'duplicated',
  'deleted',
]);

export function impossiblePosition(lat: number, lon: number): string | undefined {
  return lat === 0 && lon === 0 ? 'position is 0, 0: the receiver had no fix' : undefined;
}

/** The wire fields of a kind. */
export function fieldNames(kind: ReadingKind): string[] {
  return Object.keys((kind.schema as unknown as z.ZodObject).shape);
}
