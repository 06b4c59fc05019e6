import type { Corruption } from '#domain/log.ts';

/** One thing that is not as it should be: what, how, and both sides. */
export interface Difference {
  /** The record, reading, window or row, named so that it can be found. */
  thing: string;
  problem: string;
  /** What the archive makes of it; null where there should be nothing. */
  expected: string | null;
  /** What is published or stored; null where there is nothing. */
  found: string | null;
}

export interface CheckResult {
  name: string;
  question: string;
  /** Records, readings, windows or rows looked at. */
  examined: number;
  differences: number;
  /** The first differences, by name. */
  sample: Difference[];
  tookMs: number;
}

/** Positions that were processed, or handed out, and have no archived record. */
export interface Gap {
  partition: number;
  from: number;
  to: number;
  /** When the records on either side were received, ISO 8601; null at the start and end of the log. */
  receivedFrom: string | null;
  receivedTo: string | null;
  /** The log's own word on it, where the records are known to be corrupt: stepped over, and part of no figure. */
  corruption: string | null;
}

/** expected = observed + missing, in seconds, of one UTC hour observed. */
export interface PromisedHour {
  hourAt: string;
  expectedS: number;
  observedS: number;
  missingS: number;
}

export interface AuditResult {
  /** No difference, and nothing that could not be audited: exit code 0. */
  ok: boolean;
  checks: CheckResult[];
  /** False where a period has no archive. */
  auditable: boolean;
  /** Stretches of the log without archive. Figures that they may have touched are not compared. */
  notAuditable: Gap[];
  /** Stretches that the log itself lost, and names. */
  corrupt: Gap[];
  /** Devices and observed hours whose figures were not compared. */
  deviceHoursNotAudited: number;
  /** Windows that readings make and that are rightly not yet published. */
  openWindows: number;
  /** Records in the log that are newer than the archive. */
  recordsNotYetArchived: number;
  promisedHours: PromisedHour[];
}

export interface CorruptRange extends Corruption {
  partition: number;
}
