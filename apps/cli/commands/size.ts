import type { Command } from 'commander';
import { sizeCity } from '../../sizing/size-city.ts';
import { parseFormat, parseWhole } from '../context.ts';
import { parseSpanS } from '../parse-span.ts';
import { type Format, printRows, say } from '../print.ts';

interface SizeFlags {
  sensors: number;
  period: number;
  vehicles: number;
  vehiclePeriod: number;
  batch: number;
  format: Format;
}

export function sizeCommand(program: Command): void {
  program
    .command('size')
    .summary('what a city needs on Azure')
    .description(
      'Prints what a city of this size needs on Azure, each number with its rule and what the rule rests on. Asks nobody:\nneither Azure nor a data directory. docs/sizing.md has the same up to a million sensors.',
    )
    .requiredOption('--sensors <n>', 'sensors, or lanes where each lane reports apart', parseCount)
    .option('--period <span>', 'between two readings of a sensor, such as 30s', parseSpanS, 60)
    .option('--vehicles <n>', 'vehicles that tell their position', parseCount, 0)
    .option('--vehicle-period <span>', 'between two positions of a vehicle', parseSpanS, 1)
    .option('--batch <n>', 'readings in a message', parseWhole, 1)
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText(
      'after',
      '\nExample:\n  headway size --sensors 40000 --period 30s --vehicles 1500 --vehicle-period 1s',
    )
    .action(({ sensors, period, vehicles, vehiclePeriod, batch, format }: SizeFlags) => {
      const needs = sizeCity({ sensors, periodS: period, vehicles, vehiclePeriodS: vehiclePeriod, batch });
      if (format !== 'table')
        return printRows(
          needs.map((n) => ({ ...n })),
          format,
        );
      printRows(
        needs.map(({ of, need, value, unit }) => ({ of, need, value, unit })),
        format,
      );
      say('');
      for (const { of, need, rule, source } of needs) say(`${of}, ${need}: ${rule} (${source})`);
    });
}

function parseCount(value: string): number {
  return value === '0' ? 0 : parseWhole(value);
}
