import type { Container } from '@azure/cosmos';
import type { Instant } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { outcomes } from '#domain/outcome.ts';
import { type DocumentName, documentId } from './document.ts';
import { type Change, documents } from './documents.ts';

/** A device's counts of one hour received. `outcome` is the index into `outcomes`. */
export type HourValue = [hourObserved: Instant | null, outcome: number, readings: number, late: number][];

export function ledgerDocuments(container: Container) {
  return documents<HourValue>(container);
}

export function hourName(partition: number, deviceId: string, hourReceived: Instant): DocumentName {
  return { id: documentId(partition, hourReceived), partitionKey: deviceId };
}

export function toLedgerRows(
  partition: number,
  deviceId: string,
  hourReceived: Instant,
  value: HourValue,
): LedgerRow[] {
  return value.map(([hourObserved, outcome, readings, late]) => ({
    partition,
    deviceId,
    hourReceived,
    hourObserved,
    ...outcomes[outcome]!,
    readings,
    late,
  }));
}

/** One change for each device and hour received: the rows that came replace theirs, the others stay. */
export function ledgerChanges(rows: Iterable<LedgerRow>): Change<HourValue>[] {
  const hours = Map.groupBy(rows, (r) => `${r.deviceId}\n${r.hourReceived}`);
  return [...hours.values()].map((together) => {
    const { partition, deviceId, hourReceived } = together[0]!;
    return {
      name: hourName(partition, deviceId, hourReceived),
      fields: { deviceId, hourReceived },
      value: (before = []) => mergedHour(before, together),
    };
  });
}

/** The counts that these rows replace, and the others as they were. */
export function mergedHour(before: HourValue, rows: readonly LedgerRow[]): HourValue {
  const cells = new Map(before.map((cell) => [`${cell[0]}/${cell[1]}`, cell]));
  for (const { hourObserved, outcome, reason, readings, late } of rows) {
    const code = outcomes.findIndex((o) => o.outcome === outcome && o.reason === reason);
    cells.set(`${hourObserved}/${code}`, [hourObserved, code, readings, late]);
  }
  return [...cells.values()];
}
