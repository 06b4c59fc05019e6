import type { DuckDBConnection } from '@duckdb/node-api';
import { formatInstant, type Instant } from '#domain/instant.ts';
import { MeasureFault } from './measure-fault.ts';
import type { ParameterSpec, ParameterValue } from './measure-header.ts';
import type { Measure } from './measures.ts';

/** By the names of the SQL variables; instants are milliseconds since 1970. */
export type MeasureParameters = { from_at: Instant; to_at: Instant } & Readonly<
  Record<string, ParameterValue | undefined>
>;

export type ResolvedParameters = Readonly<Record<string, ParameterValue>>;

/** What every measure understands besides its own parameters. */
export const commonParameters: readonly ParameterSpec[] = [
  common('from_at', 'timestamptz', 'start of the period; required'),
  common('to_at', 'timestamptz', 'end of the period, itself outside it; required'),
  common('city_tz', 'varchar', "IANA time zone; the city's own where it is not given"),
  common('site_ids', 'varchar[]', 'these sites only'),
  common(
    'corridor_id',
    'varchar',
    'the sites of this corridor only; what corridor measures are of, and required there',
  ),
  common(
    'as_of',
    'timestamptz',
    'the moment up to which live devices owe readings, where that is after their last window',
  ),
];

/**
 * Fills in defaults. `cityTz` stands in where `city_tz` is not given.
 * @throws MeasureFault that names the parameter and says what it may be.
 */
export function resolveParameters(
  measure: Measure,
  given: MeasureParameters,
  cityTz: string,
): ResolvedParameters {
  const specs = [...commonParameters, ...measure.parameters];
  const stranger = Object.keys(given).find((name) => !specs.some((spec) => spec.name === name));
  if (stranger !== undefined) {
    throw new MeasureFault(
      `${measure.name} has no parameter ${stranger}`,
      `it has ${specs.map((spec) => spec.name).join(', ')}`,
      { asked: stranger, among: specs.map((spec) => spec.name) },
    );
  }
  const resolved: Record<string, ParameterValue> = {};
  for (const spec of specs) {
    const value = asDeclared(spec, given[spec.name] ?? spec.default);
    check(spec, value);
    resolved[spec.name] = value;
  }
  resolved.city_tz ??= cityTz;
  if (!(given.from_at < given.to_at)) {
    throw new MeasureFault(
      'the period is empty or has no end',
      'from_at lies before to_at, both are required',
    );
  }
  return resolved;
}

/** Statements that give a session the parameters' values. */
export function setVariables(measure: Measure, parameters: ResolvedParameters): string {
  return [...commonParameters, ...measure.parameters]
    .map((spec) => `SET VARIABLE "${spec.name}" = ${literal(spec, parameters[spec.name] ?? null)};`)
    .join('\n');
}

/**
 * Runs `work` while the session's variables have these values, then gives them back those they had. One piece of work
 * at a time on a connection.
 */
export async function withVariables<T>(
  connection: DuckDBConnection,
  measure: Measure,
  parameters: ResolvedParameters,
  work: () => Promise<T>,
): Promise<T> {
  const names = [...[...commonParameters, ...measure.parameters].map((spec) => spec.name), ...siteBounds];
  const keep = names.map((name) => `SET VARIABLE "kept_${name}" = getvariable('${name}');`);
  const restore = names.map(
    (name) => `SET VARIABLE "${name}" = getvariable('kept_${name}'); RESET VARIABLE "kept_${name}";`,
  );
  await connection.run(keep.join('\n'));
  try {
    await connection.run(setVariables(measure, parameters));
    return await work();
  } finally {
    await connection.run(`${restore.join('\n')}`);
  }
}

/** Set from the asked sites (`noteAsked`). */
const siteBounds = ['asked_least', 'asked_greatest', 'asked_noted'];

/** A value as a SQL string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function common(name: string, type: ParameterSpec['type'], meaning: string): ParameterSpec {
  return { name, type, default: null, oneOf: [], meaning };
}

/** What it was given as, a number or text, says nothing: a route may well be called 12, or 01. */
function asDeclared({ type }: ParameterSpec, value: ParameterValue): ParameterValue {
  if (type === 'varchar') return typeof value === 'number' ? String(value) : value;
  const isNumber = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
  return isNumber ? Number(value) : value;
}

function check(spec: ParameterSpec, value: ParameterValue): void {
  if (value === null) return;
  const fits = {
    varchar: typeof value === 'string',
    integer: Number.isSafeInteger(value),
    double: Number.isFinite(value),
    timestamptz: Number.isFinite(value),
    'varchar[]': Array.isArray(value) && value.every((item) => typeof item === 'string'),
  }[spec.type];
  if (!fits || (spec.oneOf.length > 0 && !spec.oneOf.includes(value))) {
    throw new MeasureFault(
      `parameter ${spec.name} can not be ${JSON.stringify(value)}`,
      spec.oneOf.length > 0 ? `one of ${spec.oneOf.join(', ')}` : `${spec.type}: ${spec.meaning}`,
    );
  }
}

function literal(spec: ParameterSpec, value: ParameterValue): string {
  if (value === null) return `CAST(NULL AS ${spec.type})`;
  if (spec.type === 'timestamptz') return `TIMESTAMPTZ ${quoted(formatInstant(value as Instant))}`;
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return `CAST(${value} AS ${spec.type})`;
  return `CAST([${value.map(quoted).join(', ')}] AS varchar[])`;
}
