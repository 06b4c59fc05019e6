import type { DuckDBConnection } from '@duckdb/node-api';
import type { CityTime } from '#domain/city-time.ts';
import { DAY_MS, type Instant, parseInstant } from '#domain/instant.ts';
import { nearestNames } from '#domain/nearest-names.ts';
import type { ParameterSpec } from './front-matter.ts';
import { firstValue, query } from './query.ts';

/** A date is an Instant; corridor, site, route, stop and text are strings. */
export type ParameterValue = number | string;

export interface Parameter {
  spec: ParameterSpec;
  value: ParameterValue;
  /** As a person wrote or would write it. */
  text: string;
  given: boolean;
}

interface Surroundings {
  connection: DuckDBConnection;
  time: CityTime;
  asOf: Instant | undefined;
}

/** @throws Error that names the parameter and says what it may be. */
export async function resolveParameters(
  specs: readonly ParameterSpec[],
  given: Readonly<Record<string, string | number>>,
  around: Surroundings,
): Promise<Parameter[]> {
  const known = specs.map((s) => s.name);
  const stranger = Object.keys(given).find((name) => !known.includes(name));
  if (stranger) {
    throw new Error(`there is no parameter ${stranger}; this notebook has ${known.join(', ') || 'none'}`);
  }
  const resolved: Parameter[] = [];
  for (const spec of orderedByNeed(specs)) {
    const written = given[spec.name] ?? (await defaultOf(spec, around.connection));
    if (written === undefined || written === null || written === '') {
      throw new Error(
        `parameter ${spec.name} (${spec.type}) has no value${spec.help ? `: ${spec.help}` : ''}`,
      );
    }
    const value = await read(spec, written, given[spec.name] !== undefined, resolved, around);
    resolved.push({
      spec,
      value,
      text: spec.type === 'date' ? around.time.format(value as Instant) : String(value),
      given: given[spec.name] !== undefined,
    });
  }
  return specs.map((s) => resolved.find((r) => r.spec === s)!);
}

/** Those whose default names another one come after it. */
function orderedByNeed(specs: readonly ParameterSpec[]): ParameterSpec[] {
  const needs = (s: ParameterSpec) =>
    specs.some((o) => o !== s && typeof s.default === 'string' && s.default.split(' ')[0] === o.name);
  return [...specs.filter((s) => !needs(s)), ...specs.filter(needs)];
}

async function defaultOf(
  spec: ParameterSpec,
  connection: DuckDBConnection,
): Promise<string | number | null | undefined> {
  if (typeof spec.default !== 'object') return spec.default;
  const value = await firstValue(connection, spec.default.sql);
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}

async function read(
  spec: ParameterSpec,
  written: string | number,
  isGiven: boolean,
  before: Parameter[],
  around: Surroundings,
): Promise<ParameterValue> {
  switch (spec.type) {
    case 'date':
      return typeof written === 'number' ? written : readDate(spec.name, written, before, around);
    case 'number': {
      const n = Number(written);
      if (!Number.isFinite(n)) throw new Error(`parameter ${spec.name} is a number; "${written}" is none`);
      return n;
    }
    case 'corridor':
    case 'site':
      await mustExist(spec.type, String(written), around.connection);
      return String(written);
    case 'route':
    case 'stop':
      // A default may stand for none, where there is no transit at all.
      if (isGiven) await mustExist(spec.type, String(written), around.connection);
      return String(written);
    case 'text':
      return String(written);
  }
}

/** What is known of each, from the registry, or from timetables and vehicles of any time. */
const namesOf = {
  corridor: 'SELECT corridor_id AS id FROM corridors',
  site: 'SELECT site_id AS id FROM sites',
  route: 'SELECT route_id AS id FROM timetable_routes UNION SELECT route_id FROM trips_performed',
  stop: 'SELECT stop_id AS id FROM timetable_stops UNION SELECT stop_id FROM stop_visits',
} as const;

const MOST_NAMES = 40;

async function mustExist(
  type: keyof typeof namesOf,
  id: string,
  connection: DuckDBConnection,
): Promise<void> {
  const { rows } = await query(
    connection,
    `SELECT DISTINCT id::VARCHAR AS id FROM (${namesOf[type]}) WHERE id IS NOT NULL ORDER BY id`,
  );
  const names = rows.map((row) => row.id as string);
  if (names.includes(id)) return;
  throw new Error(`there is no ${type} "${id}"; ${whatThereIs(type, nearestNames(id, names), names)}`);
}

function whatThereIs(type: keyof typeof namesOf, near: readonly string[], names: readonly string[]): string {
  if (near.length > 0) return `nearest: ${near.join(', ')}`;
  if (names.length > MOST_NAMES)
    return `there are ${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;
  if (names.length > 0) return `there are ${names.join(', ')}`;
  return type === 'route' || type === 'stop'
    ? 'there are none at all: `headway gtfs import` takes a timetable, `headway gtfs match` what vehicles sent'
    : 'there are none at all';
}

/** `2012-03-01`, `2012-03-01T06:00`, either in city time; RFC 3339; or a start and days: `to - 7 days`. */
async function readDate(
  name: string,
  written: string,
  before: Parameter[],
  around: Surroundings,
): Promise<Instant> {
  const exact = parseInstant(written);
  if (exact !== undefined) return exact;
  const wall = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(written);
  if (wall) {
    const [year, month, day, hour, minute, second] = wall.slice(1).map((part) => Number(part ?? 0));
    return atWall(name, around.time, Date.UTC(year!, month! - 1, day!, hour, minute, second));
  }
  const relative = /^([a-z][\w-]*)(?:\s*([+-])\s*(\d+)\s*d(?:ays?)?)?$/i.exec(written);
  const start = relative && (await startOf(relative[1]!, before, around));
  if (!relative || start === undefined || start === null) {
    throw new Error(
      `parameter ${name} is a date; "${written}" is none. Use 2012-03-01, 2012-03-01T06:00, today, data-end - 7 days`,
    );
  }
  const days = Number(relative[3] ?? 0) * (relative[2] === '-' ? -1 : 1);
  return atWall(name, around.time, start + around.time.offsetAt(start) + days * DAY_MS);
}

async function startOf(
  word: string,
  before: Parameter[],
  { connection, time, asOf }: Surroundings,
): Promise<Instant | undefined> {
  const named = before.find((p) => p.spec.name === word && p.spec.type === 'date');
  if (named) return named.value as Instant;
  const midnight = (at: Instant, days = 0) => {
    const wall = at + time.offsetAt(at);
    return atWall(word, time, Math.floor(wall / DAY_MS) * DAY_MS + days * DAY_MS);
  };
  const today = asOf === undefined ? undefined : midnight(asOf);
  if (word === 'today') return today;
  if (word === 'yesterday') return asOf === undefined ? undefined : midnight(asOf, -1);
  if (word === 'data-start') {
    const first = await firstValue(connection, 'SELECT epoch_ms(min(start_at)) FROM windows');
    return typeof first === 'number' ? midnight(first) : today;
  }
  if (word === 'data-end') {
    const last = await firstValue(connection, 'SELECT epoch_ms(max(start_at)) FROM windows');
    return typeof last === 'number' ? midnight(last, 1) : today;
  }
  return undefined;
}

function atWall(name: string, time: CityTime, wallMs: number): Instant {
  const d = new Date(wallMs);
  const meaning = time.meaningOf({
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
  });
  if (meaning.type === 'once') return meaning.at;
  if (meaning.type === 'twice') return meaning.first;
  throw new Error(
    `parameter ${name}: ${d.toISOString().slice(0, 16)} never happened in ${time.zone}: clocks went forward`,
  );
}
