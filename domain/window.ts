import type { Instant } from './instant.ts';
import type { Content } from './readings/reading-kind.ts';

/** The shortest window; readings of a longer, aligned period make windows of their own length. */
export const WINDOW_S = 300;

/** Names a window. `lane` 0 and '' stand for "all together" and "none". */
export interface WindowKey {
  kind: string;
  deviceId: string;
  /** Vehicle or link with an event time of its own, or ''. */
  subject: string;
  /** Where the device stood, by the registry. */
  siteId: string;
  /** As sent, or ''. */
  direction: string;
  lane: number;
  /** Length in seconds: 300, or a longer reading's own period. */
  windowS: number;
  startAt: Instant;
}

/** One content that an identity had, and the place in the log it came from. */
export interface MemberEntry {
  partition: number;
  position: number;
  index: number;
  /**
   * The position from which this entry counts in the order of the log: its own, or that of the order to readmit.
   */
  orderedAt: number;
  content: Content;
}

/** One observation in a window: the content that counts, the last in the order of the log, and those before it. */
export interface Member extends MemberEntry {
  identity: string | number;
  observedAt: Instant;
  /** Distinct contents that this one restated, first first. */
  earlier: MemberEntry[] | undefined;
}

/** Whose speeds the histogram holds: drivers', or interval means weighted by vehicles or by seconds. */
export type HistogramBasis = 'drivers' | 'means-by-count' | 'means-by-time';

/**
 * A window's published figures: integers in fixed units, so that merging windows is exact in any order.
 * Derived figures: flow = count * 3600 / countS; occupancy = occupancyMicroS / occupancyS / 1e6;
 * speed = 3.6e9 * paceCount / paceMicroS (harmonic, weighted by vehicles), else speedMilliS / speedS / 1000
 * (arithmetic, weighted by time, for speeds that came without counts).
 */
export interface WindowValues {
  /** Identities that count. */
  readings: number;
  /** Seconds those readings cover; 0 for instants. */
  observedS: number;
  /** Vehicles (or actuations, for signal events); null where nothing was counted. */
  count: number | null;
  /** Seconds covered by readings with a count. */
  countS: number;
  classCounts: Record<string, number>;
  /** Sum of occupancy in millionths x seconds. */
  occupancyMicroS: number;
  occupancyS: number;
  /** Sum over vehicles of microseconds per kilometre. */
  paceMicroS: number;
  /** Vehicles whose pace is known. */
  paceCount: number;
  /** Sum of speed in thousandths of km/h x seconds, of speeds that came without counts. */
  speedMilliS: number;
  speedS: number;
  /** Ascending [km/h, weight] pairs; a bin holds [km/h, km/h + 1). */
  speedHistogram: [number, number][];
  histogramBasis: HistogramBasis | null;
  /** Seconds the installation should have covered in this window; null where it promises no period. */
  expectedS: number | null;
}

/** Why a window changed after it was published; 'published' for revision 0. */
export type RevisionReason = 'published' | 'late' | 'restated' | 'readmitted' | 'moved';

export interface WindowRow extends WindowKey, WindowValues {
  /** Changes since the first publication. */
  revision: number;
  reason: RevisionReason;
  /** Its members as JSON text: see `member-text.ts`. */
  members: string;
}

/** The figures of a window in the order in which a store keeps them, as a JSON array. */
export const figureNames = [
  'readings',
  'observedS',
  'count',
  'countS',
  'classCounts',
  'occupancyMicroS',
  'occupancyS',
  'paceMicroS',
  'paceCount',
  'speedMilliS',
  'speedS',
  'speedHistogram',
  'histogramBasis',
  'expectedS',
] as const satisfies readonly (keyof WindowValues)[];
