import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { anomaliesCommand } from './commands/anomalies.ts';
import { auditCommand } from './commands/audit.ts';
import { calendarCommand } from './commands/calendar.ts';
import { configCommand } from './commands/config.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { deviceCommand } from './commands/device.ts';
import { feedCommand } from './commands/feed.ts';
import { gtfsCommand } from './commands/gtfs.ts';
import { healthCommand } from './commands/health.ts';
import { lakeCommand } from './commands/lake.ts';
import { localAzureCommand } from './commands/local-azure.ts';
import { measureCommand } from './commands/measure.ts';
import { networkCommand } from './commands/network.ts';
import { queryCommand } from './commands/query.ts';
import { replayCommand } from './commands/replay.ts';
import { reportCommand } from './commands/report.ts';
import { sizeCommand } from './commands/size.ts';
import { startCommand } from './commands/start.ts';
import { tidesCommand } from './commands/tides.ts';
import { upCommand } from './commands/up.ts';

/** Every command, in the order in which help shows them. */
const commands = [
  startCommand,
  upCommand,
  replayCommand,
  feedCommand,
  networkCommand,
  calendarCommand,
  gtfsCommand,
  deviceCommand,
  deadLettersCommand,
  measureCommand,
  reportCommand,
  healthCommand,
  anomaliesCommand,
  tidesCommand,
  queryCommand,
  auditCommand,
  lakeCommand,
  localAzureCommand,
  sizeCommand,
  configCommand,
];

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The whole command line. */
export async function headwayProgram(): Promise<Command> {
  const program = new Command('headway')
    .description("Carries a city's traffic and transit telemetry from the kerb to the planning report.")
    .option('--data <dir>', 'data directory: one city, all its state (HEADWAY_DATA; default ./.headway)')
    .option('--config <file>', 'configuration (default ./headway.json where it exists)')
    .version(version, '--version', 'print the version')
    .showHelpAfterError('(add --help for what is possible)')
    .configureHelp({ commandDescription: (command) => flowing(command.description()) })
    .exitOverride();
  for (const command of commands) await command(program);
  return program;
}

/** Lines that were broken to be read in the source are joined: help breaks them where the terminal ends. Lists stay. */
function flowing(description: string): string {
  return description.replace(/([^\n])\n(?=[^\n\s])/g, '$1 ');
}
