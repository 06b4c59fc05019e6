import type { Instant } from './instant.ts';

/** Whose clock a record follows: 'live', or 'recording:NAME'. */
export type ClockDomain = string;
export const LIVE: ClockDomain = 'live';

/**
 * 'telemetry': a device's message, as sent. 'end': the device's recording is over. 'readmit': an operator's order
 * to judge rejected records of this partition again.
 */
export type RecordType = 'telemetry' | 'end' | 'readmit';

export interface LogEntry {
  type: RecordType;
  /** The subject device: decides the partition. */
  deviceId: string;
  receivedAt: Instant;
  domain: ClockDomain;
  /** Exactly as sent. */
  payload: Uint8Array;
}

/** Positions of a partition count up from 0 without a gap. */
export interface LogRecord extends LogEntry {
  position: number;
}

/** Records that were durable once and can no longer be read: [from, to] positions, and where they stood. */
export interface Corruption {
  from: number;
  to: number;
  detail: string;
}

export interface LogBatch {
  partition: number;
  /** Ascending positions. Empty at most where `corrupt` is not. */
  records: LogRecord[];
  corrupt: Corruption[];
}

export interface EventLog {
  /** Fixed for the life of the log. */
  readonly partitions: number;
  /**
   * Resolves once every entry is durable; entries of one device keep their order. Many calls share one flush.
   * All go to `partition` where it is given, for what is about that partition: a device that another service partitions,
   * as IoT Hub does, need not stand where `partitionOf` says.
   * @throws LogUnavailable when nothing of this call may be acknowledged (disk full, owner lost).
   */
  append(entries: readonly LogEntry[], partition?: number): Promise<void>;
  /**
   * Records after position `after` (-1: from the oldest kept), never past the durable end; waits for more until
   * `signal` aborts, then ends without an error.
   */
  read(partition: number, after: number, signal: AbortSignal): AsyncIterable<LogBatch>;
  /** The last durable position by partition; -1 where there is none. */
  ends(): Promise<number[]>;
  /** The first position still kept, by partition. */
  starts(): Promise<number[]>;
  close(): Promise<void>;
}

export class LogUnavailable extends Error {
  override name = 'LogUnavailable';
}

/** FNV-1a over UTF-16 code units: the same device always meets the same partition. */
export function partitionOf(deviceId: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < deviceId.length; i++) hash = Math.imul(hash ^ deviceId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % partitions;
}
