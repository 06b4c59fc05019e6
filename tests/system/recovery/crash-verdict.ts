import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { outcomes } from '#domain/outcome.ts';
import { figureNames } from '#domain/window.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import type { SenderRecord } from './crash-client.ts';
import { countOf, LANES, laneOf, minuteOf } from './load-reading.ts';

export interface CrashVerdict {
  acknowledged: number;
  /** In flight at a crash and never sent again; of these, counted all the same. */
  abandoned: number;
  countedAbandoned: number;
  counted: number;
  duplicate: number;
  windows: number;
  /** What breaks a guarantee; none is right. At most 20 are told. */
  faults: string[];
}

/** What became of each identity, by the log and the stored outcomes. */
interface Fate {
  counted: number;
  duplicate: number;
}

/** The client's record against log, outcomes, ledger and windows of the data directory, once all is processed. */
export async function judgeCrashes(
  directory: string,
  records: readonly SenderRecord[],
  first: number,
): Promise<CrashVerdict> {
  const faults: string[] = [];
  const fault = (text: string) => faults.length < 20 && faults.push(text);
  const db = new DatabaseSync(join(directory, 'store.db'), { readOnly: true });
  try {
    const fates = await readFates(directory, db, fault);
    const verdict: CrashVerdict = {
      acknowledged: 0,
      abandoned: 0,
      countedAbandoned: 0,
      counted: 0,
      duplicate: 0,
      windows: 0,
      faults,
    };
    const expected = new Map<string, { readings: number; count: number }>();
    for (const record of records) {
      const own = fates.get(record.deviceId) ?? new Map<number, Fate>();
      for (const n of own.keys()) {
        if (!(n < record.sent)) fault(`${record.deviceId}: reading ${n} is in the log and was never sent`);
      }
      for (let n = 0; n < record.sent; n++) {
        const fate = own.get(n) ?? { counted: 0, duplicate: 0 };
        const abandoned = record.abandoned.has(n);
        verdict.counted += fate.counted;
        verdict.duplicate += fate.duplicate;
        if (abandoned) {
          verdict.abandoned++;
          verdict.countedAbandoned += fate.counted;
        } else verdict.acknowledged++;
        if (fate.counted > 1) fault(`${record.deviceId}: reading ${n} is counted ${fate.counted} times`);
        if (fate.counted === 0 && !abandoned)
          fault(`${record.deviceId}: reading ${n} was acknowledged and is lost`);
        if (fate.counted === 0 && fate.duplicate > 0)
          fault(`${record.deviceId}: reading ${n} is a duplicate of nothing`);
        if (fate.duplicate > 0 && !record.inFlightAtCrash.has(n))
          fault(`${record.deviceId}: reading ${n} came twice and was never in flight at a crash`);
        if (fate.counted > 0) addToWindow(expected, record.deviceId, n, first);
      }
    }
    verdict.windows = expected.size;
    checkLedger(db, verdict, fault);
    await checkWindows(db, expected, fault);
    return verdict;
  } finally {
    db.close();
  }

  async function readFates(path: string, db: DatabaseSync, fault: (text: string) => void) {
    const fates = new Map<string, Map<number, Fate>>();
    const log = await readSegmentLog({ directory: join(path, 'log') });
    const ends = await log.ends();
    for (const [partition, end] of ends.entries()) {
      const codes = storedOutcomes(db, partition, end, fault);
      const enough = new AbortController();
      let next = 0;
      if (end < 0) continue;
      for await (const batch of log.read(partition, -1, enough.signal)) {
        for (const c of batch.corrupt)
          fault(`partition ${partition}: corrupt ${c.from} to ${c.to}: ${c.detail}`);
        for (const r of batch.records) {
          if (r.position !== next++)
            fault(`partition ${partition}: position ${r.position} follows ${next - 2}`);
          const n = numberOf(r.payload, first);
          const own = fates.get(r.deviceId) ?? new Map<number, Fate>();
          fates.set(r.deviceId, own);
          const fate = own.get(n) ?? { counted: 0, duplicate: 0 };
          own.set(n, fate);
          const { outcome } = outcomes[codes[r.position]!] ?? { outcome: 'none' };
          if (outcome === 'counted' || outcome === 'duplicate') fate[outcome]++;
          else fault(`${r.deviceId}: reading ${n} is ${outcome}`);
        }
        if (next > end) enough.abort();
      }
    }
    await log.close();
    return fates;
  }
}

/** The code of each position, which here has one reading; positions without a stored outcome are faults. */
function storedOutcomes(
  db: DatabaseSync,
  partition: number,
  end: number,
  fault: (text: string) => void,
): Uint8Array {
  const codes = new Uint8Array(end + 1).fill(255);
  const chunks = db
    .prepare(
      'SELECT from_position, to_position, bytes FROM outcomes WHERE partition = ? ORDER BY to_position',
    )
    .all(partition) as { from_position: number; to_position: number; bytes: Uint8Array }[];
  let next = 0;
  for (const { from_position, to_position, bytes } of chunks) {
    if (from_position !== next) fault(`partition ${partition}: outcomes go from ${next} to ${from_position}`);
    if (bytes.length !== 2 * (to_position - from_position + 1))
      fault(`partition ${partition}: not one outcome each from ${from_position} to ${to_position}`);
    for (let i = 0; i < bytes.length; i += 2)
      codes[from_position + i / 2] = bytes[i] === 1 ? bytes[i + 1]! : 255;
    next = to_position + 1;
  }
  if (next !== end + 1) fault(`partition ${partition}: outcomes end at ${next - 1}, the log at ${end}`);
  return codes;
}

function numberOf(payload: Uint8Array, first: number): number {
  const { observedAt, lane } = JSON.parse(Buffer.from(payload).toString()) as {
    observedAt: string;
    lane: number;
  };
  return (parseInstant(observedAt)! / MINUTE_MS - first) * LANES + lane - 1;
}

function addToWindow(
  windows: Map<string, { readings: number; count: number }>,
  deviceId: string,
  n: number,
  first: number,
): void {
  const minute = minuteOf(n, first);
  const key = `${deviceId}/${laneOf(n)}/${(minute - (minute % 5)) * MINUTE_MS}`;
  const window = windows.get(key) ?? { readings: 0, count: 0 };
  window.readings += 1;
  window.count += countOf(n);
  windows.set(key, window);
}

function checkLedger(db: DatabaseSync, verdict: CrashVerdict, fault: (text: string) => void): void {
  const rows = db.prepare('SELECT outcome, sum(readings) AS n FROM ledger GROUP BY outcome').all();
  const ledger = Object.fromEntries(rows.map((row) => [row.outcome as string, row.n as number]));
  for (const outcome of ['counted', 'duplicate', 'restated', 'rejected', 'quarantined'] as const) {
    const seen = outcome === 'counted' || outcome === 'duplicate' ? verdict[outcome] : 0;
    if ((ledger[outcome] ?? 0) !== seen)
      fault(`ledger: ${ledger[outcome] ?? 0} ${outcome}, the log has ${seen}`);
  }
}

/** Old readings are published as soon as the stream is quiet; that takes a moment after they are processed. */
async function checkWindows(
  db: DatabaseSync,
  expected: ReadonlyMap<string, { readings: number; count: number }>,
  fault: (text: string) => void,
): Promise<void> {
  const all = db.prepare('SELECT device_id, lane, start_at, figures FROM windows');
  let stored: Record<string, unknown>[] = [];
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(200)) {
    stored = all.all();
    if (stored.length >= expected.size) break;
  }
  if (stored.length !== expected.size)
    fault(`${stored.length} windows are stored, ${expected.size} were measured`);
  for (const row of stored) {
    const key = `${row.device_id}/${row.lane}/${row.start_at}`;
    const figures = JSON.parse(row.figures as string) as number[];
    const [readings, count] = [
      figures[figureNames.indexOf('readings')],
      figures[figureNames.indexOf('count')],
    ];
    const own = expected.get(key);
    if (own?.readings !== readings || own?.count !== count)
      fault(
        `window ${key}: ${readings} readings and ${count} vehicles, measured ${own?.readings} and ${own?.count}`,
      );
  }
}
