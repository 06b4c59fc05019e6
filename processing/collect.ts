import type { Instant } from '#domain/instant.ts';
import type { Commit } from '#domain/store.ts';
import type { WindowRow } from '#domain/window.ts';
import { changedRows, settleLedger } from './ledger-counts.ts';
import { latestObservation, memberCount, textOfMembers } from './members.ts';
import type { PartitionState } from './partition-state.ts';
import { forgetPublished, type SiteWindow, type SlotWindow, serialiseStream } from './streams.ts';
import { addMembers } from './window-values.ts';

/** Seconds that `siteId`'s installation of the device should have covered in a window; null where it promises none. */
export type ExpectedS = (
  deviceId: string,
  siteId: string,
  at: Instant,
  slot: { direction: string; lane: number; windowS: number },
) => number | null;

/**
 * Everything changed since the last `settle`. Each row is made when it is asked for, and can be asked for again: a
 * commit of many windows holds one of them in memory at a time.
 */
export function changesOf(
  { partition, changed, touched }: PartitionState,
  expectedS: ExpectedS,
): Pick<Commit, 'windows' | 'ledger' | 'state'> {
  return {
    windows: again(function* () {
      for (const window of changed) {
        for (const site of window.sites)
          if (site.changed) yield windowRow(window, site, partition, expectedS);
      }
    }),
    ledger: again(function* () {
      for (const { ledger, deviceId } of touched) yield* changedRows(ledger, partition, deviceId);
    }),
    state: again(function* () {
      for (const device of touched) yield { key: device.deviceId, value: serialiseStream(device, partition) };
    }),
  };
}

function again<T>(rows: () => Generator<T, void, void>): Iterable<T> {
  return { [Symbol.iterator]: rows };
}

/** After the changes were stored. Published windows leave the memory: the store has them. Returns the windows stored. */
export function settle(state: PartitionState): number {
  let windows = 0;
  for (const window of state.changed) {
    for (const site of window.sites) {
      if (site.changed) windows += 1;
      site.changed = false;
    }
  }
  for (const { listed, slot } of state.changed) if (listed) forgetPublished(slot, state.spare);
  state.changed.length = 0;
  for (const device of state.touched) {
    device.touched = false;
    settleLedger(device.ledger);
  }
  state.touched.length = 0;
  return windows;
}

function windowRow(
  { slot, startAt }: SlotWindow,
  site: SiteWindow,
  partition: number,
  expectedS: ExpectedS,
): WindowRow {
  const { kind, direction, lane, windowS, stream } = slot;
  const { deviceId } = stream.device;
  const { siteId, revision, reason } = site;
  const row: WindowRow = {
    kind,
    deviceId,
    subject: stream.subject,
    siteId,
    direction,
    lane,
    windowS,
    startAt,
    readings: memberCount(site),
    observedS: 0,
    count: null,
    countS: 0,
    classCounts: {},
    occupancyMicroS: 0,
    occupancyS: 0,
    paceMicroS: 0,
    paceCount: 0,
    speedMilliS: 0,
    speedS: 0,
    speedHistogram: [],
    histogramBasis: null,
    expectedS: expectedS(deviceId, siteId, latestObservation(site, startAt), slot),
    revision,
    reason,
    members: textOfMembers(site, partition, startAt),
  };
  addMembers(row, kind, site);
  return row;
}
