import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { type CanonicalExport, canonicalExport } from '#analytics/audit/canonical-export.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { openSession } from '#apps/lake-session.ts';
import { localServices } from '../scale-out/local-services.ts';

export interface Run {
  export: CanonicalExport;
  /** Differences that the audit found, over all its checks. */
  differences: number;
  ok: boolean;
  replayS: number;
}

const main = resolve(import.meta.dirname, '../../../apps/cli/main.ts');
const week = resolve(import.meta.dirname, '../../../../shared/data/road/metr-la-week');

/** METR-LA replayed and audited by the command line, embedded and on local Azure endpoints. */
export async function runInBothHomes(
  directory: string,
  recorded: string,
): Promise<{ embedded: Run; azure: Run }> {
  const services = await localServices(directory, 4);
  try {
    const embedded = await run(join(directory, 'embedded'), recorded, {});
    const azure = await run(join(directory, 'azure'), recorded, {
      ...services.settings,
      HEADWAY_BALANCE_INTERVAL_S: '1',
      HEADWAY_BALANCE_EXPIRY_S: '6',
    });
    return { embedded, azure };
  } finally {
    await services.close();
  }
}

async function run(path: string, recorded: string, settings: Record<string, string>): Promise<Run> {
  const headway = (...args: string[]) =>
    promisify(execFile)(process.execPath, [main, '--data', path, ...args], {
      env: { ...process.env, ...settings },
      maxBuffer: 256 * 1_024 * 1_024,
    });
  const started = performance.now();
  await headway('replay', 'metr-la', recorded, '--speed', 'max');
  const replayS = (performance.now() - started) / 1_000;
  const { stdout } = await headway('audit', '--format', 'json');
  const { ok, checks } = JSON.parse(stdout) as AuditResult;
  const data = await openCity(path, readConfig(undefined, settings));
  try {
    const connection = await openSession(data);
    try {
      const differences = checks.reduce((n, check) => n + check.differences, 0);
      return { export: await canonicalExport(connection), differences, ok, replayS };
    } finally {
      connection.closeSync();
    }
  } finally {
    data.close();
  }
}

/** One day of 69 of the 207 sensors, as a recording of its own. */
export async function oneDay(recorded: string, directory: string): Promise<string> {
  const day = join(directory, 'one-day');
  mkdirSync(day);
  for (const name of ['corridors.csv', 'graph_sensor_locations.csv'])
    copyFileSync(join(recorded, name), join(day, name));
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `COPY (
       FROM '${join(recorded, 'metr_la_week.parquet')}'
       WHERE ts_local::DATE = '2012-03-05'
       QUALIFY dense_rank() OVER (ORDER BY sensor_id) <= 69
     ) TO '${join(day, 'day.parquet')}'`,
  );
  connection.closeSync();
  return day;
}

if (import.meta.main) {
  const directory = mkdtempSync(join(process.cwd(), '.headway-both-homes-'));
  const { embedded, azure } = await runInBothHomes(directory, process.argv[2] ?? week);
  console.log({ embedded, azure });
  const same = embedded.export.sha256 === azure.export.sha256 && embedded.ok && azure.ok;
  console.log(same ? 'both exports are the same, both audits find nothing' : 'THEY DIFFER');
  rmSync(directory, { recursive: true, force: true });
  process.exit(same ? 0 : 1);
}
