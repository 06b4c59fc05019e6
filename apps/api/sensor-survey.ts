import type { DatabaseSync } from 'node:sqlite';
import { HOUR_MS, hourOf, type Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { OutcomeName } from '#domain/outcome.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import { doorReasons } from '#ingest/gateway/door-reason.ts';
import { lastObserved } from '../device-activity.ts';
import { devicesInLedger } from './ledger-devices.ts';
import { judgeSensor, type RecentReadings, type SensorState, sensorStates } from './sensor-state.ts';

export interface SensorRow {
  deviceId: string;
  siteId: string | null;
  site: string | null;
  domain: string;
  state: SensorState;
  /** Newest moment that a reading told of; null before the first that counts. */
  lastObservedAt: Instant | null;
  /** Start of the newest hour in which something came, whatever became of it. */
  lastHourReceived: Instant | null;
  received: number;
  expected: number | null;
  observedShare: number | null;
  /** Why most of what was refused was, or ''. */
  reason: string;
  /** Reasons for which the door has turned it away since `since`; looked for where nothing comes. */
  refusedAtDoor: string[];
}

export interface SensorSurvey {
  asOf: Instant;
  /** Readings are counted from here on: the start of the hour before the present one. */
  since: Instant;
  /** Worst first. */
  sensors: SensorRow[];
  byState: Record<SensorState, number>;
}

/** How each sensor does: by index, a few rows for each, neither the windows nor a table as a whole. */
export async function sensorSurvey(
  db: DatabaseSync,
  view: RegistryView,
  now: Instant,
): Promise<SensorSurvey> {
  const since = hourOf(now) - HOUR_MS;
  const devices = await devicesInLedger(db);
  const rowsSince = db.prepare(
    'SELECT hour_observed, outcome, reason, readings FROM ledger WHERE partition = ? AND device_id = ? AND hour_received >= ?',
  );
  const recents = new Map<string, RecentReadings>();
  for (const { deviceId, partition, newestHour } of devices) {
    if (newestHour < since) continue;
    const rows = rowsSince.all(partition, deviceId, since) as unknown as LedgerLine[];
    recents.set(deviceId, recentOf(rows, since));
  }
  const newestHours = new Map(devices.map((d) => [d.deviceId, d.newestHour]));
  const observed = lastObserved(db);
  const refusals = doorRefusals(db);
  const sensors = sensorRows({ view, now, since, observed, recents, newestHours, refusals });
  const byState = Object.fromEntries(sensorStates.map((s) => [s, 0])) as Record<SensorState, number>;
  for (const { state } of sensors) byState[state]++;
  return { asOf: now, since, sensors, byState };
}

interface LedgerLine {
  hour_observed: Instant;
  outcome: OutcomeName;
  reason: string;
  readings: number;
}

function recentOf(rows: readonly LedgerLine[], since: Instant): RecentReadings {
  const recent: RecentReadings = { received: 0, countedSince: 0, rejected: 0, quarantined: 0, reason: '' };
  const reasons = new Map<string, number>();
  for (const row of rows) {
    recent.received += row.readings;
    if (row.outcome === 'counted' && row.hour_observed >= since) recent.countedSince += row.readings;
    if (row.outcome !== 'rejected' && row.outcome !== 'quarantined') continue;
    recent[row.outcome] += row.readings;
    reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + row.readings);
  }
  let most = 0;
  for (const [reason, n] of reasons) {
    if (n <= most) continue;
    most = n;
    recent.reason = reason;
  }
  return recent;
}

const nothing: RecentReadings = { received: 0, countedSince: 0, rejected: 0, quarantined: 0, reason: '' };

const unheard: ReadonlySet<SensorState> = new Set(['silent', 'late', 'never heard']);

function doorRefusals(db: DatabaseSync): (deviceId: string, since: Instant) => string[] {
  const at = db.prepare(
    `SELECT DISTINCT reason FROM door WHERE reason IN (${doorReasons.map((r) => `'${r}'`).join(', ')}) AND device_id = ? AND hour_received >= ?`,
  );
  return (deviceId, since) => at.all(deviceId, since).map((row) => row.reason as string);
}

interface SensorSources {
  view: RegistryView;
  now: Instant;
  since: Instant;
  observed: ReadonlyMap<string, Instant | null>;
  recents: ReadonlyMap<string, RecentReadings>;
  newestHours: ReadonlyMap<string, Instant>;
  refusals: (deviceId: string, since: Instant) => string[];
}

function sensorRows(sources: SensorSources): SensorRow[] {
  const { view, now, since, observed, recents, newestHours, refusals } = sources;
  const standing = new Map(
    view
      .history('installation')
      .filter(isHeldAt(now))
      .map((h) => [h.id, h] as const),
  );
  const rows = view
    .history('device')
    .filter((h) => h.body.role === 'sensor' && h.validFrom <= now && now < h.validTo)
    .map(({ id: deviceId, body, validFrom }): SensorRow => {
      const place = standing.get(deviceId);
      const recent = recents.get(deviceId) ?? nothing;
      const lastObservedAt = observed.get(deviceId);
      const judged = judgeSensor({
        now,
        since,
        isLive: body.domain === LIVE,
        installation: place?.body,
        installedFrom: Math.max(validFrom, place?.validFrom ?? 0),
        lastObservedAt,
        recent,
      });
      return {
        deviceId,
        siteId: place?.body.siteId ?? null,
        site: (place && view.at('site', place.body.siteId, now)?.name) ?? null,
        domain: body.domain,
        lastObservedAt: lastObservedAt ?? null,
        lastHourReceived: newestHours.get(deviceId) ?? null,
        received: recent.received,
        reason: recent.reason,
        refusedAtDoor: unheard.has(judged.state) ? refusals(deviceId, since) : [],
        ...judged,
      };
    });
  return rows.sort(worstFirst);
}

function isHeldAt(at: Instant) {
  return (h: { validFrom: Instant; validTo: Instant }) => h.validFrom <= at && at < h.validTo;
}

function worstFirst(a: SensorRow, b: SensorRow): number {
  return (
    sensorStates.indexOf(a.state) - sensorStates.indexOf(b.state) ||
    (a.observedShare ?? 1) - (b.observedShare ?? 1) ||
    (a.lastObservedAt ?? 0) - (b.lastObservedAt ?? 0) ||
    (a.deviceId < b.deviceId ? -1 : 1)
  );
}
