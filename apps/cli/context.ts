import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { cityTime, type WallClock } from '#domain/city-time.ts';
import { type Instant, parseInstant } from '#domain/instant.ts';
import { type Config, OperatorFault, readConfig } from '../config.ts';
import { type DataDirectory, openCity } from '../data-directory.ts';
import { livesOnAzure } from '../lives-on-azure.ts';
import { type Format, formats } from './print.ts';

export interface CliContext {
  config: Config;
  data: DataDirectory;
}

/**
 * Runs a command's work with configuration and data directory, and closes what it opened. Only a command that `founds`
 * a city may find no directory there: a question to a mistyped one must not leave one behind.
 * @throws OperatorFault
 */
export async function withContext(
  command: Command,
  work: (context: CliContext) => Promise<void>,
  { founds = false }: { founds?: boolean } = {},
): Promise<void> {
  const { config: configPath } = command.optsWithGlobals<{ config?: string }>();
  const config = readConfig(configPath, process.env);
  const path = dataPath(command);
  if (!founds && !livesOnAzure(config) && !existsSync(join(path, 'store.db'))) throw noCity(resolve(path));
  const data = await openCity(path, config);
  try {
    await work({ config, data });
  } finally {
    data.close();
  }
}

export function dataPath(command: Command): string {
  const { data } = command.optsWithGlobals<{ data?: string }>();
  return data ?? process.env.HEADWAY_DATA ?? './.headway';
}

export function parseFormat(value: string): Format {
  if ((formats as readonly string[]).includes(value)) return value as Format;
  throw new InvalidArgumentError(`one of ${formats.join(', ')}`);
}

export function parseWhole(value: string): number {
  const n = Number(value);
  if (Number.isInteger(n) && n > 0) return n;
  throw new InvalidArgumentError('a whole number above 0');
}

/** The city of the data directory. @throws OperatorFault where it holds none yet. */
export function cityOf(data: DataDirectory): { name: string; timezone: string } {
  const city = data.city();
  if (city) return city;
  throw noCity(data.path);
}

function noCity(path: string): OperatorFault {
  return new OperatorFault(
    `${path} holds no city yet`,
    'nothing was ever sent, imported or registered there',
    'try `headway replay --help`, `npm start`, or another directory with --data',
    1,
  );
}

/**
 * A moment as a person types it: `2012-03-01`, `2012-03-01T08:00` (city time), or with an offset.
 * @throws OperatorFault for a wall-clock time that never was or that came twice.
 */
export function parseCityTime(text: string, zone: string): Instant {
  const exact = parseInstant(text);
  if (exact !== undefined) return exact;
  const m = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  const isDate =
    m &&
    parseInstant(`${m[1]}-${m[2]}-${m[3]}T${m[4] ?? '00'}:${m[5] ?? '00'}:${m[6] ?? '00'}Z`) !== undefined;
  if (!m || !isDate) {
    throw new OperatorFault(
      `${text} is no date or time`,
      'a date is 2012-03-01, a time in the city 2012-03-01T08:00',
      'add an offset, as in 2012-03-01T08:00:00Z, for a moment that does not depend on the city',
    );
  }
  const wall: WallClock = {
    year: +m[1]!,
    month: +m[2]!,
    day: +m[3]!,
    hour: +(m[4] ?? 0),
    minute: +(m[5] ?? 0),
    second: +(m[6] ?? 0),
  };
  const meaning = cityTime(zone).meaningOf(wall);
  if (meaning.type === 'once') return meaning.at;
  if (meaning.type === 'twice') return meaning.first;
  throw new OperatorFault(
    `${text} never was in ${zone}`,
    'the clocks went forward over it',
    'choose a time an hour later',
  );
}
