import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Macros for speeds from single loops and of groups, in any session of the lake. */
export async function prepareSpeeds(db: DuckDBConnection): Promise<void> {
  await db.run(readFileSync(join(import.meta.dirname, '../health/macros.sql'), 'utf8'));
  await db.run(sql('macros'));
}

/**
 * Estimates the speeds of single loops in the session's period and sites, into the temporary tables
 * `single_loop_factors` and `single_loop_speeds` (docs/speeds.md).
 */
export async function estimateSpeeds(db: DuckDBConnection): Promise<void> {
  await prepareSpeeds(db);
  await db.run(sql('single-loop-factors'));
  await db.run(sql('single-loop-speeds'));
}

function sql(name: 'macros' | 'single-loop-factors' | 'single-loop-speeds'): string {
  return readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8');
}
