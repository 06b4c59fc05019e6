import { type DuckDBConnection, DuckDBTimestampTZValue, type DuckDBValue } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import { notebookValues, type Row, type Value } from './duckdb-values.ts';

export interface QueryResult {
  rows: Row[];
  columns: { name: string; type: string }[];
}

export type Bindings = Readonly<Record<string, DuckDBValue>>;

export function instantValue(at: Instant): DuckDBTimestampTZValue {
  return new DuckDBTimestampTZValue(BigInt(at) * 1_000n);
}

/** Runs one or more statements, `$name` bound where a statement has it; gives the rows of the last. */
export async function query(
  connection: DuckDBConnection,
  sql: string,
  bindings: Bindings = {},
): Promise<QueryResult> {
  const statements = await connection.extractStatements(sql);
  let result: QueryResult = { rows: [], columns: [] };
  for (let i = 0; i < statements.count; i++) {
    const statement = await statements.prepare(i);
    try {
      const wanted: Record<string, DuckDBValue> = {};
      for (let p = 1; p <= statement.parameterCount; p++) {
        const name = statement.parameterName(p);
        if (!(name in bindings)) throw new Error(`$${name} is no parameter of this notebook`);
        wanted[name] = bindings[name]!;
      }
      if (statement.parameterCount > 0) statement.bind(wanted);
      const reader = await statement.runAndReadAll();
      const names = reader.deduplicatedColumnNames();
      result = {
        rows: reader.convertRowObjects(notebookValues) as Row[],
        columns: reader.columnTypes().map((type, c) => ({ name: names[c]!, type: String(type) })),
      };
    } finally {
      statement.destroySync();
    }
  }
  return result;
}

/** The first column of the first row. */
export async function firstValue(
  connection: DuckDBConnection,
  sql: string,
  bindings: Bindings = {},
): Promise<Value> {
  const { rows } = await query(connection, sql, bindings);
  return rows[0] === undefined ? undefined : Object.values(rows[0])[0];
}
