import type { Instant } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { type HourValue, mergedHour, toLedgerRows } from './ledger-documents.ts';

/**
 * The counts of each device's newest hour received, as they stand in the partition's blob: as a document each would be
 * written anew with nearly every message. Once the device has gone on to a later hour they settle into a document.
 */
type RecentHours = ReadonlyMap<string, string>;

type RecentHour = [hourReceived: Instant, value: HourValue];

/** Splits a commit's rows: what changes in the blob, and the rows that go into documents. */
export function settleHours(
  recent: RecentHours,
  rows: Iterable<LedgerRow>,
): { hours: { key: string; value: string }[]; settled: LedgerRow[] } {
  const changed = new Map<string, RecentHour>();
  const settled: LedgerRow[] = [];
  for (const [deviceId, own] of Map.groupBy(rows, (row) => row.deviceId)) {
    let newest = readHour(recent, deviceId);
    const hours = [...Map.groupBy(own, (row) => row.hourReceived)].sort(([a], [b]) => a - b);
    for (const [hourReceived, together] of hours) {
      if (newest && hourReceived < newest[0]) {
        settled.push(...together);
        continue;
      }
      const { partition } = together[0]!;
      if (newest && hourReceived > newest[0]) settled.push(...toLedgerRows(partition, deviceId, ...newest));
      const before = newest?.[0] === hourReceived ? newest[1] : [];
      newest = [hourReceived, mergedHour(before, together)];
      changed.set(deviceId, newest);
    }
  }
  return { hours: [...changed].map(([key, hour]) => ({ key, value: JSON.stringify(hour) })), settled };
}

/** The rows of a device's hour; undefined where they do not stand here. */
export function recentRows(
  recent: RecentHours,
  partition: number,
  deviceId: string,
  hourReceived: Instant,
): LedgerRow[] | undefined {
  const hour = readHour(recent, deviceId);
  return hour?.[0] === hourReceived ? toLedgerRows(partition, deviceId, ...hour) : undefined;
}

export function* allRecentRows(recent: RecentHours, partition: number): Generator<LedgerRow, void, void> {
  for (const deviceId of recent.keys()) {
    yield* toLedgerRows(partition, deviceId, ...readHour(recent, deviceId)!);
  }
}

function readHour(recent: RecentHours, deviceId: string): RecentHour | undefined {
  const text = recent.get(deviceId);
  return text === undefined ? undefined : (JSON.parse(text) as RecentHour);
}
