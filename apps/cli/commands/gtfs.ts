import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Finding } from '#analytics/timetable/finding.ts';
import { byAge, type TimetableVersion } from '#analytics/timetable/timetable-version.ts';
import type { Validity } from '#analytics/timetable/validity.ts';
import { FeedFault, type UnpackedFeed, unpackFeed } from '#ingest/gtfs/unpack-feed.ts';
import { OperatorFault } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import type { FeedFormat } from '../../simulated-feed.ts';
import { parseFormat, parseWhole, withContext } from '../context.ts';
import { type Format, printRows, say } from '../print.ts';
import { progress } from '../progress.ts';

export function gtfsCommand(program: Command): void {
  const gtfs = program
    .command('gtfs')
    .summary('import, list and compare timetables')
    .description(
      'Static GTFS: every version is kept, and a past day is measured against the one that held then.',
    );
  importCommand(gtfs);
  listCommand(gtfs);
  diffCommand(gtfs);
  matchCommand(gtfs);
  simulateCommand(gtfs);
}

interface ImportFlags {
  feed: string;
  from?: string;
  city?: string;
  format: Format;
}

function importCommand(gtfs: Command): void {
  gtfs
    .command('import')
    .summary('take a GTFS feed as a new version of the timetable')
    .description(
      'Reads a GTFS feed (a zip file or a folder), judges it, and keeps it as a new version that holds from its first day\non; where another version stands, from today at the earliest, so that past dates keep the timetable they had, unless\n--from says otherwise. Prints what is odd about it, rule by rule (docs/timetables.md). The same feed again changes nothing.\nExit code 1 when the feed is refused: it has no trips, no stops or no days of service.',
    )
    .argument('<path>', 'a .zip file or a folder of .txt files')
    .option('--feed <name>', 'whose feed it is, where the city has several operators', parseName, 'city')
    .option(
      '--from <date>',
      'first day on which it holds (default: as the feed says, but no date that has passed under another version)',
      parseDate,
    )
    .option(
      '--city <name>',
      'name of the city, where the directory has none yet (default: the agency’s zone)',
    )
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  headway gtfs import caltrain.zip\n  headway gtfs import metro/ --feed metro --from 2026-07-01',
    )
    .action(async (path: string, flags: ImportFlags, command: Command) => {
      await withContext(
        command,
        async ({ config, data }) => {
          const { importTimetable } = await import('#analytics/timetable/import-timetable.ts');
          const { withLakeLock } = await import('../../lake-session.ts');
          mkdirSync(data.lakePath, { recursive: true });
          const folder = mkdtempSync(join(tmpdir(), 'headway-gtfs-'));
          try {
            const feed = await unpacked(path, folder);
            const result = await withLakeLock(data, () =>
              importTimetable(feed, {
                directory: data.lakePath,
                feed: flags.feed,
                source: basename(path),
                now: Date.now(),
                ...(flags.from === undefined ? {} : { validFrom: flags.from }),
              }),
            );
            const findings = result.type === 'refused' ? result.findings : result.version.findings;
            printRows(findings.map(findingRow), flags.format, findingColumns);
            if (result.type === 'refused') {
              say(`refused: ${findings.find((f) => f.severity === 'error')!.detail}`);
              process.exitCode = 1;
              return;
            }
            const { version } = result;
            const name = flags.city ?? config.city.name ?? version.timezone;
            if (!data.city()) await data.setCity({ name, timezone: version.timezone });
            say(
              `${result.type} ${nameOf(version)}: holds from ${version.validFrom}, ${countsOf(version)}; service ${version.firstDate} to ${version.lastDate}`,
            );
            if (result.type === 'imported') {
              for (const line of validityLines(version, result.validity)) say(line);
            }
            const zone = data.city()?.timezone;
            if (zone !== undefined && zone !== version.timezone)
              say(`its times are by ${version.timezone}, the city's by ${zone}: both are kept`);
          } finally {
            rmSync(folder, { recursive: true, force: true });
          }
        },
        { founds: true },
      );
    });
}

/** What a new version does to the dates of those before it. */
function validityLines(version: TimetableVersion, validity: Validity): string[] {
  const { validFrom, replaces, until, putOffFrom, past } = validity;
  const ends = until ? `until ${until.date}, when ${until.version} does` : undefined;
  const lines: string[] = [];
  if (replaces)
    lines.push(`it takes the place of ${replaces} from ${validFrom} on${ends ? `, ${ends}` : ''}`);
  else if (ends) lines.push(`it holds ${ends}`);
  if (putOffFrom) {
    lines.push(
      `its calendar begins on ${putOffFrom}, but dates before ${validFrom} have passed or are matched and keep the timetable they had; --from ${putOffFrom} would change them`,
    );
  }
  if (past) {
    const dates = past.first === past.last ? past.first : `${past.first} to ${past.last}`;
    lines.push(
      `warning: ${dates} (${past.matched} matched) had ${replaces} and have ${nameOf(version)} from now on${past.matched > 0 ? '; `headway gtfs match`, or the night, works them out anew' : ''}`,
    );
  }
  if (version.lastDate < validFrom) {
    lines.push(
      `warning: its service ends on ${version.lastDate}, before it holds; --from says from when it is to hold`,
    );
  }
  return lines;
}

async function unpacked(path: string, folder: string): Promise<UnpackedFeed> {
  try {
    return await unpackFeed(path, folder);
  } catch (error) {
    if (!(error instanceof FeedFault)) throw error;
    throw new OperatorFault(
      `could not read ${path}`,
      error.message,
      'a feed is a .zip file or a folder of .txt files',
    );
  }
}

const findingColumns = ['severity', 'code', 'file', 'count', 'examples', 'detail'];

function findingRow(f: Finding): Record<string, unknown> {
  return { ...f, file: f.file === '' ? '' : `${f.file}.txt`, examples: f.examples.join(' ') };
}

function listCommand(gtfs: Command): void {
  gtfs
    .command('list')
    .summary('list the versions of the timetable')
    .description('Lists every version ever imported, by the day from which it holds.')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: { format: Format }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const rows = (await versionsOf(data)).sort(byAge).map((v) => ({
          version: nameOf(v),
          from: v.validFrom,
          service: `${v.firstDate} to ${v.lastDate}`,
          ...v.counts,
          errors: v.findings.filter((f) => f.severity === 'error').length,
          warnings: v.findings.filter((f) => f.severity === 'warning').length,
          source: v.source,
          imported: new Date(v.importedAt),
        }));
        printRows(rows, flags.format);
      });
    });
}

function diffCommand(gtfs: Command): void {
  gtfs
    .command('diff')
    .summary('say what one version changes against another')
    .description(
      'Compares routes, stops (added, removed, moved by over 10 m, renamed) and service: trips a day by route, direction\nand kind of day, with the first and last departure. Exit code 0, also where nothing differs.',
    )
    .argument('<a>', 'a version as `headway gtfs list` names it')
    .argument('<b>', 'the version to compare with it')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (a: string, b: string, flags: { format: Format }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const versions = await versionsOf(data);
        for (const name of [a, b]) {
          if (versions.some((v) => nameOf(v) === name)) continue;
          throw new OperatorFault(
            `there is no version ${name}`,
            `there are ${versions.map(nameOf).join(', ') || 'none'}`,
            'name one as `headway gtfs list` does, such as city/1',
          );
        }
        const { openSession } = await import('../../lake-session.ts');
        const { timetableDiffSql } = await import('#analytics/timetable/timetable-views.ts');
        const db = await openSession(data);
        const rows = (await db.runAndReadAll(timetableDiffSql(a, b))).getRowObjectsJson();
        db.closeSync();
        printRows(rows, flags.format, ['what', 'change', 'id', 'detail']);
      });
    });
}

interface MatchFlags {
  from?: string;
  to?: string;
}

function matchCommand(gtfs: Command): void {
  gtfs
    .command('match')
    .summary('work out trips performed and stop visits from what vehicles sent')
    .description(
      'Matches the readings of every service date that is new or has changed (late readings, another timetable). A running\ncity does it by night; a recording needs it said. Measures of transit stand on it.',
    )
    .option('--from <date>', 'first service date (default: that of the first reading)', parseDate)
    .option('--to <date>', 'service date after the last', parseDate)
    .action(async (flags: MatchFlags, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { refreshLake } = await import('../../lake-session.ts');
        const { matchDates } = await import('../../match-dates.ts');
        await refreshLake(data);
        const due = await matchDates(data, flags);
        say(`matched ${due.length} service dates${due.length > 0 ? `: ${due.join(', ')}` : ''}`);
      });
    });
}

interface SimulateFlags {
  feed: string;
  date: string;
  as: FeedFormat;
  every: number;
  seed: number;
  out: string;
}

function simulateCommand(gtfs: Command): void {
  gtfs
    .command('simulate')
    .summary('write a service date of a timetable as the recording of a feed, with its truth')
    .description(
      'Drives every trip of an imported timetable on a date, at its scheduled speeds, trams and buses as the traffic of a simulated city lets them, with dwell and passengers: 2 % of trips are called off, 3 % run and nobody hears of them, counters miss 5 % of boardings. One route of about six minutes bunches, another is punctual, a third has a slow zone: which ones, and what the timetable can not bear, is said and stands in the truth.\n\nWrites what vehicles report in the format of a feed, for `headway replay`, and what was true in transit-truth.ndjson. HFP has no word for a trip called off, GTFS-Realtime none for passenger counts.',
    )
    .requiredOption('--date <date>', 'service date, one on which there is service', parseDate)
    .requiredOption('--out <folder>', 'where the recording is written')
    .option('--feed <name>', 'whose timetable', parseName, 'city')
    .addOption(
      new Option('--as <format>', 'format of the feed')
        .choices(['hfp', 'gtfs-rt', 'ndjson'] satisfies FeedFormat[])
        .default('gtfs-rt'),
    )
    .option('--every <seconds>', 'seconds between two positions of a vehicle', parseSeconds, 30)
    .option('--seed <n>', 'another seed is another day', parseWhole, 1)
    .addHelpText(
      'after',
      '\nExamples:\n  headway gtfs simulate --date 2024-05-14 --as hfp --every 1 --out day\n  headway replay hfp day --timezone Europe/London',
    )
    .action(async (flags: SimulateFlags, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { openSession } = await import('../../lake-session.ts');
        const { timetableNetwork } = await import('../../timetable-network.ts');
        const { writeSimulatedFeed } = await import('../../simulated-feed.ts');
        const db = await openSession(data);
        const network = await timetableNetwork(db, flags.feed, flags.date);
        db.closeSync();
        if (!network) {
          throw new OperatorFault(
            `there is no service of ${flags.feed} on ${flags.date}`,
            `there are ${(await versionsOf(data)).map((v) => `${nameOf(v)} with service ${v.firstDate} to ${v.lastDate}`).join(', ') || 'no timetables'}`,
            'choose a date of service, or import a timetable with `headway gtfs import`',
          );
        }
        const bar = progress('simulating', undefined);
        const { date, seed, every: everyS, as: format, out } = flags;
        const written = await writeSimulatedFeed({
          network,
          date,
          seed,
          everyS,
          format,
          out,
          onProgress: (n) => bar.update(n, 'reports'),
        });
        bar.end();
        for (const { plant, ...on } of written.planted) {
          const words = Object.entries(on).map(([k, v]) =>
            Array.isArray(v) ? `trips ${v.length}` : `${k} ${v}`,
          );
          say(`planted ${plant}: ${words.join(', ')}`);
        }
        for (const { plant, reason } of written.leftOut) say(`not planted, ${plant}: ${reason}`);
        say(
          `${written.reports.toLocaleString('en-GB')} reports of ${written.trips.toLocaleString('en-GB')} trips in ${out}, and what was true in transit-truth.ndjson`,
        );
      });
    });
}

function parseSeconds(value: string): number {
  const n = parseWhole(value);
  if (n >= 1 && n <= 300) return n;
  throw new InvalidArgumentError('1 to 300 seconds');
}

async function versionsOf(data: DataDirectory): Promise<TimetableVersion[]> {
  const { readManifest } = await import('#analytics/lake/manifest.ts');
  return readManifest(data.lakePath).timetables;
}

function nameOf({ feed, version }: TimetableVersion): string {
  return `${feed}/${version}`;
}

function countsOf({ counts }: TimetableVersion): string {
  const n = (value: number) => value.toLocaleString('en-GB');
  return `${n(counts.routes)} routes, ${n(counts.trips)} trips in ${n(counts.patterns)} patterns, ${n(counts.stops)} stops, ${n(counts.stopTimes)} stop times`;
}

function parseName(value: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,39}$/.test(value)) return value;
  throw new InvalidArgumentError('small letters, digits, - and _');
}

function parseDate(value: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))) return value;
  throw new InvalidArgumentError('a date, such as 2026-07-01');
}
