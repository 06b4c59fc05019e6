import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * Gives a connection the macros and derived views that measures stand on. The tables or views of docs/lake.md must be
 * there already. Safe to repeat.
 */
export async function prepareMeasures(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET TimeZone = 'UTC'");
  for (const file of ['macros.sql', 'derived-views.sql']) {
    await connection.run(readFileSync(join(import.meta.dirname, '../lake', file), 'utf8'));
  }
}
