#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { MeasureFault } from '#analytics/measures/measure-fault.ts';
import { OperatorFault } from '../config.ts';
import { auditCommand } from './commands/audit.ts';
import { configCommand } from './commands/config.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { deviceCommand } from './commands/device.ts';
import { lakeCommand } from './commands/lake.ts';
import { measureCommand } from './commands/measure.ts';
import { networkCommand } from './commands/network.ts';
import { queryCommand } from './commands/query.ts';
import { replayCommand } from './commands/replay.ts';
import { reportCommand } from './commands/report.ts';
import { startCommand } from './commands/start.ts';
import { upCommand } from './commands/up.ts';
import { endQuietlyWithReader, say } from './print.ts';

/** Every command, in the order in which help shows them. */
const commands = [
  startCommand,
  upCommand,
  replayCommand,
  networkCommand,
  deviceCommand,
  deadLettersCommand,
  measureCommand,
  reportCommand,
  queryCommand,
  auditCommand,
  lakeCommand,
  configCommand,
];

const program = new Command('headway')
  .description("Carries a city's traffic and transit telemetry from the kerb to the planning report.")
  .option('--data <dir>', 'data directory: one city, all its state (HEADWAY_DATA; default ./.headway)')
  .option('--config <file>', 'configuration (default ./headway.json where it exists)')
  .showHelpAfterError('(add --help for what is possible)')
  .exitOverride();
for (const command of commands) await command(program);

endQuietlyWithReader();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Exit codes: 1 the answer is no, 2 wrong usage, 3 a failure outside. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MeasureFault) {
    say(`headway: ${error.message}\n  hint: ${error.hint}`);
    return 2;
  }
  if (error instanceof OperatorFault || isFault(error)) {
    const fact = 'fact' in error ? error.fact : error.message;
    say(`headway: ${fact}\n  detail: ${error.detail}\n  hint: ${error.hint}`);
    return error instanceof OperatorFault ? error.exitCode : 3;
  }
  say(`headway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 3;
}

function isFault(error: unknown): error is Error & { detail: string; hint: string } {
  return error instanceof Error && 'detail' in error && 'hint' in error;
}
