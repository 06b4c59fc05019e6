import type { Command } from 'commander';
import { OperatorFault } from '../../config.ts';
import { parseFormat, withContext } from '../context.ts';
import { type Format, printRows, type Row } from '../print.ts';

export function queryCommand(program: Command): void {
  program
    .command('query')
    .summary('ask the lake in SQL')
    .description(
      'Runs DuckDB SQL over the lake and the registry. Views: archive, readings, windows, hourly, ledger, door, sites,\nlinks, corridors, zones, devices, installations, city (docs/lake.md has their columns).',
    )
    .argument('<sql>', 'a DuckDB query')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText(
      'after',
      `\nExample:\n  headway query "SELECT outcome, reason, sum(readings) AS readings FROM ledger GROUP BY ALL"`,
    )
    .action(async (sql: string, { format }: { format: Format }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { lakeSession } = await import('../../lake-session.ts');
        const { printedValue } = await import('../../printed-values.ts');
        const { keepFeedDays } = await import('#analytics/feed-quality/feed-days.ts');
        const db = await lakeSession(data);
        await keepFeedDays(db, sql);
        const result = await db.runAndReadAll(sql).catch((error: unknown) => {
          const [fact, ...rest] = String(error instanceof Error ? error.message : error).split('\n');
          throw new OperatorFault(
            'the query failed',
            [fact, ...rest.filter((l) => l.trim() !== '')].join('\n          '),
            'docs/lake.md lists every view and column',
          );
        });
        const rows = result.convertRowObjects(printedValue) as Row[];
        printRows(rows, format, result.deduplicatedColumnNames());
      });
    });
}
