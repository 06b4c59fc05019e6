import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { matchIndexes } from './container-indexes.ts';
import type { IndexingPolicy } from './indexing-policy.ts';
import type { StoredItem } from './item.ts';
import { propertyNames } from './partition-key.ts';
import { resourceId } from './resource-ids.ts';

export interface ContainerDefinition {
  id: string;
  partitionKey: { paths: string[]; kind?: string; version?: number };
  indexingPolicy: IndexingPolicy;
  /** Seconds; -1: items stay, but for those with a `ttl` of their own. Absent: nothing expires. */
  defaultTtl?: number;
}

/** The rows of one container, in a table of its own. */
export interface Container {
  readonly table: string;
  readonly definition: ContainerDefinition;
  readonly keyPaths: string[][];
  /** Not one that has expired. */
  get(pk: string, id: string): StoredItem | undefined;
  insert(item: Omit<StoredItem, 'n'>, ttlS: number | null): number;
  update(item: StoredItem, ttlS: number | null): void;
  remove(item: StoredItem): void;
  all(sql: string, values: SQLInputValue[]): StoredItem[];
  /** The document as clients read it: JSON with system properties. */
  text(item: StoredItem): string;
  readonly rid: string;
  /** Removes at most `limit` expired rows; how many there were. */
  sweep(limit: number): number;
  redefine(definition: ContainerDefinition): void;
  drop(): void;
}

/** Made when missing. `now`: milliseconds. */
export function openContainer(
  db: DatabaseSync,
  database: number,
  number: number,
  defined: ContainerDefinition,
  now: () => number,
): Container {
  const table = `items_${number}`;
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${table} (
      n INTEGER PRIMARY KEY AUTOINCREMENT, pk TEXT NOT NULL, id TEXT NOT NULL, etag TEXT NOT NULL, ts INTEGER NOT NULL,
      ttl INTEGER, expires_at INTEGER, body TEXT NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS ${table}_names ON ${table} (pk, id);
    CREATE INDEX IF NOT EXISTS ${table}_expiry ON ${table} (expires_at) WHERE expires_at IS NOT NULL;
  `);
  let definition = defined;
  let keyPaths = definition.partitionKey.paths.map(propertyNames);
  matchIndexes(db, table, definition.indexingPolicy);

  const sql = {
    get: db.prepare(
      `SELECT n, pk, id, etag, ts, body FROM ${table} WHERE pk = ? AND id = ? AND (expires_at IS NULL OR expires_at > ?)`,
    ),
    insert: db.prepare(
      `INSERT OR REPLACE INTO ${table} (pk, id, etag, ts, ttl, expires_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    update: db.prepare(`UPDATE ${table} SET etag = ?, ts = ?, ttl = ?, expires_at = ?, body = ? WHERE n = ?`),
    remove: db.prepare(`DELETE FROM ${table} WHERE n = ?`),
    sweep: db.prepare(
      `DELETE FROM ${table} WHERE n IN (SELECT n FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ),
    newTtl: db.prepare(
      `UPDATE ${table} SET expires_at = CASE WHEN ?1 IS NULL OR coalesce(ttl, ?1) = -1 THEN NULL ELSE ts + coalesce(ttl, ?1) END`,
    ),
  };
  const rid = resourceId(database, number);
  const self = `dbs/${resourceId(database)}/colls/${rid}/docs/`;
  const expiresAt = (ts: number, ttlS: number | null): number | null => {
    if (definition.defaultTtl === undefined) return null;
    const effectiveS = ttlS ?? definition.defaultTtl;
    return effectiveS === -1 ? null : ts + effectiveS;
  };
  const seconds = () => Math.floor(now() / 1000);

  return {
    table,
    rid,
    get definition() {
      return definition;
    },
    get keyPaths() {
      return keyPaths;
    },
    get: (pk, id) => sql.get.get(pk, id, seconds()) as unknown as StoredItem | undefined,
    insert: ({ pk, id, etag, ts, body }, ttlS) =>
      Number(sql.insert.run(pk, id, etag, ts, ttlS, expiresAt(ts, ttlS), body).lastInsertRowid),
    update: ({ n, etag, ts, body }, ttlS) => {
      sql.update.run(etag, ts, ttlS, expiresAt(ts, ttlS), body, n);
    },
    remove: ({ n }) => {
      sql.remove.run(n);
    },
    all: (text, values) => db.prepare(text).all(...values) as unknown as StoredItem[],
    text: ({ n, etag, ts, body }) => {
      const itemRid = resourceId(database, number, n);
      return `${body.slice(0, -1)},"_rid":"${itemRid}","_self":"${self}${itemRid}/","_etag":${JSON.stringify(etag)},"_attachments":"attachments/","_ts":${ts}}`;
    },
    sweep: (limit) => Number(sql.sweep.run(seconds(), limit).changes),
    redefine: (next) => {
      // What has expired stays gone, also when the new rule would have kept it.
      sql.sweep.run(seconds(), -1);
      if (next.defaultTtl !== definition.defaultTtl) sql.newTtl.run(next.defaultTtl ?? null);
      definition = next;
      keyPaths = definition.partitionKey.paths.map(propertyNames);
      matchIndexes(db, table, definition.indexingPolicy);
    },
    drop: () => db.exec(`DROP TABLE ${table}`),
  };
}
