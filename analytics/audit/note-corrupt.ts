import type { DuckDBConnection } from '@duckdb/node-api';
import type { CorruptRange } from './audit-result.ts';

/** Adds ranges to the table audit_corrupt, each once: the store and the log both name them. */
export async function noteCorrupt(db: DuckDBConnection, ranges: readonly CorruptRange[]): Promise<void> {
  for (const { partition, from, to, detail } of ranges) {
    await db.run(
      `INSERT INTO audit_corrupt SELECT $1, $2, $3, $4 WHERE NOT EXISTS (
         SELECT 1 FROM audit_corrupt WHERE partition = $1 AND from_position <= $2 AND to_position >= $3)`,
      [partition, from, to, detail],
    );
  }
}
