import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readSections } from './check-file.ts';

export interface CanonicalExport {
  /** Of all lines, each with its line feed: equal where two runs came to the same. */
  sha256: string;
  windows: number;
  ledgerRows: number;
  /** Readings of records that a producer sent again, which are in no line. */
  repeats: RepeatedReadings[];
}

export interface RepeatedReadings {
  deviceId: string;
  hourObserved: string | null;
  outcome: string;
  reason: string;
  readings: number;
}

/**
 * What two runs over the same readings must agree on (embedded, replayed, on Azure), of a session of `openLake`: one
 * JSON object a line, windows first, then the ledger, sorted; keys sorted. `onLine` gets each without its line feed.
 */
export async function canonicalExport(
  connection: DuckDBConnection,
  onLine?: (line: string) => void,
): Promise<CanonicalExport> {
  const { prepare, windows, ledger, repeats } = readSections('canonical-export');
  await connection.run(prepare!);
  const sha256 = createHash('sha256');
  const write = async (sql: string): Promise<number> => {
    let lines = 0;
    for await (const rows of (await connection.stream(sql)).yieldRowsJson()) {
      for (const [line] of rows as string[][]) {
        sha256.update(`${line}\n`);
        onLine?.(line!);
      }
      lines += rows.length;
    }
    return lines;
  };
  const windowLines = await write(windows!);
  const ledgerLines = await write(ledger!);
  const repeated = await connection.runAndReadAll(repeats!);
  return {
    sha256: sha256.digest('hex'),
    windows: windowLines,
    ledgerRows: ledgerLines,
    repeats: repeated.getRowObjectsJson() as unknown as RepeatedReadings[],
  };
}
