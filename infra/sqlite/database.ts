import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

// Windows stand in the order in which they were written: whether devices send minute by minute or by the day, writing
// appends, and only the small index of names is written all over.
const schema = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS registry_changes (
  version INTEGER PRIMARY KEY, changed_at INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
  valid_from INTEGER NOT NULL, body TEXT);
CREATE TABLE IF NOT EXISTS checkpoints (partition INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS streams (
  partition INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (partition, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, direction TEXT NOT NULL,
  lane INTEGER NOT NULL, window_s INTEGER NOT NULL, site_id TEXT NOT NULL,
  UNIQUE (device_id, kind, subject, direction, lane, window_s, site_id));
CREATE TABLE IF NOT EXISTS window_rows (
  id INTEGER PRIMARY KEY, start_at INTEGER NOT NULL, series INTEGER NOT NULL, revision INTEGER NOT NULL,
  reason TEXT NOT NULL, figures TEXT NOT NULL, members TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS window_names ON window_rows (start_at, series);
CREATE VIEW IF NOT EXISTS windows AS
  SELECT start_at, device_id, kind, subject, direction, lane, window_s, site_id, revision, reason, figures, members
  FROM window_rows JOIN series ON series.id = window_rows.series;
CREATE TABLE IF NOT EXISTS changed_days (day INTEGER PRIMARY KEY, change INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (
  partition INTEGER NOT NULL, device_id TEXT NOT NULL, hour_received INTEGER NOT NULL,
  hour_observed INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  readings INTEGER NOT NULL, late INTEGER NOT NULL,
  PRIMARY KEY (partition, device_id, hour_received, hour_observed, outcome, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (
  partition INTEGER NOT NULL, to_position INTEGER NOT NULL, from_position INTEGER NOT NULL,
  registry_version INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (partition, to_position));
CREATE TABLE IF NOT EXISTS dead_letters (
  partition INTEGER NOT NULL, position INTEGER NOT NULL, reason TEXT NOT NULL, device_id TEXT NOT NULL,
  received_at INTEGER NOT NULL, indices TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (partition, position, reason)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dead_letters_by_reason ON dead_letters (reason, device_id);
CREATE TABLE IF NOT EXISTS readmissions (
  partition INTEGER NOT NULL, position INTEGER NOT NULL, idx INTEGER NOT NULL, via INTEGER NOT NULL,
  registry_version INTEGER NOT NULL, PRIMARY KEY (partition, position, idx)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS corrupt (
  partition INTEGER NOT NULL, from_position INTEGER NOT NULL, to_position INTEGER NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (partition, from_position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS door (
  reason TEXT NOT NULL, device_id TEXT NOT NULL, hour_received INTEGER NOT NULL, refused INTEGER NOT NULL,
  PRIMARY KEY (reason, device_id, hour_received)) WITHOUT ROWID;
`;

/**
 * Opens the store of a data directory, made when missing. Any number of processes may have it open.
 * `waitMs`: how long a statement waits for another's transaction. `durable`: a commit survives a power cut. Outputs need not (the log has what they are made from); the registry must.
 */
export function openDatabase(
  path: string,
  { durable, waitMs = 10_000 }: { durable: boolean; waitMs?: number },
): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: waitMs });
  db.exec(
    `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`,
  );
  db.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
  db.exec(schema);
  return db;
}

/** Runs `work` in one immediate transaction. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
