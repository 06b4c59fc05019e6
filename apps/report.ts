import { readFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { City } from '#analytics/lake/open-lake.ts';
import type { MeasureParameters } from '#analytics/measures/parameters.ts';
import { measureSql, runMeasure } from '#analytics/measures/run-measure.ts';
import { readFrontMatter } from '#analytics/notebooks/front-matter.ts';
import { resolveParameters } from '#analytics/notebooks/parameters.ts';
import { type RenderedNotebook, renderNotebook } from '#analytics/notebooks/render-notebook.ts';
import { cityTime } from '#domain/city-time.ts';
import type { Instant } from '#domain/instant.ts';
import type { DataDirectory } from './data-directory.ts';
import { lakeSession, openSession } from './lake-session.ts';
import { type NightsOptions, workDueNights } from './nights.ts';

export interface ReportOptions {
  connection: DuckDBConnection;
  city: City;
  path: string;
  /** As typed: dates in city time. */
  parameters: Readonly<Record<string, string | number>>;
}

/** A session over everything stored now, with the nights of the notebook's period worked where it needs them. */
export async function reportSession(
  data: DataDirectory,
  report: Omit<ReportOptions, 'connection'> & Pick<NightsOptions, 'onProgress'>,
): Promise<DuckDBConnection> {
  const connection = await lakeSession(data);
  const period = await nightsNeeded(connection, report);
  if (period === undefined) return connection;
  const { onProgress } = report;
  const done = await workDueNights(data, { ...period, ...(onProgress ? { onProgress } : {}) });
  if (done.length === 0) return connection;
  connection.closeSync();
  return openSession(data);
}

/** Local dates, half-open; undefined where none are needed, or the notebook can not be read, which rendering will say. */
async function nightsNeeded(
  connection: DuckDBConnection,
  { city, path, parameters }: Omit<ReportOptions, 'connection'>,
): Promise<{ from: string; to: string } | undefined> {
  const time = cityTime(city.timezone);
  try {
    const { meta } = readFrontMatter(await readFile(path, 'utf8'));
    if (!meta.needs.includes('nights')) return undefined;
    const asOf = await newestReceipt(connection);
    const resolved = await resolveParameters(meta.parameters, parameters, { connection, time, asOf });
    const at = (name: string) => resolved.find((p) => p.spec.name === name)?.value as Instant | undefined;
    const [fromAt, toAt] = [at('from'), at('to')];
    if (fromAt === undefined || toAt === undefined || fromAt >= toAt) return undefined;
    return { from: time.dateOf(fromAt), to: time.dateOf(toAt) };
  } catch {
    return undefined;
  }
}

/** Renders a notebook over the lake, its measures answered by the registered ones. */
export async function renderReport({
  connection,
  city,
  path,
  parameters,
}: ReportOptions): Promise<RenderedNotebook> {
  return renderNotebook({
    source: await readFile(path, 'utf8'),
    path,
    connection,
    parameters,
    city,
    asOf: await newestReceipt(connection),
    runMeasure: async (db, name, asked) => {
      const given = {
        ...asked,
        from_at: instantOf(asked.from_at),
        to_at: instantOf(asked.to_at),
      } as MeasureParameters;
      const result = await runMeasure(db, name, given);
      return {
        computable: result.computable,
        because: result.computable ? null : result.because,
        columns: result.computable ? result.columns : [],
        rows: result.computable ? result.rows : [],
        version: result.version,
        source: result.source,
        caveats: result.caveats,
        dataShare: result.dataShare.missingShare === null ? null : 1 - result.dataShare.missingShare,
        imputedShare: result.dataShare.imputedShare,
        sql: measureSql(name, given, city.timezone),
      };
    },
  });
}

/** The newest moment the lake can speak of. */
export async function newestReceipt(connection: DuckDBConnection): Promise<number | undefined> {
  const result = await connection.runAndReadAll(
    'SELECT epoch_ms(max(received_at))::DOUBLE AS at FROM archive WHERE position >= 0',
  );
  return (result.getRowObjectsJS()[0]?.at as number | null) ?? undefined;
}

function instantOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : Number(value);
}
