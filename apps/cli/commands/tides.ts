import { existsSync, readdirSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { TidesExport, TidesFormat } from '#analytics/tides/export-tides.ts';
import { OperatorFault } from '../../config.ts';
import { cityOf, withContext } from '../context.ts';
import { say } from '../print.ts';
import { progress } from '../progress.ts';

export function tidesCommand(program: Command): void {
  const tides = program
    .command('tides')
    .summary('hand transit data on in the field’s own form')
    .description(
      'TIDES 1.0, the Transit ITS Data Exchange Specification: tables that transit tools and archives share.',
    );
  exportCommand(tides);
}

interface ExportFlags {
  from?: string;
  to?: string;
  format: TidesFormat;
}

function exportCommand(tides: Command): void {
  tides
    .command('export')
    .summary('write trips, stop visits, passengers, positions and vehicles as TIDES 1.0')
    .description(
      'Writes trips_performed, stop_visits, passenger_events and vehicle_locations, a file a service date, and vehicles,\nwith a datapackage.json beside them. Says on stderr what TIDES has no place for, and how much of it there was.\nExit code 1 when no service date of the period has been matched (`headway gtfs match`).',
    )
    .argument('<folder>', 'where to write: a folder that is new or empty')
    .option('--from <date>', 'first service date, city time (default: the first that was matched)', parseDate)
    .option(
      '--to <date>',
      'service date after the last (default: after the last that was matched)',
      parseDate,
    )
    .option('--format <format>', 'csv or parquet', parseTidesFormat, 'csv')
    .addHelpText(
      'after',
      '\nExamples:\n  headway tides export tides/ --from 2026-07-01 --to 2026-08-01\n  headway tides export tides/ --format parquet',
    )
    .action(async (folder: string, flags: ExportFlags, command: Command) => {
      if (existsSync(folder) && readdirSync(folder).length > 0) {
        throw new OperatorFault(
          `${folder} is not empty`,
          'files of another export would be taken for those of this one',
          'name a folder that is new or empty',
        );
      }
      await withContext(command, async ({ data }) => {
        const city = cityOf(data);
        const { lakeSession } = await import('../../lake-session.ts');
        const { exportTides } = await import('#analytics/tides/export-tides.ts');
        const { writeDatapackage } = await import('#analytics/tides/tides-datapackage.ts');
        const { matchDatesDue } = await import('#analytics/transit/match-nights.ts');
        const { MATCHING_VERSION, tripsPerformedTable } = await import(
          '#analytics/transit/transit-tables.ts'
        );
        const { readManifest } = await import('#analytics/lake/manifest.ts');
        const db = await lakeSession(data);
        try {
          const dates = Object.keys(readManifest(data.lakePath).derived[tripsPerformedTable.name] ?? {})
            .filter((date) => date >= (flags.from ?? '') && date < (flags.to ?? '9999'))
            .sort();
          const [first, last] = [flags.from ?? dates[0], dates.at(-1)];
          const due = first && last ? matchDatesDue(data.lakePath, first, flags.to ?? after(last)) : [];
          if (due.length > 0)
            say(
              `not matched yet, or changed since: ${due.join(', ')} (\`headway gtfs match\` brings them up to date)`,
            );
          const bar = progress('service dates', dates.length);
          const result = await exportTides(db, {
            folder,
            dates,
            zone: city.timezone,
            format: flags.format,
            onDate: (done, date) => bar.update(done, date),
          });
          bar.end();
          sayWhat(result, folder);
          if (result.dates.length === 0) {
            process.exitCode = 1;
            return;
          }
          writeDatapackage(folder, result, {
            city: city.name,
            format: flags.format,
            matchingVersion: MATCHING_VERSION,
          });
        } finally {
          db.closeSync();
        }
      });
    });
}

function sayWhat({ files, leftOut, dates }: TidesExport, folder: string): void {
  if (dates.length === 0) {
    say('nothing of this period has been matched: run `headway gtfs match`, or ask for other dates');
    return;
  }
  for (const table of new Set(files.map((f) => f.table))) {
    const own = files.filter((f) => f.table === table);
    const rows = own.reduce((sum, f) => sum + f.rows, 0);
    say(`${table.padEnd(18)} ${number(rows).padStart(12)} rows in ${many(own.length, 'file')}`);
  }
  for (const { table, reason, rows } of leftOut) say(`left out of ${table}: ${number(rows)} ${reason}`);
  say(`TIDES 1.0 of ${many(dates.length, 'service date')}, ${dates[0]} to ${dates.at(-1)}, in ${folder}`);
}

function many(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}

function after(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
}

function parseTidesFormat(value: string): TidesFormat {
  if (value === 'csv' || value === 'parquet') return value;
  throw new InvalidArgumentError('one of csv, parquet');
}

function parseDate(value: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))) return value;
  throw new InvalidArgumentError('a date, such as 2026-07-01');
}
