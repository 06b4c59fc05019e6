import * as z from 'zod';
import { envelope, type ReadingKind } from './reading-kind.ts';

/** Indiana high-resolution codes (INDOT / Purdue enumerations): 82 detector on, 81 detector off, 1 phase green, ... */
export const DETECTOR_OFF = 81;
export const DETECTOR_ON = 82;

const schema = z.strictObject({
  kind: z.literal('signal-event'),
  ...envelope,
  eventCode: z.int().min(0).max(65_535),
  /** Phase, channel or other number, as the event code says; vendors' own codes (from 200) send -1 too. */
  parameter: z.int().min(-32_768).max(65_535),
});

export type SignalEvent = z.infer<typeof schema>;

const ofDetector = (r: SignalEvent): boolean => r.eventCode === DETECTOR_ON || r.eventCode === DETECTOR_OFF;

export const signalEvent: ReadingKind<SignalEvent> = {
  kind: 'signal-event',
  schema,
  // A detector event's lane is its channel.
  slot: (r) => ({ subject: '', direction: '', lane: ofDetector(r) ? r.parameter : 0 }),
  periodS: () => 0,
  identity: (r, observedAt) => `${observedAt}/${r.eventCode}/${r.parameter}`,
  content: (r) => [r.eventCode, r.parameter],
  impossible: (r) =>
    ofDetector(r) && r.parameter < 0 ? `parameter ${r.parameter} is no detector channel` : undefined,
};
