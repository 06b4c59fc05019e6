import { type Command, InvalidArgumentError } from 'commander';
import { describeLedgerSum, ledgerSum } from '../../ledger-sum.ts';
import { parseWhole, withContext } from '../context.ts';
import { interrupted } from '../interrupted.ts';
import { say } from '../print.ts';
import { progress } from '../progress.ts';

interface StartFlags {
  sensors: number;
  days: number;
  seed: number;
  azureSensors: number;
  faults: boolean;
  transit?: boolean;
  transitEvery: number;
  once?: boolean;
}

/** `start` and `simulate` are one thing: the second is for those who look for the simulator by its name. */
export function startCommand(program: Command): void {
  for (const name of ['start', 'simulate']) {
    program
      .command(name)
      .summary(
        name === 'start'
          ? 'a simulated city, from its past through the door to a report, then live'
          : 'the same, by the name of the simulator',
      )
      .description(
        'Starts the embedded pipeline and a simulated city: its past comes through the MQTT door at full speed, the\nweekly report is written, then each sensor sends live. Planted faults and what was true are in DATA/truth.ndjson.',
      )
      .option('--sensors <n>', 'about so many sensors, 20 at least', parseSensors, 300)
      .option('--days <n>', 'days of past', parseWhole, 14)
      .option('--seed <n>', 'another seed is another city', parseWhole, 1)
      .option('--azure-sensors <n>', 'live sensors that use the Azure IoT device SDK', parseWhole, 3)
      .option('--no-faults', 'without planted faults')
      .option('--transit', 'with its buses and trams: timetable, positions, passenger counts, stop visits')
      .option('--transit-every <seconds>', 'seconds between two positions of a vehicle', parseSeconds, 30)
      .option('--once', 'end after the report')
      .action(async (flags: StartFlags, command: Command) => {
        await withContext(
          command,
          async ({ config, data }) => {
            const { start } = await import('../../start.ts');
            const bar = progress('sending', undefined);
            await start({
              config,
              data,
              ...flags,
              transit: flags.transit ? { everyS: flags.transitEvery } : undefined,
              once: flags.once ?? false,
              signal: interrupted(),
              say: (line) => {
                bar.end();
                say(line);
              },
              onProgress: (readings, total) =>
                bar.update(readings, `of about ${total.toLocaleString('en-GB')}`),
              ledgerSum: async () => describeLedgerSum(await ledgerSum(data)),
            });
          },
          { founds: true },
        );
      });
  }
}

function parseSensors(value: string): number {
  const n = parseWhole(value);
  if (n >= 20) return n;
  throw new InvalidArgumentError('a simulated city has 20 sensors at least');
}

function parseSeconds(value: string): number {
  const n = parseWhole(value);
  if (n >= 1 && n <= 300) return n;
  throw new InvalidArgumentError('1 to 300 seconds');
}
