import type { DuckDBConnection } from '@duckdb/node-api';
import { sessionSql } from '../lake/session-sql.ts';

/**
 * Gives a connection the macros and derived views that measures stand on. The tables or views of docs/lake.md must be
 * there already. Safe to repeat.
 */
export async function prepareMeasures(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(sessionSql());
}
