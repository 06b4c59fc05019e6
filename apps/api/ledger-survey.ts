import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as otherWork } from 'node:timers/promises';
import { HOUR_MS, hourOf, type Instant } from '#domain/instant.ts';
import type { OutcomeName } from '#domain/outcome.ts';
import type { LedgerSum } from '../ledger-sum.ts';
import { DEVICES_A_TURN, devicesInLedger } from './ledger-devices.ts';

/** Readings received in an hour, by outcome. */
export type HourRow = { hourReceived: Instant } & Record<OutcomeName, number>;

export interface LedgerSurvey {
  asOf: Instant;
  sum: LedgerSum;
  /** 48 hours up to the present one, or to the newest with a reading where that is long past; ascending, no gaps. */
  hours: HourRow[];
  /** Messages with refused or quarantined readings. */
  deadLetters: number;
}

const HOURS_SHOWN = 48;

/** The whole ledger, device by device, so that other questions get their turn in between. */
export async function ledgerSurvey(db: DatabaseSync, now: Instant): Promise<LedgerSurvey> {
  const devices = await devicesInLedger(db);
  const hours = hoursShown(now, Math.max(...devices.map((d) => d.newestHour)));
  const firstHour = hours[0]!.hourReceived;
  const totals = db.prepare(
    `SELECT sum(readings) AS received, sum(late) AS late, ${outcomeSums} FROM ledger WHERE partition = ? AND device_id = ?`,
  );
  const byReason = db.prepare(
    "SELECT reason, sum(readings) AS n FROM ledger WHERE partition = ? AND device_id = ? AND reason <> '' GROUP BY reason",
  );
  const byHour = db.prepare(
    'SELECT hour_received, outcome, sum(readings) AS n FROM ledger WHERE partition = ? AND device_id = ? AND hour_received >= ? GROUP BY hour_received, outcome',
  );
  const sum: LedgerSum = { received: 0, late: 0, ...noOutcomes(), reasons: {} };
  for (const [i, { partition, deviceId, newestHour }] of devices.entries()) {
    const total = totals.get(partition, deviceId) as unknown as Totals;
    for (const name of ['received', 'late', ...outcomeNames] as const) sum[name] += total[name] ?? 0;
    if ((total.rejected ?? 0) + (total.quarantined ?? 0) > 0) {
      for (const { reason, n } of byReason.iterate(partition, deviceId) as Iterable<ReasonRow>)
        if (n > 0) sum.reasons[reason] = (sum.reasons[reason] ?? 0) + n;
    }
    if (newestHour >= firstHour) {
      for (const row of byHour.iterate(partition, deviceId, firstHour) as Iterable<HourLine>) {
        const hour = hours[(row.hour_received - firstHour) / HOUR_MS];
        if (hour) hour[row.outcome] += row.n;
      }
    }
    if (i % DEVICES_A_TURN === 0) await otherWork();
  }
  const deadLetters = db.prepare('SELECT count(*) AS n FROM dead_letters').get()!.n as number;
  return { asOf: now, sum, hours, deadLetters };
}

const outcomeNames = [
  'counted',
  'duplicate',
  'restated',
  'rejected',
  'quarantined',
] as const satisfies OutcomeName[];
const outcomeSums = outcomeNames
  .map((name) => `sum(readings) FILTER (WHERE outcome = '${name}') AS ${name}`)
  .join(', ');

type Totals = Record<'received' | 'late' | OutcomeName, number | null>;
type ReasonRow = { reason: string; n: number };
type HourLine = { hour_received: Instant; outcome: OutcomeName; n: number };

function noOutcomes(): Record<OutcomeName, number> {
  return { counted: 0, duplicate: 0, restated: 0, rejected: 0, quarantined: 0 };
}

function hoursShown(now: Instant, newestHour: number): HourRow[] {
  const thisHour = hourOf(now);
  const isLongPast = Number.isFinite(newestHour) && newestHour <= thisHour - HOURS_SHOWN * HOUR_MS;
  const last = isLongPast ? newestHour : thisHour;
  return Array.from({ length: HOURS_SHOWN }, (_, i) => ({
    hourReceived: last - (HOURS_SHOWN - 1 - i) * HOUR_MS,
    ...noOutcomes(),
  }));
}
