import { readFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { City } from '#analytics/lake/open-lake.ts';
import type { MeasureParameters } from '#analytics/measures/parameters.ts';
import { measureSql, runMeasure } from '#analytics/measures/run-measure.ts';
import { type RenderedNotebook, renderNotebook } from '#analytics/notebooks/render-notebook.ts';

export interface ReportOptions {
  connection: DuckDBConnection;
  city: City;
  path: string;
  /** As typed: dates in city time. */
  parameters: Readonly<Record<string, string | number>>;
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
