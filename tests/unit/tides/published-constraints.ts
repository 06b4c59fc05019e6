import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

interface Field {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime';
  required?: boolean;
  unique?: boolean;
  minimum?: number;
  maximum?: number;
  enum?: (string | number)[];
}

interface Schema {
  primaryKey: string[];
  fields: Field[];
  references: { fields: string[]; table: string; to: string[] }[];
}

const published = JSON.parse(
  readFileSync(join(import.meta.dirname, 'published-schemas.json'), 'utf8'),
) as Record<string, Schema>;

/** Rows as a CSV reader has them: text, and null for a value that is missing. */
export type TextRow = Record<string, string | null>;

/** How a Table Schema writes a value of its default format. */
const written: Record<Field['type'], RegExp> = {
  string: /^/,
  integer: /^-?\d+$/,
  number: /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/,
  boolean: /^(true|True|TRUE|1|false|False|FALSE|0)$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/,
};

/** What in these tables breaks the published schemas of TIDES 1.0: nothing, it is hoped. */
export async function violations(tables: Record<string, TidesRows>): Promise<string[]> {
  const found: string[] = [];
  for (const [table, { columns, rows }] of Object.entries(tables)) {
    const schema = published[table]!;
    const names = schema.fields.map((f) => f.name);
    if (columns.join() !== names.join()) found.push(`${table}: columns ${columns.join()}`);
    for (const field of schema.fields) found.push(...ofField(table, field, rows));
    found.push(...repeated(table, schema.primaryKey, rows));
    for (const { fields, table: other, to } of schema.references) {
      const target = tables[other];
      if (!target || to.some((name) => !target.columns.includes(name))) continue;
      const known = new Set(target.rows.map((r) => to.map((name) => r[name]).join('|')));
      for (const row of rows) {
        if (fields.some((name) => row[name] === null)) continue;
        const key = fields.map((name) => row[name]).join('|');
        if (!known.has(key)) found.push(`${table}: ${fields.join('+')} ${key} is not in ${other}`);
      }
    }
  }
  return found;
}

function ofField(table: string, field: Field, rows: readonly TextRow[]): string[] {
  const at = `${table}.${field.name}`;
  const found = new Set<string>();
  for (const row of rows) {
    const value = row[field.name] ?? null;
    if (value === null) {
      if (field.required) found.add(`${at} is required`);
      continue;
    }
    if (!written[field.type].test(value)) found.add(`${at}: ${value} is no ${field.type}`);
    if (field.minimum !== undefined && Number(value) < field.minimum)
      found.add(`${at}: ${value} is too small`);
    if (field.maximum !== undefined && Number(value) > field.maximum)
      found.add(`${at}: ${value} is too large`);
    if (field.enum && !field.enum.map(String).includes(value))
      found.add(`${at}: ${value} is none of its values`);
  }
  return [...found, ...(field.unique ? repeated(table, [field.name], rows) : [])];
}

function repeated(table: string, key: readonly string[], rows: readonly TextRow[]): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const row of rows) {
    const value = key.map((name) => row[name]).join('|');
    if (seen.has(value)) found.push(`${table}: ${key.join('+')} ${value} comes twice`);
    seen.add(value);
  }
  return found;
}

export interface TidesRows {
  columns: string[];
  rows: TextRow[];
}

/** An export's tables by the resources that its datapackage.json names, all files of a table together. */
export async function readPackage(folder: string): Promise<Record<string, TidesRows>> {
  const descriptor = JSON.parse(readFileSync(join(folder, 'datapackage.json'), 'utf8')) as {
    resources: { path: string; 'tides-table': string; format: string }[];
  };
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run("SET TimeZone = 'UTC'");
  const tables: Record<string, TidesRows> = {};
  for (const { path, format, 'tides-table': name } of descriptor.resources) {
    const file = join(folder, path);
    const read = await db.runAndReadAll(
      format === 'csv'
        ? `FROM read_csv('${file}', header = true, all_varchar = true, nullstr = '')`
        : `SELECT COLUMNS(c -> true)::VARCHAR FROM (${await asWritten(db, file)})`,
    );
    const table = tables[name] ?? { columns: read.columnNames(), rows: [] };
    tables[name] = table;
    if (table.columns.join() !== read.columnNames().join()) throw new Error(`${path}: other columns`);
    table.rows.push(...(read.getRowObjectsJS() as TextRow[]));
  }
  db.closeSync();
  return tables;
}

/** Parquet has types of its own: a moment is written as a Table Schema has it. */
async function asWritten(db: Awaited<ReturnType<DuckDBInstance['connect']>>, file: string): Promise<string> {
  const described = await db.runAndReadAll(`DESCRIBE FROM read_parquet('${file}')`);
  const moments = described
    .getRowObjectsJS()
    .filter((c) => c.column_type === 'TIMESTAMP WITH TIME ZONE')
    .map((c) => `strftime(${c.column_name}, '%Y-%m-%dT%H:%M:%SZ') AS ${c.column_name}`);
  return `SELECT *${moments.length === 0 ? '' : ` REPLACE (${moments.join(', ')})`} FROM read_parquet('${file}')`;
}
