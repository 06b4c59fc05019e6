import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { ExportOptions } from './export.ts';
import type { Manifest } from './manifest.ts';

/** A DuckDB in memory that spills beside the lake, and not into whatever folder it was started from. */
export function lakeInstance(directory: string): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    memory_limit: '2GB',
    temp_directory: join(directory, 'spill'),
  });
}

/** One export under way: the manifest is changed as files are written, and counts when all are. */
export interface LakeContext extends ExportOptions {
  db: DuckDBConnection;
  /** Another connection, with temporary tables of its own; closed with the export. */
  connect(): Promise<DuckDBConnection>;
  manifest: Manifest;
}

/** Writes a query's rows to a Parquet file of the lake, whole or not at all. Returns the path as the manifest names it. */
export async function writeParquet(
  context: Pick<LakeContext, 'db' | 'directory'>,
  path: string,
  query: string,
  rowGroupRows = 122_880,
): Promise<string> {
  const full = join(context.directory, path);
  mkdirSync(dirname(full), { recursive: true });
  await context.db.run(
    `COPY (${query}) TO ${quoted(`${full}.tmp`)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
  renameSync(`${full}.tmp`, full);
  return path;
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The rows of these files, of which there is at least one. Folder names say nothing that the rows do not. */
export function parquetRows(directory: string, paths: readonly string[]): string {
  const list = paths.map((p) => quoted(join(directory, p))).join(', ');
  return `read_parquet([${list}], hive_partitioning = false, union_by_name = true)`;
}

/** Milliseconds since 1970 as a DuckDB TIMESTAMPTZ expression. */
export function instantSql(column: string): string {
  return `make_timestamptz(${column} * 1000)`;
}
