import type { Row } from './duckdb-values.ts';

export interface Formula {
  name: string;
  version: string;
  source: string;
}

export interface ResultColumn {
  name: string;
  /** DuckDB's type, '' where a measure does not say. */
  type: string;
  unit: string | undefined;
  title: string | undefined;
}

/** What a named sql or measure block gave. */
export interface Result {
  name: string;
  rows: Row[];
  columns: ResultColumn[];
  /** Empty where a measure keeps its own. */
  sql: string;
  formula: Formula | undefined;
  /** Of the data due; undefined where the block does not say. */
  missingShare: number | null | undefined;
  /** Of the data due, what imputed values stand in for; undefined where the block does not say. */
  imputedShare?: number | undefined;
  /** Why there is no answer; '' where there is one. */
  notComputable: string;
  caveats: string[];
}
