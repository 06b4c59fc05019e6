import type { Command } from 'commander';
import { withContext } from '../context.ts';
import { say } from '../print.ts';
import { progress } from '../progress.ts';

export function lakeCommand(program: Command): void {
  program
    .command('lake')
    .summary('bring the Parquet lake up to date')
    .description(
      'Exports everything processed so far to Parquet files under DATA/lake: archive, readings, windows, roll-ups,\nledger. Safe to rerun at any time; `measure`, `report`, `query` and `audit` do it first by themselves.',
    )
    .option('--rebuild', 'make all roll-ups anew from the windows')
    .action(async (flags: { rebuild?: boolean }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { refreshLake } = await import('../../lake-session.ts');
        const bar = progress('exporting', undefined);
        const onProgress = (stage: string, n: number, total: number) =>
          bar.update(n, `of ${total} (${stage})`);
        const done = await refreshLake(data, onProgress, flags.rebuild ?? false);
        bar.end();
        say(
          `exported ${done.records.toLocaleString('en-GB')} records, ${done.readings.toLocaleString('en-GB')} readings, windows of ${done.days} days to ${data.lakePath}`,
        );
      });
    });
}
