import type { DuckDBConnection } from '@duckdb/node-api';
import type { Row } from './duckdb-values.ts';

/** What a registered measure answers; `analytics/measures` has the runner. */
export interface MeasureAnswer {
  computable: boolean;
  /** Why not: `no flow`. */
  because?: string | null | undefined;
  columns: readonly { name: string; unit?: string | null | undefined; title?: string | null | undefined }[];
  rows: readonly Row[];
  version: number | string;
  /** Where the formula comes from. */
  source?: string | null | undefined;
  caveats?: readonly string[] | undefined;
  /** Share of the due data that was there, 0 to 1; null where nothing promises a period. */
  dataShare?: number | null | undefined;
  sql?: string | undefined;
}

export type RunMeasure = (
  connection: DuckDBConnection,
  name: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<MeasureAnswer>;
