import type { DuckDBConnection } from '@duckdb/node-api';
import { query } from './query.ts';

/** expected = observed + missing, in seconds of what the installations promise. */
export interface DataShare {
  expectedS: number;
  observedS: number;
  /** null where nothing was promised: events, or no installation known. */
  missingShare: number | null;
}

const SQL = 'SELECT expected_s, observed_s FROM promised_sum';

/** Of the period, corridor or site that the session's variables ask for. */
export async function dataShare(connection: DuckDBConnection): Promise<DataShare> {
  const { rows } = await query(connection, SQL);
  const expectedS = Number(rows[0]?.expected_s ?? 0);
  const observedS = Number(rows[0]?.observed_s ?? 0);
  return { expectedS, observedS, missingShare: expectedS > 0 ? 1 - observedS / expectedS : null };
}
