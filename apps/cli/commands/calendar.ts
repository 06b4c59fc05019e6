import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import { calendarChanges } from '#ingest/calendar/calendar-changes.ts';
import { parseCalendar } from '#ingest/calendar/parse-calendar.ts';
import { OperatorFault } from '../../config.ts';
import { cityOf, parseCityTime, parseFormat, withContext } from '../context.ts';
import { type Format, printRows, say } from '../print.ts';

interface ImportFlags {
  from?: string;
  dryRun?: boolean;
  format: Format;
}

export function calendarCommand(program: Command): void {
  const calendar = program
    .command('calendar')
    .summary('import and list holidays, school days, events, incidents and roadworks')
    .description(
      'Days that are not like others, and what was in the way of traffic: measures tell day types by it.',
    );
  calendar
    .command('import')
    .summary('take them from a file')
    .description(
      'Reads CSV or a JSON array with type (holiday, school-holiday, event, incident, roadworks), from, to, and perhaps\nname, id, road, direction, site_id, lat, lon. Dates for days (to included), city time for incidents. The same file\nagain changes nothing; docs/network.md has more.',
    )
    .argument('<file>', 'a .csv or .json file')
    .option('--from <time>', 'from when a changed entry holds, city time (default: always)')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText('after', '\nExample:\n  headway calendar import holidays.csv --dry-run')
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      const text = textOf(file);
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const format = file.toLowerCase().endsWith('.json') ? 'json' : 'csv';
        const { entries, problems } = parseCalendar(text, format, cityTime(timezone));
        const from = flags.from === undefined ? undefined : parseCityTime(flags.from, timezone);
        const { changes, added, changed, unchanged } = calendarChanges(
          await data.registry.view(),
          entries,
          from,
        );
        if (!flags.dryRun && changes.length > 0) await data.registry.change(changes);
        for (const { row, problem } of problems) say(row === 0 ? problem : `row ${row}: ${problem}`);
        printRows([{ added, changed, unchanged, problems: problems.length }], flags.format);
        if (flags.dryRun) say('a dry run: nothing was changed');
        if (problems.length > 0) process.exitCode = 1;
      });
    });
  calendar
    .command('list')
    .summary('list what was imported')
    .description('Lists the calendar, incidents and roadworks as they are known now.')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: { format: Format }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const time = cityTime(cityOf(data).timezone);
        const view = await data.registry.view();
        const lasting = ({ validTo }: { validTo: number }) => !Number.isFinite(validTo);
        const days = view
          .history('calendar')
          .filter(lasting)
          .map(({ id, body: b }) => ({
            id,
            type: b.type,
            from: b.firstDate,
            to: b.lastDate,
            name: b.name ?? null,
          }));
        const incidents = view
          .history('incident')
          .filter(lasting)
          .map(({ id, body: b }) => {
            return {
              id,
              type: b.type,
              from: time.format(b.from),
              to: time.format(b.to),
              name: b.name ?? null,
            };
          });
        printRows([...days, ...incidents], flags.format, ['id', 'type', 'from', 'to', 'name']);
      });
    });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorFault(
      `could not read ${file}`,
      error instanceof Error ? error.message : String(error),
      'check the path and its permissions',
    );
  }
}
