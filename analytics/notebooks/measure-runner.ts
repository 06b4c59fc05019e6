import type { DuckDBConnection } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import type { Row } from './duckdb-values.ts';

export interface MeasureColumn {
  name: string;
  /** DuckDB's. */
  type: string;
  unit?: string | null | undefined;
  meaning?: string | null | undefined;
}

/** What a registered measure answers; `analytics/measures` has the runner. */
export interface MeasureAnswer {
  computable: boolean;
  /** Why not: `no flow`. */
  because?: string | null | undefined;
  columns: readonly MeasureColumn[];
  /** Times as text: RFC 3339, wall clocks without an offset, dates. */
  rows: readonly Row[];
  version: number | string;
  /** Where the formula comes from. */
  source?: string | null | undefined;
  caveats?: readonly string[] | undefined;
  /** Share of the due data that was there, 0 to 1; null where nothing promises a period. */
  dataShare?: number | null | undefined;
  /** Of the due data, the share that imputed values stand in for. */
  imputedShare?: number | undefined;
  sql?: string | undefined;
}

export type RunMeasure = (
  connection: DuckDBConnection,
  name: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<MeasureAnswer>;

/** Every measure gets these, as far as the notebook has them. */
export interface MeasureParameters {
  from_at: Instant;
  to_at: Instant;
  as_of?: Instant;
  corridor_id?: string;
  site_ids?: string[];
}
