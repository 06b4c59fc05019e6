import type { Command } from 'commander';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { OperatorFault } from '../../config.ts';
import { describeLedgerSum, ledgerSum } from '../../ledger-sum.ts';
import { cityOf, parseFormat, withContext } from '../context.ts';
import { type Format, printRows, say } from '../print.ts';
import { progress } from '../progress.ts';

export function auditCommand(program: Command): void {
  program
    .command('audit')
    .summary('recompute everything published from the archive, and print every difference')
    .description(
      'Recomputes outcomes, windows, ledger and roll-up from the archived payloads, in SQL that shares no code with\nprocessing, compares the archive with the log, and prints every difference. Exit code 1 where there is one, or\nwhere a period can not be audited.',
    )
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async ({ format }: { format: Format }, command: Command) => {
      await withContext(command, async ({ data, config }) => {
        cityOf(data);
        const { runAudit } = await import('#analytics/audit/run-audit.ts');
        const { lakeSession } = await import('../../lake-session.ts');
        const connection = await lakeSession(data);
        const segments = await data.readLog();
        if (!segments) throw noLog(data);
        const bar = progress('auditing', 1);
        const { aheadS, behindDays, graceS, idleS } = config.processing;
        const corrupt = await data.corrupt();
        try {
          const result = await runAudit({
            connection,
            segments,
            corrupt,
            checkpoints: readManifest(data.lakePath).exportedTo.map((position, partition) => ({
              partition,
              position,
            })),
            rules: { aheadS, behindS: behindDays * 86_400, graceS, idleS },
            onProgress: (check, share) => bar.update(share, check),
          });
          bar.end();
          if (format === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
          else print(result, format);
          say(`ledger: ${describeLedgerSum(await ledgerSum(data))}`);
          say(verdict(result));
          if (!result.ok) process.exitCode = 1;
        } finally {
          await segments.close();
        }
      });
    });
}

function print(result: AuditResult, format: Format): void {
  const checks = result.checks.map(({ name, examined, differences, question }) => ({
    check: name,
    examined,
    differences,
    question,
  }));
  printRows(checks, format);
  const found = result.checks.flatMap((c) => c.sample.map((d) => ({ check: c.name, ...d })));
  if (found.length > 0) {
    process.stdout.write('\n');
    printRows(found, format);
  }
  if (format !== 'table') return;
  const hours = result.promisedHours.reduce(
    (sum, h) => ({
      expected: sum.expected + h.expectedS,
      observed: sum.observed + h.observedS,
      missing: sum.missing + h.missingS,
    }),
    { expected: 0, observed: 0, missing: 0 },
  );
  const h = (seconds: number) => (seconds / 3_600).toLocaleString('en-GB', { maximumFractionDigits: 1 });
  say(
    `sensor-hours: ${h(hours.expected)} expected = ${h(hours.observed)} observed + ${h(hours.missing)} missing (by hour: --format json)`,
  );
}

function verdict(result: AuditResult): string {
  const differences = result.checks.reduce((n, c) => n + c.differences, 0);
  const parts = [`${differences.toLocaleString('en-GB')} differences`];
  for (const gap of result.notAuditable) {
    parts.push(
      `not auditable: partition ${gap.partition}, positions ${gap.from} to ${gap.to} (${gap.receivedFrom ?? 'the start'} to ${gap.receivedTo ?? 'the end'}) have no archive`,
    );
  }
  for (const gap of result.corrupt) {
    parts.push(
      `lost by the log: partition ${gap.partition}, positions ${gap.from} to ${gap.to}: ${gap.corruption}`,
    );
  }
  if (result.openWindows > 0) parts.push(`${result.openWindows.toLocaleString('en-GB')} windows still open`);
  if (result.recordsNotYetArchived > 0) {
    parts.push(`${result.recordsNotYetArchived.toLocaleString('en-GB')} records newer than the archive`);
  }
  return `audit: ${parts.join('; ')}`;
}

function noLog(data: { path: string }): OperatorFault {
  return new OperatorFault(
    `${data.path} has no log`,
    'nothing was ever sent there',
    'try `headway replay --help`, or another directory with --data',
    1,
  );
}
