import type { CityState } from './city-state.ts';

export interface LedgerSum {
  received: number;
  counted: number;
  duplicate: number;
  restated: number;
  rejected: number;
  quarantined: number;
  late: number;
  /** Rejected and quarantined by reason. */
  reasons: Record<string, number>;
}

/** received = counted + duplicate + restated + rejected + quarantined, of everything processed. */
export async function ledgerSum(state: Pick<CityState, 'ledgerTotals'>): Promise<LedgerSum> {
  const sum: LedgerSum = {
    received: 0,
    counted: 0,
    duplicate: 0,
    restated: 0,
    rejected: 0,
    quarantined: 0,
    late: 0,
    reasons: {},
  };
  for (const row of await state.ledgerTotals()) {
    sum.received += row.readings;
    sum[row.outcome] += row.readings;
    sum.late += row.late;
    if (row.reason !== '' && row.readings > 0) sum.reasons[row.reason] = row.readings;
  }
  return sum;
}

export function describeLedgerSum(sum: LedgerSum): string {
  const n = (value: number) => value.toLocaleString('en-GB');
  const parts = [
    `${n(sum.counted)} counted`,
    `${n(sum.duplicate)} duplicate`,
    `${n(sum.restated)} restated`,
    `${n(sum.rejected)} rejected`,
    `${n(sum.quarantined)} quarantined`,
  ];
  const reasons = Object.entries(sum.reasons).map(([reason, count]) => `${reason} ${n(count)}`);
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  return `${n(sum.received)} received = ${parts.join(' + ')}${why}; of which late ${n(sum.late)}`;
}
