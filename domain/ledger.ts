import type { Instant } from './instant.ts';
import type { Outcome } from './outcome.ts';

/**
 * received = counted + duplicate + restated + rejected(reason) + quarantined(ahead | behind): how many readings of
 * one device, received in one hour and observed in another, met one outcome. Absolute, never incremented.
 */
export interface LedgerRow extends Outcome {
  partition: number;
  deviceId: string;
  hourReceived: Instant;
  /** null where the observation time can not be trusted: unreadable or quarantined. */
  hourObserved: Instant | null;
  readings: number;
  /** Of which came after their window was published. Outside the sum; depends on arrival, so not part of equality. */
  late: number;
}

/** What never entered the log, refused at the door: by reason, counted apart. */
export interface DoorRow {
  reason: string;
  /** The authenticated device, or '' where nobody was. Bounded: one row per known device. */
  deviceId: string;
  hourReceived: Instant;
  refused: number;
}
