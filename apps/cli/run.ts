import { CommanderError } from 'commander';
import { MeasureFault } from '#analytics/measures/measure-fault.ts';
import { nearestNames } from '#domain/nearest-names.ts';
import { OperatorFault } from '../config.ts';
import { endQuietlyWithReader, say } from './print.ts';
import { headwayProgram } from './program.ts';

endQuietlyWithReader();
try {
  const program = await headwayProgram();
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Exit codes: 1 the answer is no, 2 wrong usage, 3 a failure outside. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MeasureFault) {
    const { asked, among } = error.unknown ?? { asked: '', among: [] };
    const near = nearestNames(asked, among).map((name) => `\n  nearest: ${name}`);
    say(`headway: ${error.message}${near.join('')}\n  hint: ${error.hint}`);
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
