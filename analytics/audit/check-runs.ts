import type { DuckDBConnection } from '@duckdb/node-api';
import type { CheckResult } from './audit-result.ts';
import { readCheckFile, runCheck } from './check-file.ts';

/** Every check, by its SQL file. */
export const auditChecks = [
  'archive-segments',
  'archive-checksums',
  'payload-readings',
  'clock',
  'identity',
  'windows',
  'ledger',
  'ledger-sum',
  'hourly',
] as const;

export type AuditCheck = (typeof auditChecks)[number];

/** Runs checks, some of them many times over parts of the lake, and adds up what they find. */
export function checkRuns(
  db: DuckDBConnection,
  sampleRows: number,
  onProgress?: (check: AuditCheck, share: number) => void,
) {
  const files = new Map(auditChecks.map((name) => [name, readCheckFile(name)]));
  const results = new Map<AuditCheck, CheckResult>();
  let openWindows = 0;
  return {
    async check(name: AuditCheck, share = 1): Promise<void> {
      const started = performance.now();
      const file = files.get(name)!;
      const found = await runCheck(db, file, sampleRows);
      const before = results.get(name);
      results.set(name, {
        name,
        question: file.question,
        examined: (before?.examined ?? 0) + found.examined,
        differences: (before?.differences ?? 0) + found.differences,
        sample: [...(before?.sample ?? []), ...found.sample].slice(0, sampleRows),
        tookMs: (before?.tookMs ?? 0) + performance.now() - started,
      });
      openWindows += found.numbers.open ?? 0;
      onProgress?.(name, share);
    },
    /** Of the checks that ran, in the order of the list. */
    results: (): CheckResult[] => auditChecks.flatMap((name) => results.get(name) ?? []),
    openWindows: () => openWindows,
  };
}
