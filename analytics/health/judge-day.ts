import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Counts changes of any rule in this folder: a verdict of an older version is stale. */
export const HEALTH_VERSION = 1;

/** In this order: a test may read what the ones before it made and found. */
const tests = [
  'macros',
  'causes',
  'detectors',
  'windows',
  'silence',
  'cabinets',
  'clock',
  'line',
  'cause-tree',
  'stuck',
  'vehicle-length',
  'neighbours',
  'daily-statistics',
  'directions',
  'lanes',
  'balance',
  'zeros',
  'verdict',
] as const;

/** Loads what was said of the days before `date`, from which `judgeDay` goes on. */
export async function loadHistory(db: DuckDBConnection, date: string): Promise<void> {
  await setDay(db, date);
  await db.run(healthSql('history'));
}

/**
 * Judges every detector on a local date (ISO). The verdicts are then in the temporary table `health_verdicts`, with the
 * columns of `detector_days` (docs/health.md). Days are judged in order: each becomes history of the next.
 */
export async function judgeDay(db: DuckDBConnection, date: string): Promise<void> {
  await setDay(db, date);
  for (const test of tests) await db.run(healthSql(test));
  await db.run(healthSql('remember'));
}

export function healthSql(
  name: (typeof tests)[number] | 'history' | 'remember' | 'asked-days' | 'repairs',
): string {
  return readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8');
}

async function setDay(db: DuckDBConnection, date: string): Promise<void> {
  await db.run(`
    SET VARIABLE health_date = DATE '${date}';
    SET VARIABLE from_at = city_moment(DATE '${date}');
    SET VARIABLE to_at = city_moment(DATE '${date}' + 1)`);
}
