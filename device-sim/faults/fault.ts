import type { Instant } from '#domain/instant.ts';

/** How sensors and their lines fail. */
export const faultKinds = [
  /** Readings get lost on the way: a `share` of them. */
  'lose',
  /** A `share` of the readings is sent again, at once or later. */
  'repeat',
  /** The line is down; all that was measured comes when it is back. */
  'delay',
  /** Readings overtake each other, within messages and between them. */
  'reorder',
  /** A `share` of the readings is sent again, corrected. */
  'restate',
  /** The clock is an hour off: `clockOffsetS`. */
  'clock-hour',
  /** The clock is some minutes off: `clockOffsetS`. */
  'clock-minutes',
  /** The same values, minute after minute. */
  'stuck',
  /** Nothing is sent, nothing is kept. */
  'silent',
  /** The detector flickers: vehicles are counted that were not there. */
  'chattering',
  /** 15 % of the vehicles are not seen. */
  'undercount',
  /** The lanes are wired in the wrong order. */
  'swapped-lanes',
  /** The sensor reports the other carriageway's traffic as its own. */
  'swapped-directions',
  /** A roadside cabinet without power: all its sensors are silent. */
  'dead-cabinet',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** A planted fault: these devices, in [from, to). */
export interface Fault {
  faultId: string;
  kind: FaultKind;
  deviceIds: readonly string[];
  from: Instant;
  /** Infinity while nobody has mended it. */
  to: Instant;
  share?: number;
  /** What the device's clock shows, less the true time. */
  clockOffsetS?: number;
}

export const UNDERCOUNT_SHARE = 0.15;
