import type { DuckDBConnection } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import { keepFeedDays } from '../feed-quality/feed-days.ts';
import { keepAsked } from '../lake/keep-asked.ts';
import { noteAsked } from '../lake/note-asked.ts';
import { keepTransit } from '../transit/transit-rollups.ts';
import type { MeasureName } from './measures.ts';
import { getMeasure, type Measure } from './measures.ts';
import { judgeNeeds } from './needs.ts';
import {
  type MeasureParameters,
  quoted,
  type ResolvedParameters,
  resolveParameters,
  setVariables,
  withVariables,
} from './parameters.ts';
import { type Column, type Row, rememberedRows, rowsOf, tableOf } from './rows.ts';

/** How much of what the sites in question promised the figures rest on. */
export interface DataShare {
  expectedS: number;
  observedS: number;
  /** null where nothing was promised. */
  missingShare: number | null;
  /** Of the time promised, what imputed values stand in for (`values` is 'filled'); else 0. */
  imputedShare: number;
}

export interface MeasureAnswer {
  name: MeasureName;
  title: string;
  question: string;
  version: number;
  source: string;
  /** Half-open. */
  period: { fromAt: Instant; toAt: Instant; cityTz: string };
  parameters: ResolvedParameters;
  dataShare: DataShare;
  /** What the figures do not say, and sites left out by name. */
  caveats: string[];
}

export type MeasureResult = MeasureAnswer &
  (
    | { computable: true; columns: (Column & { unit: string; meaning: string })[]; rows: Row[] }
    | { computable: false; because: string }
  );

/**
 * Answers a measure from the lake. What the data can not answer is a value (`computable: false`).
 * The connection must have the session's views (`sessionSql`); its variables are as before afterwards.
 * @throws MeasureFault for an unknown measure, parameter or corridor.
 */
export async function runMeasure(
  connection: DuckDBConnection,
  name: string,
  parameters: MeasureParameters,
): Promise<MeasureResult> {
  const measure = getMeasure(name);
  return answer(connection, measure, parameters, async (about) => {
    const { columns, rows } = await tableOf(connection, measure.sql);
    const described = columns.map((column) => {
      const { unit, meaning } = measure.columns.find((spec) => spec.name === column.name)!;
      return { ...column, unit, meaning };
    });
    return { ...about, computable: true, columns: described, rows };
  });
}

export type CopyResult = MeasureAnswer &
  ({ computable: true; path: string; rowCount: number } | { computable: false; because: string });

/**
 * The same into a Parquet file, with formula, period and shares in the file's key-value metadata. Writes nothing where
 * the measure is not computable.
 */
export async function copyMeasureTo(
  connection: DuckDBConnection,
  name: string,
  parameters: MeasureParameters,
  path: string,
): Promise<CopyResult> {
  const measure = getMeasure(name);
  return answer(connection, measure, parameters, async (about) => {
    const metadata = Object.entries({
      formula: `${about.name} version ${about.version}`,
      source: about.source,
      from_at: new Date(about.period.fromAt).toISOString(),
      to_at: new Date(about.period.toAt).toISOString(),
      city_tz: about.period.cityTz,
      parameters: JSON.stringify(about.parameters),
      data_share: JSON.stringify(about.dataShare),
      units: JSON.stringify(Object.fromEntries(measure.columns.map(({ name, unit }) => [name, unit]))),
      caveats: about.caveats.join('\n'),
    }).map(([key, value]) => `${key}: ${quoted(value)}`);
    const select = `(\n${measure.sql}\n)`;
    const options = `(FORMAT parquet, COMPRESSION zstd, KV_METADATA {${metadata.join(', ')}})`;
    const [copied] = await rowsOf(connection, `COPY ${select} TO ${quoted(path)} ${options}`);
    return { ...about, computable: true, path, rowCount: Number(copied!.Count) };
  });
}

/** A measure's SQL as a person can run it in a session of the lake: its parameters' values, then the query. */
export function measureSql(name: string, parameters?: MeasureParameters, cityTz = 'UTC'): string {
  const measure = getMeasure(name);
  if (parameters === undefined) return measure.sql;
  return `${setVariables(measure, resolveParameters(measure, parameters, cityTz))}\n\n${measure.sql}`;
}

async function answer<Answered>(
  connection: DuckDBConnection,
  measure: Measure,
  given: MeasureParameters,
  compute: (about: MeasureAnswer) => Promise<Answered>,
): Promise<Answered | (MeasureAnswer & { computable: false; because: string })> {
  const parameters = resolveParameters(measure, given, await cityZone(connection));
  return withVariables(connection, measure, parameters, async () => {
    await noteAsked(connection);
    await keepAsked(
      connection,
      measure.needs.some(({ need }) => need === 'free-flow'),
    );
    await keepTransit(connection, measure.sql);
    await keepFeedDays(connection, measure.sql);
    const answerable = await judgeNeeds(connection, measure, parameters);
    const about: MeasureAnswer = {
      name: measure.name,
      title: measure.title,
      question: measure.question,
      version: measure.version,
      source: measure.source,
      period: { fromAt: given.from_at, toAt: given.to_at, cityTz: parameters.city_tz as string },
      parameters,
      dataShare: await dataShare(connection),
      caveats: [
        ...(answerable.computable ? answerable.caveats : []),
        ...(await calendarCaveats(connection, measure)),
        ...(parameters.values === 'filled' ? await filledCaveats(connection) : []),
        ...measure.caveats,
      ],
    };
    return answerable.computable ? compute(about) : { ...about, ...answerable };
  });
}

/** A measure that tells day types apart says so where nobody said which days were not like others. */
async function calendarCaveats(connection: DuckDBConnection, measure: Measure): Promise<string[]> {
  if (!/\bday_type\b/.test(measure.sql)) return [];
  const [known] = await rememberedRows(
    connection,
    `SELECT count(*) AS holidays FROM calendar_dates
     WHERE type = 'holiday' AND year(date) BETWEEN year(city_time(asked_from())) AND year(city_time(asked_to()))`,
  );
  return Number(known!.holidays) > 0
    ? []
    : ['Holidays unknown: none of these years was imported, so each counts as the weekday it fell on.'];
}

/** By which methods values were imputed, and which days no night has worked. */
async function filledCaveats(connection: DuckDBConnection): Promise<string[]> {
  const [made] = await rememberedRows(
    connection,
    `SELECT string_agg(printf('%s %.0f %%', method, 100 * share), ', ' ORDER BY share DESC) AS methods
     FROM (
       SELECT method, sum(estimates) / sum(sum(estimates)) OVER () AS share FROM imputed_methods GROUP BY method
     )`,
  );
  const [nights] = await rememberedRows(
    connection,
    `SELECT count(*) AS days, count(d.date) AS worked, count(*) FILTER (d.stale) AS stale
     FROM (SELECT DISTINCT date FROM promised_dates) p
     LEFT JOIN (FROM derived_days WHERE name = 'imputed') d USING (date)`,
  );
  const { days, worked, stale } = nights!;
  return [
    made!.methods === null
      ? 'Filled: nothing had to be imputed.'
      : `Filled: imputed values stand in where nothing came or a detector was bad, by these methods: ${made!.methods}. What was observed alone: values=observed.`,
    ...(worked === days
      ? []
      : [
          `${Number(days) - Number(worked)} of ${days} days were worked by no night: they stand as observed.`,
        ]),
    ...(stale === 0 ? [] : [`${stale} of ${days} days were imputed before their data or the rules changed.`]),
  ];
}

async function dataShare(connection: DuckDBConnection): Promise<DataShare> {
  const [sums] = await rememberedRows(
    connection,
    `SELECT expected_s AS expected, observed_s AS observed,
       (SELECT coalesce(sum(imputed_s), 0) FROM imputed_site_dates) AS imputed
     FROM promised_sum`,
  );
  const expectedS = Number(sums!.expected);
  const observedS = Number(sums!.observed);
  return {
    expectedS,
    observedS,
    missingShare: expectedS > 0 ? 1 - observedS / expectedS : null,
    imputedShare: expectedS > 0 ? Number(sums!.imputed) / expectedS : 0,
  };
}

async function cityZone(connection: DuckDBConnection): Promise<string> {
  const [city] = await rememberedRows(connection, 'SELECT timezone FROM city LIMIT 1');
  return (city?.timezone as string | undefined) ?? 'UTC';
}
