import type { DuckDBConnection } from '@duckdb/node-api';
import { HOUR_MS, type Instant, mod } from '#domain/instant.ts';
import { instantValue, query } from './query.ts';

/** Readings by outcome and reason; `reason` '' where the outcome needs none. */
export interface OutcomeSum {
  outcome: string;
  reason: string;
  /** Observed in the period. */
  readings: number;
  /** Without an observation time that can be trusted; received in the period. */
  untrusted: number;
  /** Of `readings`, came after their window was published. */
  late: number;
}

export interface LedgerSum {
  lines: OutcomeSum[];
  received: number;
  untrustedReceived: number;
  /** Readings without a trusted time that were received at other times. */
  untrustedElsewhere: number;
  /** The ledger counts whole UTC hours: those that touch the period. */
  fromAt: Instant;
  toAt: Instant;
}

const SQL = `
SELECT outcome, coalesce(reason, '') AS reason,
  coalesce(sum(readings) FILTER (hour_observed >= $from_at AND hour_observed < $to_at), 0) AS readings,
  coalesce(sum(readings) FILTER (hour_observed IS NULL AND hour_received >= $from_at AND hour_received < $to_at), 0)
    AS untrusted,
  coalesce(sum(readings) FILTER (hour_observed IS NULL AND NOT (hour_received >= $from_at AND hour_received < $to_at)), 0)
    AS elsewhere,
  coalesce(sum(late) FILTER (hour_observed >= $from_at AND hour_observed < $to_at), 0) AS late
FROM ledger
WHERE (hour_observed IS NULL OR hour_observed >= $from_at AND hour_observed < $to_at)
  AND (getvariable('corridor_id') IS NULL AND getvariable('site_ids') IS NULL
    OR device_id IN (SELECT i.device_id FROM installations i WHERE asked_site(i.site_id)))
GROUP BY outcome, coalesce(reason, '')
ORDER BY list_position(['counted', 'duplicate', 'restated', 'rejected', 'quarantined'], outcome), coalesce(reason, '')`;

export const ledgerSumSql = SQL.trim();

/** Of the whole city, or of the devices that ever stood on the corridor or at the site that the session asks for. */
export async function ledgerSum(
  connection: DuckDBConnection,
  from: Instant,
  to: Instant,
): Promise<LedgerSum> {
  const fromAt = from - mod(from, HOUR_MS);
  const toAt = to + mod(-to, HOUR_MS);
  const { rows } = await query(connection, SQL, { from_at: instantValue(fromAt), to_at: instantValue(toAt) });
  const lines = rows.map((r) => ({
    outcome: String(r.outcome),
    reason: String(r.reason),
    readings: Number(r.readings),
    untrusted: Number(r.untrusted),
    late: Number(r.late),
  }));
  const total = (of: (line: OutcomeSum) => number) => lines.reduce((sum, line) => sum + of(line), 0);
  return {
    lines: lines.filter((l) => l.readings > 0 || l.untrusted > 0),
    received: total((l) => l.readings),
    untrustedReceived: total((l) => l.untrusted),
    untrustedElsewhere: rows.reduce((sum, r) => sum + Number(r.elsewhere), 0),
    fromAt,
    toAt,
  };
}

/** `417,312 received = 417,312 counted + 0 duplicate + ...`, its parts by outcome. */
export function sumByOutcome(sum: LedgerSum): { outcome: string; readings: number }[] {
  return ['counted', 'duplicate', 'restated', 'rejected', 'quarantined'].map((outcome) => ({
    outcome,
    readings: sum.lines.reduce((n, l) => n + (l.outcome === outcome ? l.readings + l.untrusted : 0), 0),
  }));
}
