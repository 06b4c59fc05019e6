import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from './lake-context.ts';
import { remembered } from './remembered.ts';

const boundsSql = `
  SELECT min(site_id) AS least, max(site_id) AS greatest, (
    SELECT count(*) = 0 FROM (SELECT valid_from, valid_to FROM corridors UNION ALL SELECT valid_from, valid_to FROM sites)
    WHERE (valid_from > asked_from() AND valid_from < asked_to()) OR (valid_to > asked_from() AND valid_to < asked_to())) AS held
  FROM asked_site_ids`;

/**
 * Notes of what is asked what the views can not look up as they are bound: between which ids the asked sites lie, so that the
 * rest of a year need not be read, and whether the network changed within the period. The session's variables are set.
 */
export async function noteAsked(connection: DuckDBConnection): Promise<void> {
  const { least, greatest, held } = await remembered(connection, boundsSql, async () => {
    const reader = await connection.runAndReadAll(boundsSql);
    return reader.getRowObjectsJson()[0] as { least: string | null; greatest: string | null; held: boolean };
  });
  const text = (value: string | null) => (value === null ? 'CAST(NULL AS VARCHAR)' : quoted(value));
  await connection.run(`SET VARIABLE asked_least = ${text(least)}; SET VARIABLE asked_greatest = ${text(greatest)};
    SET VARIABLE asked_network_held = ${held}; SET VARIABLE asked_noted = asked_text()`);
}
