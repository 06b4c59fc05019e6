import type { DuckDBConnection } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import { instantValue, query } from './query.ts';

/** expected = observed + missing, in seconds of what the installations promise. */
export interface DataShare {
  expectedS: number;
  observedS: number;
  /** null where nothing was promised: events, or no installation known. */
  missingShare: number | null;
}

/** What a period is measured against: each installation's lanes and directions, for as long as it stood. */
const SQL = `
WITH due AS (
  SELECT coalesce(sum(
    greatest(0, epoch(least(valid_to, $until)) - epoch(greatest(valid_from, $from_at)))
    * greatest(1, coalesce(len(lanes), 0)) * greatest(1, coalesce(len(directions), 0))), 0) AS expected_s
  FROM installations
  WHERE period_s IS NOT NULL AND valid_from < $until AND valid_to > $from_at
),
seen AS (
  SELECT coalesce(sum(observed_s), 0) AS observed_s
  FROM windows WHERE $from_at <= start_at AND start_at < $until AND expected_s IS NOT NULL
)
SELECT expected_s, observed_s FROM due, seen`;

/** Up to `asOf`, where the period is not yet over: what is not due yet is not missing. */
export async function dataShare(
  connection: DuckDBConnection,
  fromAt: Instant,
  toAt: Instant,
  asOf: Instant | undefined,
): Promise<DataShare> {
  const until = asOf !== undefined && asOf > fromAt ? Math.min(toAt, asOf) : toAt;
  const { rows } = await query(connection, SQL, {
    from_at: instantValue(fromAt),
    until: instantValue(until),
  });
  const expectedS = Number(rows[0]?.expected_s ?? 0);
  const observedS = Number(rows[0]?.observed_s ?? 0);
  return {
    expectedS,
    observedS,
    missingShare: expectedS > 0 ? Math.max(0, 1 - observedS / expectedS) : null,
  };
}
