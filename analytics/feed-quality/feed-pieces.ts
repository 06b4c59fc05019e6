import type { DuckDBConnection } from '@duckdb/node-api';

/** What is looked at in one go: views `feed_..._findings` and `feed_..._checks`. */
const light = ['status', 'report', 'way', 'call', 'name'];
/** What puts a vehicle's reports, or a trip's, in order: of a share of the vehicles, or trips, at a time. */
const heavy = ['lag', 'run', 'trip', 'moment'];

/** What a session's memory holds in order. */
const READINGS_AT_ONCE = 400_000;

/**
 * Works out what was found in the asked period one thing after another, and the heavy ones by shares of the vehicles: all at once would take a gigabyte
 * for each million readings. While `then` runs, `worked_feed_days` adds up what was found.
 */
export async function workInPieces(db: DuckDBConnection, then: () => Promise<void>): Promise<void> {
  const look = (at: string) =>
    db.run(`INSERT INTO kept_feed_found FROM feed_found_of('feed_${at}_findings');
      INSERT INTO kept_feed_checks FROM feed_${at}_checks`);
  await db.run(`CREATE OR REPLACE TEMP TABLE kept_feed_found AS FROM feed_found_of('feed_way_findings') LIMIT 0;
    CREATE OR REPLACE TEMP TABLE kept_feed_checks AS FROM feed_way_checks LIMIT 0`);
  try {
    for (const at of light) await look(at);
    const reader = await db.runAndReadAll('SELECT count(*)::DOUBLE FROM feed_readings');
    const pieces = Math.max(1, Math.ceil((reader.getRowsJson()[0]![0] as number) / READINGS_AT_ONCE));
    for (let piece = 0; piece < pieces; piece++) {
      await db.run(`SET VARIABLE feed_pieces = ${pieces}; SET VARIABLE feed_piece = ${piece}; RESET VARIABLE feed_runs_kept;
        CREATE OR REPLACE TEMP TABLE kept_feed_runs AS FROM worked_feed_runs; SET VARIABLE feed_runs_kept = true`);
      for (const at of heavy) await look(at);
    }
    await db.run('SET VARIABLE feed_pieces_kept = true');
    await then();
  } finally {
    await db.run(`DROP TABLE IF EXISTS kept_feed_found; DROP TABLE IF EXISTS kept_feed_checks; DROP TABLE IF EXISTS kept_feed_runs;
      RESET VARIABLE feed_pieces; RESET VARIABLE feed_piece; RESET VARIABLE feed_runs_kept; RESET VARIABLE feed_pieces_kept`);
  }
}
