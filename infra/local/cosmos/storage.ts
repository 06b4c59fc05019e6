import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const schema = `
CREATE TABLE IF NOT EXISTS databases (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, etag TEXT NOT NULL, ts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS containers (
  n INTEGER PRIMARY KEY AUTOINCREMENT, database INTEGER NOT NULL, id TEXT NOT NULL, definition TEXT NOT NULL,
  etag TEXT NOT NULL, ts INTEGER NOT NULL, UNIQUE (database, id));
`;

/**
 * One SQLite file in `directory`, held by one endpoint at a time. synchronous=NORMAL: what was answered survives the
 * end of this process, however sudden; a power cut may take the last commits.
 */
export function openStorage(directory: string): DatabaseSync {
  mkdirSync(directory, { recursive: true });
  const db = new DatabaseSync(join(directory, 'cosmos.db'));
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 8192; PRAGMA journal_mode = WAL');
    db.exec(
      'PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY',
    );
    db.exec(schema);
    db.exec('BEGIN IMMEDIATE; COMMIT');
  } catch (error) {
    db.close();
    if (/locked/.test(String(error))) {
      throw new Error(`${directory} is in use by another local Cosmos DB endpoint`, { cause: error });
    }
    throw error;
  }
  return db;
}

/** All of `work` or nothing of it. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
