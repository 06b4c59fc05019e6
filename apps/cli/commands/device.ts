import { type Command, InvalidArgumentError } from 'commander';
import { cityTime } from '#domain/city-time.ts';
import type { Instant } from '#domain/instant.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import { credentialOf } from '../../credential.ts';
import { lastObserved } from '../../device-activity.ts';
import { type DevicePlace, registration, relocation, retirement } from '../../register-device.ts';
import { cityOf, parseCityTime, parseFormat, withContext } from '../context.ts';
import { parseSpanS } from '../parse-span.ts';
import { type Format, printRows, say } from '../print.ts';
import { callCommand, sendCommand, twinCommand } from './device-office.ts';
import {
  doorsOf,
  printCredential,
  rekeyCommand,
  type SecretFlags,
  secretOf,
  withSecretOptions,
} from './device-secret.ts';
import { syncHubCommand } from './sync-hub.ts';

export function deviceCommand(program: Command): void {
  const device = program
    .command('device')
    .summary('register, list, move and retire devices; their twins, methods and messages')
    .description(
      'Devices that send live readings: their credentials, where they stand, and when they ended; what they should be, and what is said to them.',
    );
  registerCommand(device);
  listCommand(device);
  installCommand(device);
  rekeyCommand(device);
  retireCommand(device);
  twinCommand(device);
  callCommand(device);
  sendCommand(device);
  syncHubCommand(device);
}

interface PlaceFlags {
  site: string;
  period?: number;
  lanes?: number[];
  directions?: string[];
  from?: string;
}

function withPlaceOptions(command: Command): Command {
  return command
    .requiredOption('--site <id>', 'where it stands')
    .option(
      '--period <span>',
      'interval at which a reading is due, such as 60s or 5min; none for events',
      parseSpanS,
    )
    .option('--lanes <list>', 'lanes it reports one by one, such as 1,2', parseLanes)
    .option(
      '--directions <list>',
      'directions it reports one by one, as it sends them, such as N,S',
      parseNames,
    );
}

function registerCommand(device: Command): void {
  withSecretOptions(withPlaceOptions(device.command('register')))
    .summary('register a device and make its credential')
    .description(
      'Registers a live sensor at a site and prints its credential, once: the key is shown nowhere else. A pipeline that runs lets it in within a second.',
    )
    .argument('<id>', 'device id, as in IoT Hub')
    .option('--from <time>', 'from when it stands there, city time (default: the hour under way)')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .addHelpText('after', '\nExample:\n  headway device register loop-12 --site 12 --period 60s --lanes 1,2')
    .action(async (id: string, flags: PlaceFlags & SecretFlags, command: Command) => {
      await withContext(command, async ({ config, data }) => {
        const { timezone } = cityOf(data);
        const view = await data.registry.view();
        const made = registration(view, placeOf(id, flags, timezone), secretOf(flags), Date.now());
        await data.registry.change(made.changes);
        const credential = credentialOf(made.device, doorsOf(config, data), made.installation);
        if (flags.format === 'table')
          say(`registered ${id} at site ${flags.site} from ${cityTime(timezone).format(made.validFrom)}`);
        printCredential(credential, flags.format);
      });
    });
}

const columns = [
  'device_id',
  'role',
  'domain',
  'site_id',
  'site',
  'period_s',
  'lanes',
  'directions',
  'last_observed',
  'valid_from',
  'valid_to',
];

function listCommand(device: Command): void {
  device
    .command('list')
    .summary('list devices: where they stand and what was last heard of them')
    .description(
      'Lists devices without their keys. `last_observed` is the newest moment that a reading of it told of.',
    )
    .option('--at <time>', 'as it was then, city time (default: now)')
    .option('--format <format>', 'table, json or csv', parseFormat, 'table')
    .action(async (flags: { at?: string; format: Format }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const at = flags.at === undefined ? Date.now() : parseCityTime(flags.at, timezone);
        const view = await data.registry.view();
        const observed = lastObserved(data.db);
        const time = cityTime(timezone);
        const instant = (t: Instant | null | undefined) => (t == null ? null : time.format(t));
        const rows = view
          .history('device')
          .filter((h) => h.validFrom <= at && at < h.validTo)
          .map(({ id, body, validFrom, validTo }) => {
            const place = view.at('installation', id, at);
            const site = place && view.at('site', place.siteId, at);
            return {
              device_id: id,
              role: body.role,
              domain: body.domain,
              site_id: place?.siteId ?? null,
              site: site?.name ?? null,
              period_s: place?.periodS ?? null,
              lanes: place?.lanes?.join(',') ?? null,
              directions: place?.directions?.join(',') ?? null,
              last_observed: instant(observed.get(id)),
              valid_from: validFrom === ALWAYS ? null : instant(validFrom),
              valid_to: Number.isFinite(validTo) ? instant(validTo) : null,
            };
          });
        printRows(rows, flags.format, columns);
      });
    });
}

function installCommand(device: Command): void {
  withPlaceOptions(device.command('install'))
    .summary('move a device to a site, or say from when it stood there')
    .description(
      'Moves a device. What it should send stays as it was, where nothing is said of it. With --from in the past, dead letters from before its installation can then be readmitted: `headway dead-letters readmit`.',
    )
    .argument('<id>', 'device id')
    .option('--from <time>', 'from when it stands there, city time (default: now)')
    .action(async (id: string, flags: PlaceFlags, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const view = await data.registry.view();
        const moved = relocation(view, placeOf(id, flags, timezone), Date.now());
        await data.registry.change(moved.changes);
        say(`${id} stands at site ${flags.site} from ${cityTime(timezone).format(moved.validFrom)}`);
      });
    });
}

function retireCommand(device: Command): void {
  device
    .command('retire')
    .summary('end a device: it is let in no more')
    .description(
      'Ends a device and its installation. What it has sent stays; a running pipeline closes its connection.',
    )
    .argument('<id>', 'device id')
    .option('--from <time>', 'from when, city time (default: now)')
    .action(async (id: string, flags: { from?: string }, command: Command) => {
      await withContext(command, async ({ data }) => {
        const { timezone } = cityOf(data);
        const now = Date.now();
        const from = flags.from === undefined ? now : parseCityTime(flags.from, timezone);
        await data.registry.change(retirement(await data.registry.view(), id, from, now));
        say(`retired ${id} from ${cityTime(timezone).format(from)}`);
      });
    });
}

function placeOf(deviceId: string, flags: PlaceFlags, timezone: string): DevicePlace {
  return {
    deviceId,
    siteId: flags.site,
    periodS: flags.period,
    lanes: flags.lanes,
    directions: flags.directions,
    from: flags.from === undefined ? undefined : parseCityTime(flags.from, timezone),
  };
}

function parseLanes(value: string): number[] {
  const lanes = value.split(',').map((text) => Number(text.trim()));
  if (lanes.every((n) => Number.isInteger(n) && n >= 1 && n <= 999) && new Set(lanes).size === lanes.length)
    return lanes;
  throw new InvalidArgumentError('lane numbers from 1, each once, such as 1,2');
}

function parseNames(value: string): string[] {
  const names = value.split(',').map((text) => text.trim());
  if (names.every((name) => name !== '' && name.length <= 128) && new Set(names).size === names.length)
    return names;
  throw new InvalidArgumentError('directions as the device sends them, each once, such as N,S');
}
