import { hourOf, type Instant } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { type ClockDomain, LIVE, type LogRecord } from '#domain/log.ts';
import { COUNTED, DUPLICATE, type OutcomeCode, RESTATED } from '#domain/outcome.ts';
import type { SlotKey } from '#domain/store.ts';
import type { WindowRow } from '#domain/window.ts';
import type { Admitted, Judged } from './admission.ts';
import { type Identified, identify } from './identity.ts';
import { addToLedger, collectLedger, loadHour, mustLoad } from './ledger-counts.ts';
import {
  type DeviceStream,
  findSlot,
  newDeviceStream,
  type SiteWindow,
  type SlotWindow,
  type SlotWindows,
  type SubjectStream,
  slotOf,
  subjectOf,
} from './streams.ts';
import { addMembers } from './window-values.ts';

export interface ClosingRule {
  /** A window closes when later readings of its own stream have passed its end by this much. */
  graceMs: number;
  /** Or when live time has passed its end by this much; never for recordings. */
  idleMs: number;
}

export const usualClosing: ClosingRule = { graceMs: 60_000, idleMs: 600_000 };

/** Everything processing knows of one partition. */
export interface PartitionState {
  partition: number;
  devices: Map<string, DeviceStream>;
  /** Greatest `receivedAt` of a live record read. */
  liveTime: Instant;
  /** Streams changed since the last `collect`. */
  touched: DeviceStream[];
  /** Windows published or changed since the last `collect`, and whose they are. */
  changed: Map<SlotWindow, Owner>;
}

interface Owner {
  device: DeviceStream;
  subject: string;
  slot: SlotWindows;
}

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

export interface Collected {
  windows: WindowRow[];
  ledger: LedgerRow[];
  touched: DeviceStream[];
}

/** Seconds that `siteId`'s installation of the device should have covered in a window; null where it promises none. */
export type ExpectedS = (
  deviceId: string,
  siteId: string,
  at: Instant,
  slot: { direction: string; lane: number; windowS: number },
) => number | null;

/** Windows, event time and ledger of one partition: no I/O, no clock, no randomness; time comes with the records. */
export function processor(closing: ClosingRule) {
  const initial = (partition: number, devices: readonly DeviceStream[] = []): PartitionState => ({
    partition,
    devices: new Map(devices.map((d) => [d.deviceId, d])),
    liveTime: Number.NEGATIVE_INFINITY,
    touched: [],
    changed: new Map(),
  });

  /** The device's stream, made when it is new. */
  const deviceOf = (state: PartitionState, deviceId: string, domain: ClockDomain): DeviceStream => {
    let device = state.devices.get(deviceId);
    if (!device) {
      device = newDeviceStream(deviceId, domain);
      state.devices.set(deviceId, device);
    }
    return device;
  };

  /** What the store must supply before these records can be processed, given that nothing newer is stored. */
  const missing = (batch: readonly JudgedRecord[]): Missing => {
    const slots = new Map<string, SlotKey>();
    const ledger = new Map<string, { deviceId: string; hourReceived: Instant }>();
    for (const { record, device, judged } of batch) {
      const { deviceId } = device;
      const hourReceived = hourOf(record.receivedAt);
      if (mustLoad(device.ledger, hourReceived)) {
        ledger.set(`${deviceId}/${hourReceived}`, { deviceId, hourReceived });
      }
      for (const j of judged) {
        if (!isAdmitted(j)) continue;
        const { subject, direction, lane } = j.slot;
        const stream = device.subjects.get(subject);
        const slot = stream && findSlot(stream.slots, j.kind.kind, j.slot, j.windowS);
        if (slot) j.found = { stream, slot };
        if (!slot || j.windowStart > slot.frontier || slot.windows.has(j.windowStart)) continue;
        const { kind, windowS } = slot;
        const startAt = j.windowStart;
        const key = `${deviceId}/${subject}/${kind}/${direction}/${lane}/${windowS}/${startAt}`;
        slots.set(key, { kind, deviceId, subject, direction, lane, windowS, startAt });
      }
    }
    return { slots: [...slots.values()], ledger: [...ledger.values()] };
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
      let window = slot.windows.get(row.startAt);
      if (!window) {
        window = { startAt: row.startAt, sites: [] };
        slot.windows.set(row.startAt, window);
      }
      const { siteId, members, revision, reason } = row;
      window.sites.push({ siteId, members, revision, reason, changed: false });
      // Loaded windows leave memory at the next collect, changed or not.
      state.changed.set(window, { device, subject: row.subject, slot });
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
    let window = slot.windows.get(j.windowStart);
    if (!window) {
      window = { startAt: j.windowStart, sites: [] };
      slot.windows.set(j.windowStart, window);
      if (j.windowStart > slot.frontier) slot.frontier = j.windowStart;
    }
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
    const windowEnd = j.windowStart + j.windowS * 1_000;
    if (windowEnd < stream.nextCloseAt) stream.nextCloseAt = windowEnd;
    const passed = windowEnd <= stream.eventTime - closing.graceMs;
    const revised = revise(result, readmitted);
    // A window published at one site is published at the site to which a reading moves.
    if (revised && result.moved) publish(window);
    if (revised) state.changed.set(window, { device, subject, slot });
    if (j.observedAt > stream.eventTime) stream.eventTime = j.observedAt;
    closePassed(state, device, subject, stream, stream.eventTime - closing.graceMs);
    return result.outcome + ((revised || passed) && result.outcome !== DUPLICATE ? 64 : 0);
  };

  /** Closes windows that end at or before `until`. */
  const closePassed = (
    state: PartitionState,
    device: DeviceStream,
    subject: string,
    stream: SubjectStream,
    until: Instant,
  ): void => {
    if (until < stream.nextCloseAt) return;
    stream.nextCloseAt = Number.POSITIVE_INFINITY;
    for (const slot of stream.slots) {
      const windowMs = slot.windowS * 1_000;
      for (const window of slot.windows.values()) {
        if (window.startAt + windowMs > until) {
          stream.nextCloseAt = Math.min(stream.nextCloseAt, window.startAt + windowMs);
          continue;
        }
        if (publish(window)) state.changed.set(window, { device, subject, slot });
      }
    }
  };

  const closeDevice = (state: PartitionState, device: DeviceStream): void => {
    for (const [subject, stream] of device.subjects) {
      closePassed(state, device, subject, stream, Number.POSITIVE_INFINITY);
    }
  };

  /** Closes idle windows of live devices, by the greatest live time known. */
  const onTime = (state: PartitionState, tick = Number.NEGATIVE_INFINITY): void => {
    state.liveTime = Math.max(state.liveTime, tick);
    const { liveTime } = state;
    for (const device of state.devices.values()) {
      if (device.domain !== LIVE) continue;
      const before = state.changed.size;
      for (const [subject, stream] of device.subjects) {
        closePassed(state, device, subject, stream, liveTime - closing.idleMs);
      }
      if (state.changed.size > before) touch(state, device);
    }
  };

  /** Everything to be stored since the last call. Published windows leave the memory: the store has them. */
  const collect = (state: PartitionState, expectedS: ExpectedS): Collected => {
    const windows: WindowRow[] = [];
    for (const [window, { device, subject, slot }] of state.changed) {
      for (const site of window.sites) {
        if (!site.changed) continue;
        site.changed = false;
        windows.push(windowRow(device.deviceId, subject, slot, window, site, expectedS));
      }
      if (window.sites.every((site) => site.revision >= 0)) slot.windows.delete(window.startAt);
    }
    state.changed.clear();
    const ledger: LedgerRow[] = [];
    const { touched } = state;
    for (const device of touched) {
      device.touched = false;
      collectLedger(device.ledger, state.partition, device.deviceId, ledger);
    }
    state.touched = [];
    return { windows, ledger, touched };
  };

  return { initial, deviceOf, missing, provide, onRecord, onTime, collect };
}

export type Processor = ReturnType<typeof processor>;

function isAdmitted(judged: Judged): judged is Admitted {
  return judged.code === COUNTED;
}

function touch(state: PartitionState, device: DeviceStream): void {
  if (device.touched) return;
  device.touched = true;
  state.touched.push(device);
}

function windowRow(
  deviceId: string,
  subject: string,
  slot: SlotWindows,
  { startAt }: SlotWindow,
  { siteId, members, revision, reason }: SiteWindow,
  expectedS: ExpectedS,
): WindowRow {
  const { kind, direction, lane, windowS } = slot;
  // The latest observation, whichever came last.
  const at = members.reduce((latest, m) => Math.max(latest, m.observedAt), startAt);
  const row: WindowRow = {
    kind,
    deviceId,
    subject,
    siteId,
    direction,
    lane,
    windowS,
    startAt,
    readings: members.length,
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
    expectedS: expectedS(deviceId, siteId, at, slot),
    revision,
    reason,
    members,
  };
  addMembers(row, kind, members);
  return row;
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
