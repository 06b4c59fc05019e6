import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import type { Instant } from '#domain/instant.ts';
import type { RegistryBodies } from '#domain/registry/entries.ts';
import { ALWAYS, type Held } from '#domain/registry/registry.ts';
import { type NetworkFormat, type NetworkKind, parseNetwork } from '#ingest/network/parse-network.ts';
import { OperatorFault } from '../../config.ts';
import { networkImport } from '../../import-network.ts';
import { type CliContext, cityOf, parseCityTime, parseFormat, withContext } from '../context.ts';
import { type Format, printRows, type Row, say } from '../print.ts';

const kinds = ['site', 'link', 'corridor', 'zone', 'screenline'] as const satisfies readonly NetworkKind[];

export function networkCommand(program: Command): void {
  const network = program
    .command('network')
    .summary('import and list sites, links, corridors and zones')
    .description(
      'The city’s network: where traffic is measured, and the roads, corridors and zones around it.',
    );
  importCommand(network);
  listCommand(network);
}

interface ImportFlags {
  kind?: NetworkKind;
  formatOf?: NetworkFormat;
  from?: string;
  prune?: boolean;
  dryRun?: boolean;
  timezone?: string;
  city?: string;
  format: Format;
}

function importCommand(network: Command): void {
  network
    .command('import')
    .summary('take sites, links, corridors or zones from a file')
    .description(
      'Reads GeoJSON (points are sites, lines links, polygons zones) or CSV (sites, links, corridors, screenlines) and writes what is new or has changed; docs/network.md names every property and column. The same file again changes nothing.\nExit code 1 when something in the file could not be used; the rest is taken all the same.',
    )
    .argument('<file>', 'a .geojson, .json or .csv file')
    .addOption(
      new Option('--kind <kind>', 'what the file holds, where its columns do not say').choices(kinds),
    )
    .addOption(
      new Option('--format-of <format>', 'of the file (default: by its ending)').choices(['geojson', 'csv']),
    )
    .option(
      '--from <time>',
      'from when the file holds, city time (default: what is new always, what has changed from now on)',
    )
    .option('--prune', 'what is not in the file ends, for the kinds of thing that are in it')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--timezone <zone>', 'IANA zone of the city, where the directory has no city yet')
    .option('--city <name>', 'name of the city, likewise')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  headway network import sites.geojson --city Melbourne --timezone Australia/Melbourne\n  headway network import corridors.csv --from 2026-07-01 --dry-run',
    )
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      const text = readNetworkFile(file);
      const format = flags.formatOf ?? formatOf(file);
      await withContext(
        command,
        async (context) => {
          const city = cityFor(context, flags);
          const parsed = parseNetwork(text, format, flags.kind);
          const difference = networkImport(await context.data.registry.view(), parsed, {
            from: flags.from === undefined ? undefined : parseCityTime(flags.from, city.timezone),
            now: Date.now(),
            prune: flags.prune ?? false,
          });
          if (!flags.dryRun && (difference.changes.length > 0 || difference.unchanged > 0)) {
            await context.data.setCity(city);
            if (difference.changes.length > 0) await context.data.registry.change(difference.changes);
          }
          for (const { row, problem } of parsed.problems) say(row === 0 ? problem : `row ${row}: ${problem}`);
          for (const problem of difference.problems) say(problem);
          const { added, changed, unchanged, removed } = difference;
          const problems = parsed.problems.length + difference.problems.length;
          printRows([{ added, changed, unchanged, removed, problems }], flags.format);
          if (flags.dryRun) say('a dry run: nothing was changed');
          if (problems > 0) process.exitCode = 1;
        },
        { founds: true },
      );
    });
}

function readNetworkFile(file: string): string {
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

function formatOf(file: string): NetworkFormat {
  if (/\.(geo)?json$/i.test(file)) return 'geojson';
  if (/\.(csv|txt)$/i.test(file)) return 'csv';
  throw new OperatorFault(
    `${file} may be anything`,
    'its name ends neither in .geojson, .json nor .csv',
    'say what it is: --format-of geojson or --format-of csv',
  );
}

function cityFor({ config, data }: CliContext, flags: ImportFlags): { name: string; timezone: string } {
  const held = data.city();
  const name = flags.city ?? held?.name ?? config.city.name;
  const timezone = flags.timezone ?? held?.timezone ?? config.city.timezone;
  if (name !== undefined && timezone !== undefined && isTimezone(timezone)) return { name, timezone };
  if (timezone !== undefined && !isTimezone(timezone))
    throw new OperatorFault(
      `${timezone} is no time zone`,
      'a zone has an IANA name, such as Europe/London',
      'give another with --timezone',
    );
  throw new OperatorFault(
    `${data.path} holds no city yet`,
    'its name and its time zone are not known',
    'add --city NAME --timezone ZONE, such as --city Seattle --timezone America/Los_Angeles',
  );
}

function isTimezone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

interface ListFlags {
  kind?: NetworkKind;
  at?: string;
  history?: boolean;
  format: Format;
}

function listCommand(network: Command): void {
  network
    .command('list')
    .summary('list sites, links, corridors and zones')
    .description('Lists the network as it is now, as it was at a time, or every state it was ever in.')
    .addOption(new Option('--kind <kind>', 'only these').choices(kinds))
    .option('--at <time>', 'as it was then, city time (default: now)')
    .option('--history', 'every state, each with when it began and ended')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: ListFlags, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const at = flags.at === undefined ? Date.now() : parseCityTime(flags.at, timezone);
        const view = await data.registry.view();
        const time = cityTime(timezone);
        const rows = (flags.kind ? [flags.kind] : kinds).flatMap((kind) =>
          view
            .history(kind)
            .filter((h) => flags.history || (h.validFrom <= at && at < h.validTo))
            .map((h) => networkRow(kind, h, (t) => time.format(t))),
        );
        const filled = columns.filter((c) => flags.format !== 'table' || rows.some((row) => row[c] !== null));
        printRows(rows, flags.format, filled);
      });
    });
}

const columns = [
  'kind',
  'id',
  'name',
  'road',
  'direction',
  'link',
  'lanes',
  'speed_limit_kmh',
  'length_km',
  'lat',
  'lon',
  'sites',
  'valid_from',
  'valid_to',
];

type AnyBody = Partial<
  RegistryBodies['site'] & RegistryBodies['link'] & Omit<RegistryBodies['corridor'], 'sites'>
> & {
  sites?: RegistryBodies['corridor']['sites'];
  crossings?: RegistryBodies['screenline']['crossings'];
};

function networkRow(
  kind: NetworkKind,
  { id, body, validFrom, validTo }: Held<RegistryBodies[NetworkKind]>,
  format: (at: Instant) => string,
): Row {
  const b = body as AnyBody;
  return {
    kind,
    id,
    name: b.name ?? null,
    road: b.road ?? null,
    direction: b.direction ?? null,
    link: b.linkId !== id ? (b.linkId ?? null) : null,
    lanes: b.lanes ?? null,
    speed_limit_kmh: b.speedLimitKmh ?? null,
    length_km: b.lengthKm ?? null,
    lat: b.position?.lat ?? null,
    lon: b.position?.lon ?? null,
    sites:
      b.sites?.map((s) => `${s.siteId} ${s.km}`).join(', ') ??
      b.crossings?.map((c) => [c.siteId, c.direction, c.sense].filter(Boolean).join(' ')).join(', ') ??
      null,
    valid_from: validFrom === ALWAYS ? null : format(validFrom),
    valid_to: Number.isFinite(validTo) ? format(validTo) : null,
  };
}
