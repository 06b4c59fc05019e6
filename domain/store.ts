import type { Instant } from './instant.ts';
import type { DoorRow, LedgerRow } from './ledger.ts';
import type { Corruption } from './log.ts';
import type { RejectionReason } from './outcome.ts';
import type { WindowKey, WindowRow } from './window.ts';

/** Where processing of a partition has come to. `received` in every ledger runs up to here. */
export interface Checkpoint {
  partition: number;
  /** The last position whose outputs are stored; -1 before the first. */
  position: number;
}

/** The outcomes of every reading in a range of positions, one byte each (an index into `outcomes`). */
export interface OutcomeChunk {
  partition: number;
  /** First and last position covered, both inclusive; every position between is covered. */
  from: number;
  to: number;
  /** The registry version by which the range was judged. */
  registryVersion: number;
  /**
   * For each position in turn, the number of its readings as a LEB128 varint, then one byte a reading.
   * Control records and corrupt positions have 0 readings.
   */
  bytes: Uint8Array;
}

/** Refused readings of one record for one reason: a place in the log, not a copy. */
export interface DeadLetter {
  partition: number;
  position: number;
  /** Rejection reason, or 'ahead' / 'behind' for quarantine. */
  reason: RejectionReason | 'ahead' | 'behind';
  deviceId: string;
  receivedAt: Instant;
  /** Indices of the readings within the record. */
  indices: number[];
  /** The sentence for the first of them. */
  detail: string;
}

/** A reading whose outcome was judged again by an operator's order. */
export interface Readmission {
  partition: number;
  position: number;
  index: number;
  /** Position of the order in the same partition: from there on the reading counts in the log's order. */
  via: number;
  registryVersion: number;
}

/**
 * Everything one step of processing wrote: stored as a whole or not at all. What is iterable is made row by row and can
 * be iterated again.
 */
export interface Commit {
  checkpoint: Checkpoint;
  windows: Iterable<WindowRow>;
  ledger: Iterable<LedgerRow>;
  outcomes: readonly OutcomeChunk[];
  deadLetters: readonly DeadLetter[];
  /** Dead letters settled by readmission: these rows replace (or with no indices, remove) what was there. */
  readmissions: readonly Readmission[];
  corrupt: readonly Corruption[];
  /** Opaque state of streams touched since the last commit, by stream key; null removes one. */
  state: Iterable<{ key: string; value: string | null }>;
}

/** Names the windows of one slot and start, at whatever site: what an identity can be found in. */
export type SlotKey = Omit<WindowKey, 'siteId'>;

/**
 * The store can not be read or take a commit now (disk full, locked, throttled, out of reach): nothing of the commit
 * counts; try again later.
 */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/** Another process has taken the partition over: nothing of the commit counts, and whoever asked must stop. */
export class OwnershipLost extends Error {
  override name = 'OwnershipLost';
}

/**
 * Outputs, ledger, state and checkpoint. Where partitions change hands, asking for a partition's checkpoint takes it
 * over: from then on whoever had it before meets OwnershipLost.
 */
export interface Store {
  checkpoint(partition: number): Promise<Checkpoint>;
  loadState(partition: number): Promise<{ key: string; value: string }[]>;
  loadWindows(partition: number, keys: readonly SlotKey[]): Promise<WindowRow[]>;
  /** Ledger rows of these devices and hours received, all outcomes. */
  loadLedger(
    partition: number,
    keys: readonly { deviceId: string; hourReceived: Instant }[],
  ): Promise<LedgerRow[]>;
  loadOutcomes(partition: number, position: number): Promise<OutcomeChunk | undefined>;
  loadDeadLetters(partition: number, position: number): Promise<DeadLetter[]>;
  /**
   * A window is written only over a smaller revision. @throws StoreUnavailable, OwnershipLost; any other error is our
   * bug, such as an equal revision with other content.
   */
  commit(commit: Commit): Promise<void>;
}

/** What names a window besides its start. */
export type Series = Omit<WindowKey, 'startAt'>;

/** A stored window without its members. */
export interface WindowText {
  /** The same object for every window of a series. */
  series: Series;
  startAt: Instant;
  revision: number;
  reason: string;
  /** The JSON array of `figureNames`. */
  figures: string;
}

type Rows<T> = Iterable<T> | AsyncIterable<T>;

/** What the lake exporter reads, all of it as of `checkpoints`. */
export interface ExportSource {
  checkpoints(): Promise<Checkpoint[]>;
  /** Chunks that reach beyond position `after`, ascending. */
  outcomes(partition: number, after: number): Rows<OutcomeChunk>;
  readmissions(): Promise<Readmission[]>;
  /** UTC days (start instants) whose windows changed since an earlier `upTo` ('' for all there are): the source's own text. */
  changedDays(since: string): Promise<{ days: Instant[]; upTo: string }>;
  /** Windows that start in [from, to). */
  windowTexts(from: Instant, to: Instant): Rows<WindowText>;
  ledger(): Rows<LedgerRow>;
  door(): Rows<DoorRow>;
}
