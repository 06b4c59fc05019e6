import type { Instant } from '#domain/instant.ts';
import type { ClockDomain } from '#domain/log.ts';
import { parseMembers, type SerialisedMembers, serialiseMembers } from '#domain/member-text.ts';
import type { Slot } from '#domain/readings/reading-kind.ts';
import type { Member, RevisionReason } from '#domain/window.ts';
import type { DeviceFacts } from './device-facts.ts';
import { type LedgerCounts, ledgerCounts } from './ledger-counts.ts';

/**
 * What processing remembers of one device: an event time for each subject it reports on, and the windows still open.
 * A device's state lives in one partition; nothing here is shared between devices.
 */
export interface DeviceStream {
  deviceId: string;
  /** Clock domain of its latest record. */
  domain: ClockDomain;
  subjects: Map<string, SubjectStream>;
  ledger: LedgerCounts;
  /** What the registry says of it, as of a version. */
  facts: DeviceFacts | undefined;
  factsVersion: number;
  /** In the list of streams to be stored. */
  touched: boolean;
}

/** A device, or one vehicle it reports on, with its own event time. */
export interface SubjectStream {
  /** Greatest `observedAt` seen: only moves forward. */
  eventTime: Instant;
  /** No window in memory that is still to be published ends before this. */
  nextCloseAt: Instant;
  slots: SlotWindows[];
}

/** The windows of one kind, direction, lane and window length. */
export interface SlotWindows extends Omit<Slot, 'subject'> {
  kind: string;
  windowS: number;
  /** Greatest window start ever opened: what starts later can not have been published. */
  frontier: Instant;
  /** Windows in memory by start: open ones, and published ones that the present step touches. */
  windows: Map<Instant, SlotWindow>;
}

/** One slot's window: its members by the site they were observed at (nearly always one site). */
export interface SlotWindow {
  startAt: Instant;
  sites: SiteWindow[];
}

export interface SiteWindow {
  siteId: string;
  members: Member[];
  /** -1 until published; then the changes since. */
  revision: number;
  reason: RevisionReason;
  /** Changed since it was last stored. */
  changed: boolean;
}

export function newDeviceStream(deviceId: string, domain: ClockDomain): DeviceStream {
  const ledger = ledgerCounts(Number.NEGATIVE_INFINITY);
  return {
    deviceId,
    domain,
    subjects: new Map(),
    ledger,
    facts: undefined,
    factsVersion: -1,
    touched: false,
  };
}

export function subjectOf(device: DeviceStream, subject: string): SubjectStream {
  let found = device.subjects.get(subject);
  if (!found) {
    found = { eventTime: Number.NEGATIVE_INFINITY, nextCloseAt: Number.POSITIVE_INFINITY, slots: [] };
    device.subjects.set(subject, found);
  }
  return found;
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
  const made: SlotWindows = { kind, direction, lane, windowS, frontier, windows: new Map() };
  stream.slots.push(made);
  return made;
}

/** As text for the checkpoint: open windows whole, published ones not at all (their rows are in the store). */
export function serialiseStream(device: DeviceStream): string {
  const subjects = [...device.subjects].map(([subject, s]) => [
    subject,
    finite(s.eventTime),
    s.slots.map((slot) => [
      slot.kind,
      slot.direction,
      slot.lane,
      slot.windowS,
      finite(slot.frontier),
      [...slot.windows.values()].map((w) => [
        w.startAt,
        w.sites.map((site) => [
          site.siteId,
          site.revision,
          site.reason,
          serialiseMembers(site.members, w.startAt),
        ]),
      ]),
    ]),
  ]);
  return JSON.stringify([device.deviceId, device.domain, finite(device.ledger.newestHour), subjects]);
}

export function parseStream(text: string): DeviceStream {
  const [deviceId, domain, ledgerHour, subjects] = JSON.parse(text) as SerialisedStream;
  return {
    deviceId,
    domain,
    ledger: ledgerCounts(ledgerHour ?? Number.NEGATIVE_INFINITY),
    facts: undefined,
    factsVersion: -1,
    touched: false,
    subjects: new Map(
      subjects.map(([subject, eventTime, slots]) => [
        subject,
        {
          eventTime: eventTime ?? Number.NEGATIVE_INFINITY,
          nextCloseAt: Number.NEGATIVE_INFINITY,
          slots: slots.map(([kind, direction, lane, windowS, frontier, windows]) => ({
            kind,
            direction,
            lane,
            windowS,
            frontier: frontier ?? Number.NEGATIVE_INFINITY,
            windows: new Map(
              windows.map(([startAt, sites]) => [
                startAt,
                {
                  startAt,
                  sites: sites.map(([siteId, revision, reason, members]) => ({
                    siteId,
                    revision,
                    reason,
                    members: parseMembers(members, startAt),
                    changed: false,
                  })),
                },
              ]),
            ),
          })),
        },
      ]),
    ),
  };
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
