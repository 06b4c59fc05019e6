import type { LedgerRow } from '#domain/ledger.ts';
import type { WindowRow } from '#domain/window.ts';
import { windowRow } from '../../contract/store.contract.ts';

export const HOUR = Date.UTC(2026, 2, 2, 8);

export { commit as commitOf } from '../../contract/store.contract.ts';

export function counted(readings: number, hourReceived = HOUR): LedgerRow {
  const outcome = { outcome: 'counted', reason: '' } as const;
  return { partition: 0, deviceId: 'loop', hourReceived, hourObserved: HOUR, ...outcome, readings, late: 0 };
}

export function slotOf({ kind, deviceId, subject, direction, lane, windowS, startAt }: WindowRow) {
  return { kind, deviceId, subject, direction, lane, windowS, startAt };
}

export { windowRow };
