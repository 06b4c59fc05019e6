import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as otherWork } from 'node:timers/promises';
import { HOUR_MS, hourOf, type Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { OutcomeName } from '#domain/outcome.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import { lastObserved } from '../device-activity.ts';
import type { LedgerSum } from '../ledger-sum.ts';
import { judgeSensor, type RecentReadings, type SensorState, sensorStates } from './sensor-state.ts';

/** Readings received in an hour, by outcome. */
export type HourRow = { hourReceived: Instant } & Record<OutcomeName, number>;

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
}

/** What the store says of the city at one moment. */
export interface Survey {
  asOf: Instant;
  /** Readings of sensors are counted from here on: the start of the hour before the present one. */
  since: Instant;
  ledger: LedgerSum;
  /** 48 hours up to the present one, or to the newest with a reading where that is long past; ascending, no gaps. */
  hours: HourRow[];
  /** Worst first. */
  sensors: SensorRow[];
  sensorsByState: Record<SensorState, number>;
  deadLetters: number;
  tookMs: number;
}

export const HOURS_SHOWN = 48;
const DEVICES_A_TURN = 200;

/** Looks at every device once, by index: neither the windows nor a table as a whole is read. */
export async function survey(db: DatabaseSync, view: RegistryView, now: Instant): Promise<Survey> {
  const started = performance.now();
  const since = hourOf(now) - HOUR_MS;
  const devices = await devicesInLedger(db);
  const newest = Math.max(...devices.values().map((d) => d.newestHour));
  const lastHour = Number.isFinite(newest) ? Math.min(hourOf(now), newest) : hourOf(now);
  const firstHour =
    (now - lastHour > HOURS_SHOWN * HOUR_MS ? lastHour : hourOf(now)) - (HOURS_SHOWN - 1) * HOUR_MS;
  const hours = new Map<Instant, HourRow>();
  for (let i = 0; i < HOURS_SHOWN; i++)
    hours.set(firstHour + i * HOUR_MS, emptyHour(firstHour + i * HOUR_MS));

  const totals = db.prepare(
    'SELECT outcome, reason, sum(readings) AS n, sum(late) AS late FROM ledger WHERE partition = ? AND device_id = ? GROUP BY outcome, reason',
  );
  const rowsSince = db.prepare(
    'SELECT hour_received, hour_observed, outcome, reason, readings FROM ledger WHERE partition = ? AND device_id = ? AND hour_received >= ?',
  );
  const ledger = emptySum();
  const recents = new Map<string, RecentReadings>();
  let done = 0;
  for (const [deviceId, { partition, newestHour }] of devices) {
    for (const row of totals.iterate(partition, deviceId)) addToSum(ledger, row as never);
    if (newestHour >= Math.min(firstHour, since)) {
      const rows = rowsSince.all(partition, deviceId, Math.min(firstHour, since)) as unknown as LedgerLine[];
      for (const row of rows) {
        const hour = hours.get(row.hour_received);
        if (hour) hour[row.outcome] += row.readings;
      }
      recents.set(deviceId, recentOf(rows, since));
    }
    if (++done % DEVICES_A_TURN === 0) await otherWork();
  }

  const sensors = sensorRows(view, now, since, lastObserved(db), recents, devices);
  const sensorsByState = Object.fromEntries(sensorStates.map((s) => [s, 0])) as Record<SensorState, number>;
  for (const { state } of sensors) sensorsByState[state]++;
  return {
    asOf: now,
    since,
    ledger,
    hours: [...hours.values()],
    sensors,
    sensorsByState,
    deadLetters: db.prepare('SELECT count(*) AS n FROM dead_letters').get()!.n as number,
    tookMs: performance.now() - started,
  };
}

interface LedgerLine {
  hour_received: Instant;
  hour_observed: Instant;
  outcome: OutcomeName;
  reason: string;
  readings: number;
}

interface DeviceInLedger {
  partition: number;
  newestHour: Instant;
}

/** Devices with a ledger row: from key to key, whatever the number of rows. */
async function devicesInLedger(db: DatabaseSync): Promise<Map<string, DeviceInLedger>> {
  const next = db.prepare(
    'SELECT partition, device_id FROM ledger WHERE (partition, device_id) > (?, ?) ORDER BY partition, device_id LIMIT 1',
  );
  const newest = db.prepare(
    'SELECT max(hour_received) AS hour FROM ledger WHERE partition = ? AND device_id = ?',
  );
  const devices = new Map<string, DeviceInLedger>();
  let at: { partition: number; device_id: string } | undefined = { partition: -1, device_id: '' };
  for (;;) {
    at = next.get(at.partition, at.device_id) as typeof at;
    if (!at) return devices;
    const { hour } = newest.get(at.partition, at.device_id) as { hour: Instant };
    devices.set(at.device_id, { partition: at.partition, newestHour: hour });
    if (devices.size % DEVICES_A_TURN === 0) await otherWork();
  }
}

function recentOf(rows: readonly LedgerLine[], since: Instant): RecentReadings {
  const recent: RecentReadings = { received: 0, countedSince: 0, rejected: 0, quarantined: 0, reason: '' };
  const reasons = new Map<string, number>();
  for (const row of rows) {
    if (row.hour_received < since) continue;
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

function sensorRows(
  view: RegistryView,
  now: Instant,
  since: Instant,
  observed: ReadonlyMap<string, Instant | null>,
  recents: ReadonlyMap<string, RecentReadings>,
  devices: ReadonlyMap<string, DeviceInLedger>,
): SensorRow[] {
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
        lastHourReceived: devices.get(deviceId)?.newestHour ?? null,
        received: recent.received,
        reason: recent.reason,
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

function emptyHour(hourReceived: Instant): HourRow {
  return { hourReceived, counted: 0, duplicate: 0, restated: 0, rejected: 0, quarantined: 0 };
}

function emptySum(): LedgerSum {
  return {
    received: 0,
    counted: 0,
    duplicate: 0,
    restated: 0,
    rejected: 0,
    quarantined: 0,
    late: 0,
    reasons: {},
  };
}

function addToSum(
  sum: LedgerSum,
  row: { outcome: OutcomeName; reason: string; n: number; late: number },
): void {
  sum.received += row.n;
  sum[row.outcome] += row.n;
  sum.late += row.late;
  if (row.reason !== '' && row.n > 0) sum.reasons[row.reason] = (sum.reasons[row.reason] ?? 0) + row.n;
}
