/**
 * Why a reading was refused: the closed list. The codes in stored outcome bytes follow its order: append, never reorder.
 */
export const rejectionReasons = [
  'not-json',
  'unknown-kind',
  'schema',
  'unknown-device',
  'retired-device',
  'unknown-installation',
  'retired-installation',
  'impossible',
  'period',
  'unusable',
] as const;

export type RejectionReason = (typeof rejectionReasons)[number];

/** A data fault, as a value: the closed reason and a sentence for the person who mends it. */
export interface Rejection {
  reason: RejectionReason;
  detail: string;
}

export type OutcomeName = 'counted' | 'duplicate' | 'restated' | 'rejected' | 'quarantined';

/** What became of a reading. `reason` is '' for the first three. */
export interface Outcome {
  outcome: OutcomeName;
  reason: '' | RejectionReason | 'ahead' | 'behind';
}

/** Every outcome there is; a reading's outcome is stored as one byte, the index into this list. */
export const outcomes: readonly Outcome[] = [
  { outcome: 'counted', reason: '' },
  { outcome: 'duplicate', reason: '' },
  { outcome: 'restated', reason: '' },
  { outcome: 'quarantined', reason: 'ahead' },
  { outcome: 'quarantined', reason: 'behind' },
  ...rejectionReasons.map((reason): Outcome => ({ outcome: 'rejected', reason })),
];

export type OutcomeCode = number;

export const COUNTED: OutcomeCode = 0;
export const DUPLICATE: OutcomeCode = 1;
export const RESTATED: OutcomeCode = 2;
export const AHEAD: OutcomeCode = 3;
export const BEHIND: OutcomeCode = 4;

export function rejectedAs(reason: RejectionReason): OutcomeCode {
  return 5 + rejectionReasons.indexOf(reason);
}
