import type { DuckDBConnection } from '@duckdb/node-api';
import { defineViews } from '../lake/on-demand.ts';
import { healthSql } from './judge-day.ts';

/**
 * Gives a session of the lake the causes (`health_causes`) and, of the asked period, the verdicts (`health_days`) and the
 * work list (`health_repairs`).
 */
export async function createHealthViews(db: DuckDBConnection): Promise<void> {
  for (const name of ['causes', 'asked-days', 'repairs'] as const) await defineViews(db, healthSql(name));
}
