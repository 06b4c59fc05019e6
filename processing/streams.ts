import type { Instant } from '#domain/instant.ts';
import type { ClockDomain } from '#domain/log.ts';
import { parseMembers, type SerialisedMembers } from '#domain/member-text.ts';
import type { Slot } from '#domain/readings/reading-kind.ts';
import type { RevisionReason } from '#domain/window.ts';
import type { DeviceFacts } from './device-facts.ts';
import { type LedgerCounts, ledgerCounts } from './ledger-counts.ts';
import { addMember, clearMembers, type Members, noMembers, textOfMembers } from './members.ts';

/**
 * What processing remembers of one device: an event time for each subject it reports on, and the windows still open.
 * A device's state lives in one partition; nothing here is shared between devices.
 */
export interface DeviceStream {
  deviceId: string;
  /** Clock domain of its latest record. */
  domain: ClockDomain;
  /** Of the device itself. */
  own: SubjectStream;
  /** Of the vehicles it reports on, by their names. */
  vehicles: Map<string, SubjectStream>;
  ledger: LedgerCounts;
  /** What the registry says of it, as of a version. */
  facts: DeviceFacts | undefined;
  factsVersion: number;
  /** In the list of streams to be stored. */
  touched: boolean;
}

/** A device, or one vehicle it reports on, with its own event time. */
export interface SubjectStream {
  device: DeviceStream;
  /** The vehicle's name, or ''. */
  subject: string;
  /** Greatest `observedAt` seen: only moves forward. */
  eventTime: Instant;
  /** No window in memory that is still to be published ends before this. */
  nextCloseAt: Instant;
  slots: SlotWindows[];
  /** The last that a plain flow was put in: often the next one too. */
  lastSlot: SlotWindows | undefined;
}

/** The windows of one kind, direction, lane and window length. */
export interface SlotWindows extends Omit<Slot, 'subject'> {
  stream: SubjectStream;
  kind: string;
  windowS: number;
  /** Greatest window start ever opened: what starts later can not have been published. */
  frontier: Instant;
  /** Windows in memory by start, ascending: open ones, and published ones that the present step touches. */
  windows: SlotWindow[];
  /** One of them, the last that was looked for: nearly always the next one too. */
  last: SlotWindow | undefined;
}

/** One slot's window: its members by the site they were observed at (nearly always one site). */
export interface SlotWindow {
  slot: SlotWindows;
  startAt: Instant;
  /** Among the windows to be stored. */
  listed: boolean;
  sites: SiteWindow[];
  /** The one site, where there is just one. */
  only: SiteWindow | undefined;
  /** A site's of an earlier use. */
  spare: SiteWindow | undefined;
}

/**
 * Windows that are gone, to be used again with the arrays of their members: what is never thrown away is never
 * collected.
 */
export type SpareWindows = SlotWindow[];

export interface SiteWindow extends Members {
  siteId: string;
  /** -1 until published; then the changes since. */
  revision: number;
  reason: RevisionReason;
  /** Changed since it was last stored. */
  changed: boolean;
}

export function newDeviceStream(deviceId: string, domain: ClockDomain): DeviceStream {
  const ledger = ledgerCounts(Number.NEGATIVE_INFINITY);
  const device: Omit<DeviceStream, 'own'> = {
    deviceId,
    domain,
    vehicles: new Map(),
    ledger,
    facts: undefined,
    factsVersion: -1,
    touched: false,
  };
  const made = device as DeviceStream;
  made.own = newSubject(made, '');
  return made;
}

function newSubject(device: DeviceStream, subject: string): SubjectStream {
  return {
    device,
    subject,
    eventTime: Number.NEGATIVE_INFINITY,
    nextCloseAt: Number.POSITIVE_INFINITY,
    slots: [],
    lastSlot: undefined,
  };
}

export function findSubject(device: DeviceStream, subject: string): SubjectStream | undefined {
  return subject === '' ? device.own : device.vehicles.get(subject);
}

export function* subjectsOf(device: DeviceStream): Generator<SubjectStream, void, void> {
  yield device.own;
  yield* device.vehicles.values();
}

export function subjectOf(device: DeviceStream, subject: string): SubjectStream {
  const found = findSubject(device, subject);
  if (found) return found;
  const made = newSubject(device, subject);
  device.vehicles.set(subject, made);
  return made;
}

type SlotName = Omit<Slot, 'subject'>;

export function findSlot(
  slots: readonly SlotWindows[],
  kind: string,
  { lane, direction }: SlotName,
  windowS: number,
): SlotWindows | undefined {
  for (const s of slots) {
    if (s.lane === lane && s.kind === kind && s.windowS === windowS && s.direction === direction) return s;
  }
  return undefined;
}

export function slotOf(stream: SubjectStream, kind: string, name: SlotName, windowS: number): SlotWindows {
  const known = findSlot(stream.slots, kind, name, windowS);
  if (known) return known;
  const { direction, lane } = name;
  const frontier = Number.NEGATIVE_INFINITY;
  const made: SlotWindows = {
    stream,
    kind,
    direction,
    lane,
    windowS,
    frontier,
    windows: [],
    last: undefined,
  };
  stream.slots.push(made);
  return made;
}

export function findWindow(slot: SlotWindows, startAt: Instant): SlotWindow | undefined {
  if (slot.last?.startAt === startAt) return slot.last;
  const found = slot.windows[placeOf(slot.windows, startAt)];
  if (found?.startAt !== startAt) return undefined;
  slot.last = found;
  return found;
}

/** Of the first window that starts at `startAt` or later. */
function placeOf(windows: readonly SlotWindow[], startAt: Instant): number {
  let from = 0;
  let to = windows.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (windows[middle]!.startAt < startAt) from = middle + 1;
    else to = middle;
  }
  return from;
}

export function windowOf(slot: SlotWindows, startAt: Instant, spare: SpareWindows): SlotWindow {
  const found = startAt > slot.frontier ? undefined : findWindow(slot, startAt);
  if (found) return found;
  const made: SlotWindow = spare.pop() ?? {
    slot,
    startAt,
    listed: false,
    sites: [],
    only: undefined,
    spare: undefined,
  };
  made.slot = slot;
  made.startAt = startAt;
  const place = placeOf(slot.windows, startAt);
  if (place === slot.windows.length) slot.windows.push(made);
  else slot.windows.splice(place, 0, made);
  slot.last = made;
  return made;
}

export function isPublished({ sites }: SlotWindow): boolean {
  for (const site of sites) if (site.revision < 0) return false;
  return true;
}

/** Published windows leave the slot; none is listed any more. */
export function forgetPublished(slot: SlotWindows, spare: SpareWindows): void {
  const { windows } = slot;
  let kept = 0;
  for (const window of windows) {
    window.listed = false;
    if (!isPublished(window)) windows[kept++] = window;
    else {
      if (slot.last === window) slot.last = undefined;
      window.spare = window.sites[0];
      window.sites.length = 0;
      window.only = undefined;
      if (spare.length < MOST_SPARE) spare.push(window);
    }
  }
  windows.length = kept;
}

/** Of a minute's readings each, some 20 MB. */
const MOST_SPARE = 20_000;

export function newSiteWindow(
  window: SlotWindow,
  siteId: string,
  revision: number,
  reason: RevisionReason,
): SiteWindow {
  const named = { siteId, revision, reason, changed: false };
  const { spare } = window;
  if (spare) clearMembers(spare);
  const made: SiteWindow = spare ? Object.assign(spare, named) : { ...noMembers(), ...named };
  window.spare = undefined;
  window.sites.push(made);
  window.only = window.sites.length === 1 ? made : undefined;
  return made;
}

/** As text for the checkpoint: open windows whole, published ones not at all (their rows are in the store). */
export function serialiseStream(device: DeviceStream, partition: number): string {
  let subjects = serialiseSubject(device.own, partition);
  for (const stream of device.vehicles.values()) subjects += `,${serialiseSubject(stream, partition)}`;
  const { deviceId, domain, ledger } = device;
  return `[${JSON.stringify(deviceId)},${JSON.stringify(domain)},${finite(ledger.newestHour)},[${subjects}]]`;
}

function serialiseSubject({ subject, eventTime, slots }: SubjectStream, partition: number): string {
  let text = '';
  for (const { kind, direction, lane, windowS, frontier, windows } of slots) {
    const named = `${JSON.stringify(kind)},${JSON.stringify(direction)},${lane},${windowS},${finite(frontier)}`;
    let open = '';
    for (const window of windows) {
      if (isPublished(window)) continue;
      const { startAt, sites } = window;
      let bySite = '';
      for (const site of sites) {
        const { siteId, revision, reason } = site;
        const members = textOfMembers(site, partition, startAt);
        bySite += `${bySite ? ',' : ''}[${JSON.stringify(siteId)},${revision},"${reason}",${members}]`;
      }
      open += `${open ? ',' : ''}[${startAt},[${bySite}]]`;
    }
    text += `${text ? ',' : ''}[${named},[${open}]]`;
  }
  return `[${JSON.stringify(subject)},${finite(eventTime)},[${text}]]`;
}

export function parseStream(text: string): DeviceStream {
  const [deviceId, domain, ledgerHour, subjects] = JSON.parse(text) as SerialisedStream;
  const device = newDeviceStream(deviceId, domain);
  device.ledger = ledgerCounts(ledgerHour ?? Number.NEGATIVE_INFINITY);
  for (const [subject, eventTime, slots] of subjects) {
    const stream = subjectOf(device, subject);
    stream.eventTime = eventTime ?? Number.NEGATIVE_INFINITY;
    stream.nextCloseAt = Number.NEGATIVE_INFINITY;
    for (const [kind, direction, lane, windowS, frontier, windows] of slots) {
      const slot = slotOf(stream, kind, { direction, lane }, windowS);
      slot.frontier = frontier ?? Number.NEGATIVE_INFINITY;
      for (const [startAt, sites] of windows) {
        const window = windowOf(slot, startAt, []);
        for (const [siteId, revision, reason, members] of sites) {
          const site = newSiteWindow(window, siteId, revision, reason);
          for (const m of parseMembers(members, startAt)) addMember(site, m);
        }
      }
    }
  }
  return device;
}

type SerialisedStream = [
  string,
  string,
  number | null,
  [
    string,
    number | null,
    [
      string,
      string,
      number,
      number,
      number | null,
      [Instant, [string, number, RevisionReason, SerialisedMembers][]][],
    ][],
  ][],
];

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
