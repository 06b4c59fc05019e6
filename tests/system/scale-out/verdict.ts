import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { openSession } from '#apps/lake-session.ts';
import { MINUTE_MS } from '#domain/instant.ts';
import { LANES } from '../recovery/load-reading.ts';
import type { Remembered } from './remembering-load.ts';

export interface Verdict {
  sent: number;
  acknowledged: number;
  counted: number;
  /** Counted, and its sender never heard of it. */
  countedInFlight: number;
  /** A sender, or the log, sent it again. */
  duplicate: number;
  /** What breaks a guarantee; none is right. At most 20 are told. */
  faults: string[];
}

const main = resolve(import.meta.dirname, '../../../apps/cli/main.ts');

/** What the senders remember against what stands in the lake, once all is processed; and what the audit says. */
export async function judge(
  directory: string,
  settings: Record<string, string>,
  records: readonly Remembered[],
  first: number,
): Promise<Verdict> {
  const faults = await auditFaults(directory, settings);
  const verdict: Verdict = { sent: 0, acknowledged: 0, counted: 0, countedInFlight: 0, duplicate: 0, faults };
  const fault = (text: string) => faults.length < 20 && faults.push(text);
  const fates = await readFates(directory, settings, first);
  for (const { deviceId, sent, waiting } of records) {
    const own = fates.get(deviceId) ?? new Map<number, Fate>();
    verdict.sent += sent;
    verdict.acknowledged += sent - waiting.size;
    for (const [n, { other }] of own) {
      if (!(n >= 0 && n < sent)) fault(`${deviceId}: reading ${n} was never sent`);
      if (other > 0) fault(`${deviceId}: reading ${n} was neither counted nor a duplicate`);
    }
    for (let n = 0; n < sent; n++) {
      const { counted, duplicate } = own.get(n) ?? { counted: 0, duplicate: 0 };
      verdict.counted += counted;
      verdict.duplicate += duplicate;
      if (waiting.has(n)) verdict.countedInFlight += counted;
      if (counted > 1) fault(`${deviceId}: reading ${n} is counted ${counted} times`);
      if (counted === 0 && !waiting.has(n)) fault(`${deviceId}: reading ${n} was acknowledged and is lost`);
      if (counted === 0 && duplicate > 0) fault(`${deviceId}: reading ${n} is a duplicate of nothing`);
    }
  }
  return verdict;
}

interface Fate {
  counted: number;
  duplicate: number;
  other: number;
}

async function readFates(
  directory: string,
  settings: Record<string, string>,
  first: number,
): Promise<Map<string, Map<number, Fate>>> {
  const data = await openCity(directory, readConfig(undefined, settings));
  const connection = await openSession(data);
  try {
    const answer = await connection.runAndReadAll(`
      SELECT device_id, epoch_ms(observed_at)::DOUBLE AS at, lane::INT AS lane,
        count(*) FILTER (outcome = 'counted')::INT AS counted,
        count(*) FILTER (outcome = 'duplicate')::INT AS duplicate,
        count(*) FILTER (outcome NOT IN ('counted', 'duplicate'))::INT AS other
      FROM readings GROUP BY ALL`);
    const fates = new Map<string, Map<number, Fate>>();
    for (const [device, at, lane, counted, duplicate, other] of answer.getRows() as [string, ...number[]][]) {
      const own = fates.get(device) ?? new Map<number, Fate>();
      fates.set(device, own);
      const n = (at! / MINUTE_MS - first) * LANES + lane! - 1;
      own.set(n, { counted: counted!, duplicate: duplicate!, other: other! });
    }
    return fates;
  } finally {
    connection.closeSync();
    data.close();
  }
}

/** `headway audit`, as an operator runs it: it exports first. */
async function auditFaults(directory: string, settings: Record<string, string>): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [main, '--data', directory, 'audit', '--format', 'json'],
    { env: { ...process.env, ...settings }, maxBuffer: 64 * 1_024 * 1_024 },
  ).catch((error: Error & { stdout: string; stderr: string }) => error);
  if (!stdout.startsWith('{')) return [`the audit failed: ${stderr}`];
  const { ok, checks, notAuditable } = JSON.parse(stdout) as AuditResult;
  const faults = checks
    .filter((check) => check.differences > 0)
    .map(({ name, differences, sample }) => `audit: ${name}: ${differences}, ${JSON.stringify(sample[0])}`);
  for (const gap of notAuditable) faults.push(`audit: no archive of ${JSON.stringify(gap)}`);
  if (!ok && faults.length === 0) faults.push(`audit: ${stderr}`);
  return faults;
}
