import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fmt } from './format.ts';
import { query } from './query.ts';

const sql = readFileSync(new URL('data-caveats.sql', import.meta.url), 'utf8');
const SHOWN = 8;

/** What is odd about the data of the asked period, each a sentence that names the first few places. */
export async function dataCaveats(connection: DuckDBConnection): Promise<string[]> {
  const { rows } = await query(connection, sql);
  const places = Map.groupBy(rows, (row) => String(row.what));
  return [...places].map(([what, found]) => {
    const named = found.slice(0, SHOWN).map((row) => String(row.place));
    const more = found.length > SHOWN ? `, and ${fmt.number(found.length - SHOWN)} more` : '';
    return `${what}: ${named.join(', ')}${more}.`;
  });
}
