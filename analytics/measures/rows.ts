import { type DuckDBConnection, type DuckDBValueConverter, JSDuckDBValueConverter } from '@duckdb/node-api';
import { remembered } from '../lake/remembered.ts';

/** Instants are RFC 3339 in UTC, wall clocks `2024-03-31T08:00:00`, dates `2024-03-31`. */
export type RowValue = string | number | boolean | null;
export type Row = Record<string, RowValue>;

export interface Column {
  name: string;
  /** DuckDB's name of the type. */
  type: string;
}

export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  return (await tableOf(connection, sql)).rows;
}

/** As `rowsOf`, of what is asked again and again in a session. */
export function rememberedRows(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  return remembered(connection, sql, () => rowsOf(connection, sql));
}

export async function tableOf(
  connection: DuckDBConnection,
  sql: string,
): Promise<{ columns: Column[]; rows: Row[] }> {
  const reader = await connection.runAndReadAll(sql);
  const names = reader.columnNames();
  const types = reader.columnTypes().map(String);
  const rows = reader.convertRows(plainValue).map((values) => {
    const row: Row = {};
    for (const [i, name] of names.entries()) row[name] = asWritten(values[i], types[i]!);
    return row;
  });
  return { columns: names.map((name, i) => ({ name, type: types[i]! })), rows };
}

const plainValue: DuckDBValueConverter<unknown> = (value, type, converter) =>
  JSDuckDBValueConverter(value, type, converter as never);

function asWritten(value: unknown, type: string): RowValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (!(value instanceof Date)) return value as RowValue;
  const text = value.toISOString();
  if (type === 'DATE') return text.slice(0, 10);
  const short = text.replace('.000Z', 'Z');
  return type === 'TIMESTAMP' ? short.slice(0, -1) : short;
}
