import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import type { DeadLetter } from '#domain/store.ts';
import { OperatorFault } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import {
  type DeadLetterSelection,
  deadLetterGroups,
  deadLetterReasons,
  listDeadLetters,
} from '../../dead-letters.ts';
import { cityOf, parseFormat, parseWhole, withContext } from '../context.ts';
import { type Format, printRows, type Row, say } from '../print.ts';

interface Flags {
  reason?: DeadLetter['reason'];
  device?: string;
  payload?: boolean;
  limit: number;
  format: Format;
  yes?: boolean;
}

export function deadLettersCommand(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .summary('readings that were refused or quarantined, and judging them again')
    .description(
      'Lists readings that were rejected or quarantined, by reason and device. With --payload one by one, each with its place in the log (partition, position, index) and what was sent.',
    )
    .addOption(new Option('--reason <reason>', 'only these').choices(deadLetterReasons))
    .option('--device <id>', 'only of this device')
    .option('--payload', 'one by one, with what was sent')
    .option('--limit <n>', 'at most so many rows', parseWhole, 100)
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: Flags, command: Command) => {
      await withContext(command, async ({ data }) => {
        await data.fetchLake?.();
        if (flags.payload) await printPayloads(data, flags);
        else printGroups(data, flags);
      });
    });
  readmitCommand(deadLetters);
}

function selectionOf({ reason, device }: Flags): DeadLetterSelection {
  return { reason, deviceId: device };
}

function printGroups(data: DataDirectory, flags: Flags): void {
  const time = cityTime(cityOf(data).timezone);
  const groups = deadLetterGroups(data.db, selectionOf(flags));
  const rows = groups.slice(0, flags.limit).map((g) => ({
    reason: g.reason,
    device_id: g.deviceId,
    readings: g.readings,
    messages: g.messages,
    first_received: time.format(g.firstReceivedAt),
    last_received: time.format(g.lastReceivedAt),
    detail: g.detail,
  }));
  printRows(rows, flags.format, [
    'reason',
    'device_id',
    'readings',
    'messages',
    'first_received',
    'last_received',
    'detail',
  ]);
  if (groups.length > rows.length) say(`${groups.length - rows.length} rows more: --limit ${groups.length}`);
}

async function printPayloads(data: DataDirectory, flags: Flags): Promise<void> {
  const time = cityTime(cityOf(data).timezone);
  const letters: DeadLetter[] = [];
  let readings = 0;
  for (const letter of listDeadLetters(data.db, selectionOf(flags))) {
    if (readings >= flags.limit) break;
    letters.push(letter);
    readings += letter.indices.length;
  }
  const { payloadsAt, readingAt } = await import('../../dead-letter-payloads.ts');
  const payloads = await payloadsAt(data, letters);
  const rows = letters.flatMap((letter) =>
    letter.indices.map((index): Row => {
      const payload = payloads.get(`${letter.partition}/${letter.position}`);
      return {
        reason: letter.reason,
        device_id: letter.deviceId,
        received: time.format(letter.receivedAt),
        partition: letter.partition,
        position: letter.position,
        index,
        payload: payload ? readingAt(payload, index) : null,
        detail: letter.detail,
      };
    }),
  );
  printRows(rows.slice(0, flags.limit), flags.format, [
    'reason',
    'device_id',
    'received',
    'partition',
    'position',
    'index',
    'payload',
    'detail',
  ]);
  if (readings >= flags.limit) say(`at most ${flags.limit} rows are shown: --limit N shows more`);
}

function readmitCommand(deadLetters: Command): void {
  deadLetters
    .command('readmit')
    .summary('judge dead letters again, after a fix')
    .description(
      'Judges dead letters again under today’s registry and rules, after a fix: a device installed, a rule mended. What passes is counted as of the order and its outcome moves in the ledger; `received` stays what the devices sent. What fails again stays a dead letter. Done twice, the second time changes nothing.',
    )
    .addOption(new Option('--reason <reason>', 'only these').choices(deadLetterReasons))
    .option('--device <id>', 'only of this device')
    .option('--yes', 'do not ask')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText(
      'after',
      '\nExample:\n  headway dead-letters readmit --reason unknown-installation --device loop-12',
    )
    .action(async (_own: Flags, command: Command) => {
      // Options that the parent has too are the parent's to commander.
      const flags = command.optsWithGlobals<Flags>();
      await withContext(command, async ({ config, data }) => {
        cityOf(data);
        const selection = selectionOf(flags);
        const { plannedReadmission, readmitDeadLetters } = await import('../../readmit-dead-letters.ts');
        const plan = await plannedReadmission(data, selection);
        if (plan.readings > 0 && !flags.yes) await confirm(plan.readings, plan.places.length);
        const done = await readmitDeadLetters(config, data, selection, plan);
        printRows([{ ...done }], flags.format);
        if (done.expired > 0) say(`${done.expired} stand no longer in the log and can not be judged again`);
      });
    });
}

async function confirm(readings: number, devices: number): Promise<void> {
  const what = `${readings.toLocaleString('en-GB')} readings of ${devices.toLocaleString('en-GB')} devices`;
  if (!process.stdin.isTTY) {
    throw new OperatorFault(
      `${what} would be judged again`,
      'nobody is there to be asked',
      'add --yes to do it',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`judge ${what} again? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new OperatorFault('nothing was changed', 'the answer was no', 'as you wish', 1);
}
