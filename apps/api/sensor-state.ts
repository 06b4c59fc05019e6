import { DAY_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { Installation } from '#domain/registry/entries.ts';

/** The worst first: the order in which an operator would mend them. */
export const sensorStates = [
  'silent',
  'clock',
  'rejected',
  'never heard',
  'late',
  'gaps',
  'not installed',
  'ok',
  'recorded',
] as const;

export type SensorState = (typeof sensorStates)[number];

export const meaningOfState: Record<SensorState, string> = {
  silent: 'sent before, and nothing for 30 minutes or ten of its periods',
  clock: 'half or more of what it sends is quarantined: its clock is wrong',
  rejected: 'a tenth or more of what it sends is refused',
  'never heard': 'registered, and nothing has come yet',
  late: 'nothing for 3 minutes or two of its periods',
  gaps: 'less than 90 % of the readings due have come',
  'not installed': 'it stands at no site',
  ok: 'sends what it should',
  recorded: 'of a recording: nothing is due',
};

/** Readings of one sensor received since a moment, by what became of them. */
export interface RecentReadings {
  received: number;
  /** Of which with a moment observed since then too: each one interval. */
  countedSince: number;
  rejected: number;
  quarantined: number;
  /** The most frequent reason among what was refused. */
  reason: string;
}

export interface SensorFacts {
  now: Instant;
  /** From when readings are looked at. */
  since: Instant;
  isLive: boolean;
  installation: Pick<Installation, 'periodS' | 'lanes' | 'directions'> | undefined;
  installedFrom: Instant;
  /** Greatest moment observed; undefined before the first reading, null while all were refused. */
  lastObservedAt: Instant | null | undefined;
  recent: RecentReadings;
}

export interface SensorJudgement {
  state: SensorState;
  /** Readings that were due since `since`; null where no period is promised. */
  expected: number | null;
  /** Share of these that came and count, at most 1; null where nothing was due. */
  observedShare: number | null;
}

const LATE_MS = 3 * MINUTE_MS;
const SILENT_MS = 30 * MINUTE_MS;
const REJECTED_SHARE = 0.1;
const WHOLE_SHARE = 0.9;

export function judgeSensor(facts: SensorFacts): SensorJudgement {
  const expected = facts.isLive ? readingsDue(facts) : null;
  const observedShare = expected ? Math.min(1, facts.recent.countedSince / expected) : null;
  return { state: stateOf(facts, observedShare), expected, observedShare };
}

function stateOf(facts: SensorFacts, observedShare: number | null): SensorState {
  const { now, recent, lastObservedAt, installation } = facts;
  if (!facts.isLive) return 'recorded';
  if (recent.received > 0) {
    if (recent.quarantined >= recent.received / 2) return 'clock';
    if (recent.rejected + recent.quarantined >= recent.received * REJECTED_SHARE) return 'rejected';
  }
  if (!installation) return 'not installed';
  if (lastObservedAt === undefined) return 'never heard';
  const periodMs = (installation.periodS ?? 0) * 1_000;
  const quietMs = lastObservedAt === null ? Number.POSITIVE_INFINITY : now - lastObservedAt - periodMs;
  if (periodMs === 0) return quietMs > DAY_MS ? 'silent' : 'ok';
  if (quietMs > Math.max(SILENT_MS, 10 * periodMs)) return 'silent';
  if (quietMs > Math.max(LATE_MS, 2 * periodMs)) return 'late';
  return observedShare !== null && observedShare < WHOLE_SHARE ? 'gaps' : 'ok';
}

/** Whole intervals since `since` that ended long enough ago to have come, for each lane and direction promised. */
function readingsDue({ now, since, installation, installedFrom }: SensorFacts): number | null {
  if (installation?.periodS === undefined) return null;
  const periodMs = installation.periodS * 1_000;
  const from = Math.max(since, installedFrom);
  const until = now - Math.max(LATE_MS, 2 * periodMs);
  const intervals = Math.max(0, Math.floor((until - from) / periodMs));
  return (
    intervals *
    Math.max(1, installation.lanes?.length ?? 0) *
    Math.max(1, installation.directions?.length ?? 0)
  );
}
