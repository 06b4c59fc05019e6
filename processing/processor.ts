import { hourOf, type Instant } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { LIVE, type LogRecord } from '#domain/log.ts';
import { readMembersText } from '#domain/member-text.ts';
import { COUNTED, DUPLICATE, type OutcomeCode, RESTATED } from '#domain/outcome.ts';
import { flowIdentity, trafficFlow } from '#domain/readings/traffic-flow.ts';
import type { SlotKey } from '#domain/store.ts';
import type { WindowRow } from '#domain/window.ts';
import type { Admitted, Judged } from './admission.ts';
import { type Identified, identify, isMember, siteWindow } from './identity.ts';
import { addToLedger, loadHour, mustLoad } from './ledger-counts.ts';
import { addMember, addPlain, CLASS_COUNTS, takesPlain } from './members.ts';
import { listChanged, type PartitionState, touch } from './partition-state.ts';
import { contentOf, MOST_CLASSES, type PlainFlows } from './plain-flows.ts';
import {
  type DeviceStream,
  findSlot,
  findSubject,
  findWindow,
  newSiteWindow,
  type SlotWindow,
  type SlotWindows,
  type SubjectStream,
  slotOf,
  subjectOf,
  subjectsOf,
  windowOf,
} from './streams.ts';

export interface ClosingRule {
  /** A window closes when later readings of its own stream have passed its end by this much. */
  graceMs: number;
  /** Or when live time has passed its end by this much; never for recordings. */
  idleMs: number;
}

export const usualClosing: ClosingRule = { graceMs: 60_000, idleMs: 600_000 };

export interface JudgedRecord {
  record: LogRecord;
  device: DeviceStream;
  judged: readonly Judged[];
}

/** Stored rows that must be in the state before a batch is processed. */
export interface Missing {
  slots: SlotKey[];
  ledger: { deviceId: string; hourReceived: Instant }[];
}

/** Windows, event time and ledger of one partition: no I/O, no clock, no randomness; time comes with the records. */
export function processor(closing: ClosingRule) {
  /** What the store must supply before these records can be processed, given that nothing newer is stored; undefined: nothing. */
  const missing = (batch: readonly JudgedRecord[]): Missing | undefined => {
    let slots: Map<string, SlotKey> | undefined;
    let ledger: Map<string, { deviceId: string; hourReceived: Instant }> | undefined;
    for (const { record, device, judged } of batch) {
      const { deviceId } = device;
      const hourReceived = hourOf(record.receivedAt);
      if (mustLoad(device.ledger, hourReceived)) {
        ledger ??= new Map();
        ledger.set(`${deviceId}/${hourReceived}`, { deviceId, hourReceived });
      }
      for (const j of judged) {
        if (!isAdmitted(j)) continue;
        const { subject, direction, lane } = j.slot;
        const stream = findSubject(device, subject);
        const slot = stream && findSlot(stream.slots, j.kind.kind, j.slot, j.windowS);
        if (slot) j.found = { stream, slot };
        if (!slot || j.windowStart > slot.frontier || findWindow(slot, j.windowStart)) continue;
        const { kind, windowS } = slot;
        const startAt = j.windowStart;
        const key = `${deviceId}/${subject}/${kind}/${direction}/${lane}/${windowS}/${startAt}`;
        slots ??= new Map();
        slots.set(key, { kind, deviceId, subject, direction, lane, windowS, startAt });
      }
    }
    return slots || ledger
      ? { slots: [...(slots?.values() ?? [])], ledger: [...(ledger?.values() ?? [])] }
      : undefined;
  };

  const provide = (
    state: PartitionState,
    missing: Missing,
    rows: readonly WindowRow[],
    ledgerRows: readonly LedgerRow[],
  ): void => {
    const ledger = Map.groupBy(ledgerRows, (r) => `${r.deviceId}/${r.hourReceived}`);
    for (const { deviceId, hourReceived } of missing.ledger) {
      const rows = ledger.get(`${deviceId}/${hourReceived}`) ?? [];
      loadHour(state.devices.get(deviceId)!.ledger, hourReceived, rows);
    }
    for (const row of rows) {
      const device = state.devices.get(row.deviceId)!;
      const slot = slotOf(subjectOf(device, row.subject), row.kind, row, row.windowS);
      const window = windowOf(slot, row.startAt, state.spare);
      const { siteId, revision, reason } = row;
      const site = newSiteWindow(window, siteId, revision, reason);
      for (const m of readMembersText(row.members, row.startAt)) addMember(site, m);
      // Loaded windows leave memory at the next collect, changed or not.
      listChanged(state, window);
    }
  };

  /** Outcome of each reading, in order. `orderedAt` is the record's own position, unless an order readmits it. */
  const onRecord = (
    state: PartitionState,
    { record, device, judged }: JudgedRecord,
    orderedAt = record.position,
    readmitted = false,
  ): OutcomeCode[] => {
    touch(state, device);
    device.domain = record.domain;
    if (record.domain === LIVE && record.receivedAt > state.liveTime) state.liveTime = record.receivedAt;
    const hourReceived = hourOf(record.receivedAt);
    const codes = new Array<OutcomeCode>(judged.length);
    for (let i = 0; i < judged.length; i++) {
      const j = judged[i]!;
      let code = j.code;
      let late = 0;
      if (isAdmitted(j)) {
        const placed = place(state, device, record, j, orderedAt, readmitted);
        code = placed & 63;
        late = placed >> 6;
      }
      addToLedger(device.ledger, hourReceived, j.observedAt, code, 1, late);
      codes[i] = code;
    }
    if (record.type === 'end') closeDevice(state, device);
    return codes;
  };

  /** The outcome, plus 64 where the reading came late. */
  const place = (
    state: PartitionState,
    device: DeviceStream,
    record: LogRecord,
    j: Admitted,
    orderedAt: number,
    readmitted: boolean,
  ): number => {
    const { subject } = j.slot;
    const stream = j.found?.stream ?? subjectOf(device, subject);
    const slot = j.found?.slot ?? slotOf(stream, j.kind.kind, j.slot, j.windowS);
    const window = windowOf(slot, j.windowStart, state.spare);
    const result = identify(window, j.siteId, {
      identity: j.kind.identity(j.reading, j.observedAt),
      observedAt: j.observedAt,
      partition: state.partition,
      position: record.position,
      index: j.index,
      orderedAt,
      content: j.kind.content(j.reading),
      earlier: undefined,
    });
    return settle(state, window, j.observedAt, result, readmitted);
  };

  /** What follows from a reading that has found its window: revisions, event time, closing. */
  const settle = (
    state: PartitionState,
    window: SlotWindow,
    observedAt: Instant,
    result: Identified,
    readmitted: boolean,
  ): number => {
    const { slot } = window;
    const { stream } = slot;
    if (window.startAt > slot.frontier) slot.frontier = window.startAt;
    const windowEnd = window.startAt + slot.windowS * 1_000;
    if (windowEnd < stream.nextCloseAt) stream.nextCloseAt = windowEnd;
    const passed = windowEnd <= stream.eventTime - closing.graceMs;
    const revised = revise(result, readmitted);
    // A window published at one site is published at the site to which a reading moves.
    if (revised && result.moved) publish(window);
    if (revised) listChanged(state, window);
    if (observedAt > stream.eventTime) stream.eventTime = observedAt;
    closePassed(state, stream, stream.eventTime - closing.graceMs);
    return result.outcome + ((revised || passed) && result.outcome !== DUPLICATE ? 64 : 0);
  };

  /**
   * Takes a record of plain flows whose windows are open or new, and fills in their outcomes. False, with nothing
   * done, where the store must be asked first or a stream is yet to be made.
   */
  const onPlain = (
    state: PartitionState,
    record: LogRecord,
    device: DeviceStream,
    flows: PlainFlows,
  ): boolean => {
    const hourReceived = hourOf(record.receivedAt);
    if (mustLoad(device.ledger, hourReceived)) return false;
    const stream = device.own;
    for (let i = 0; i < flows.length; i++) {
      const slot = findPlainSlot(stream, flows, i);
      if (!slot) return false;
      const start = flows.windowStart[i]!;
      if (start <= slot.frontier && !findWindow(slot, start)) return false;
      flows.slot[i] = slot;
    }
    touch(state, device);
    device.domain = record.domain;
    if (record.domain === LIVE && record.receivedAt > state.liveTime) state.liveTime = record.receivedAt;
    for (let i = 0; i < flows.length; i++) {
      const placed = placePlain(state, record, flows, i);
      const code = placed & 63;
      flows.code[i] = code;
      addToLedger(device.ledger, hourReceived, flows.observedAt[i]!, code, 1, placed >> 6);
    }
    return true;
  };

  const placePlain = (state: PartitionState, record: LogRecord, flows: PlainFlows, i: number): number => {
    const { position } = record;
    const slot = flows.slot[i]!;
    const observedAt = flows.observedAt[i]!;
    const periodS = flows.periodS[i]!;
    const identity = flowIdentity(observedAt, periodS);
    const window = windowOf(slot, flows.windowStart[i]!, state.spare);
    const classes = flows.classes[i]!;
    const site = isMember(window, identity) ? undefined : siteWindow(window, flows.siteId[i]!);
    let result = counted;
    if (!site || !takesPlain(site, classes)) {
      result = identify(window, flows.siteId[i]!, {
        identity,
        observedAt,
        partition: state.partition,
        position,
        index: i,
        orderedAt: position,
        content: contentOf(flows, i),
        earlier: undefined,
      });
    } else {
      const at = addPlain(
        site,
        identity,
        observedAt,
        position,
        i,
        position,
        periodS,
        flows.count[i]!,
        flows.speedMilliKmh[i]!,
        flows.occupancyMicro[i]!,
      );
      for (let k = 0; k < classes.names.length; k++)
        site.plain[at + CLASS_COUNTS + k] = flows.classCounts[MOST_CLASSES * i + k]!;
      if (site.revision >= 0) result = { outcome: COUNTED, changed: [site], moved: false };
    }
    return settle(state, window, observedAt, result, false);
  };

  /** Closes windows that end at or before `until`. */
  const closePassed = (state: PartitionState, stream: SubjectStream, until: Instant): void => {
    if (until < stream.nextCloseAt) return;
    stream.nextCloseAt = Number.POSITIVE_INFINITY;
    for (const slot of stream.slots) {
      const windowMs = slot.windowS * 1_000;
      for (const window of slot.windows) {
        if (window.startAt + windowMs > until) {
          stream.nextCloseAt = Math.min(stream.nextCloseAt, window.startAt + windowMs);
          break;
        }
        if (publish(window)) listChanged(state, window);
      }
    }
  };

  const closeDevice = (state: PartitionState, device: DeviceStream): void => {
    for (const stream of subjectsOf(device)) closePassed(state, stream, Number.POSITIVE_INFINITY);
  };

  /** Closes idle windows of live devices, by the greatest live time known. */
  const onTime = (state: PartitionState, tick = Number.NEGATIVE_INFINITY): void => {
    state.liveTime = Math.max(state.liveTime, tick);
    const { liveTime } = state;
    for (const device of state.devices.values()) {
      if (device.domain !== LIVE) continue;
      const before = state.changed.length;
      for (const stream of subjectsOf(device)) closePassed(state, stream, liveTime - closing.idleMs);
      if (state.changed.length > before) touch(state, device);
    }
  };

  return { missing, provide, onRecord, onPlain, onTime };
}

export type Processor = ReturnType<typeof processor>;

/** A first content, in a window not published yet. */
const counted: Identified = { outcome: COUNTED, changed: [], moved: false };

const PLAIN_KIND = trafficFlow.kind;

function findPlainSlot(stream: SubjectStream, flows: PlainFlows, i: number): SlotWindows | undefined {
  const { lastSlot } = stream;
  if (lastSlot && isSlotOf(lastSlot, flows, i)) return lastSlot;
  for (const slot of stream.slots) {
    if (!isSlotOf(slot, flows, i)) continue;
    stream.lastSlot = slot;
    return slot;
  }
  return undefined;
}

function isSlotOf(slot: SlotWindows, flows: PlainFlows, i: number): boolean {
  return (
    slot.lane === flows.lane[i] &&
    slot.windowS === flows.windowS[i] &&
    slot.kind === PLAIN_KIND &&
    slot.direction === flows.direction[i]
  );
}

function isAdmitted(judged: Judged): judged is Admitted {
  return judged.code === COUNTED;
}

/** Revision 0 for what was not published yet. True where there was any. */
function publish(window: SlotWindow): boolean {
  let published = false;
  for (const site of window.sites) {
    if (site.revision >= 0) continue;
    site.revision = 0;
    site.changed = true;
    published = true;
  }
  return published;
}

/** Counts the change as a revision of windows already published. True where there was one. */
function revise({ outcome, changed, moved }: Identified, readmitted: boolean): boolean {
  let revised = false;
  for (const site of changed) {
    if (site.revision < 0) continue;
    site.revision += 1;
    site.reason = moved ? 'moved' : readmitted ? 'readmitted' : outcome === RESTATED ? 'restated' : 'late';
    site.changed = true;
    revised = true;
  }
  return revised;
}
