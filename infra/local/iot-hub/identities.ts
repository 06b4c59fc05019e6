import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A device as IoT Hub's identity registry has it. */
export interface Identity {
  deviceId: string;
  generationId: string;
  etag: string;
  status: 'enabled' | 'disabled';
  statusReason: string | null;
  statusUpdatedTime: string;
  authentication: IdentityAuthentication;
  capabilities: { iotEdge: boolean };
}

export interface IdentityAuthentication {
  type: 'sas' | 'selfSigned';
  symmetricKey: { primaryKey: string | null; secondaryKey: string | null };
  x509Thumbprint: { primaryThumbprint: string | null; secondaryThumbprint: string | null };
}

/** The local hub's devices, in a SQLite file of its own. */
export interface Identities {
  find(deviceId: string): Identity | undefined;
  /** By device id, those after `after`. */
  list(limit: number, after?: string): Identity[];
  count(): { total: number; enabled: number };
  /** With a new etag, which it returns. */
  put(identity: Identity): Identity;
  delete(deviceId: string): void;
  /** One transaction for what `work` does. */
  together<T>(work: () => T): T;
  close(): void;
}

export function openIdentities(directory: string): Identities {
  mkdirSync(directory, { recursive: true });
  const db = new DatabaseSync(join(directory, 'identities.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec(
    'CREATE TABLE IF NOT EXISTS identities (device_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID',
  );
  const find = db.prepare('SELECT body FROM identities WHERE device_id = ?');
  const after = db.prepare('SELECT body FROM identities WHERE device_id > ? ORDER BY device_id LIMIT ?');
  const put = db.prepare('INSERT OR REPLACE INTO identities VALUES (?, ?)');
  const drop = db.prepare('DELETE FROM identities WHERE device_id = ?');
  const count = db.prepare(
    "SELECT count(*) AS total, count(*) FILTER (WHERE body ->> 'status' = 'enabled') AS enabled FROM identities",
  );
  // The door asks at every chunk of bytes.
  const known = new Map<string, Identity>();
  return {
    find: (deviceId) => {
      const held = known.get(deviceId);
      if (held) return held;
      const row = find.get(deviceId) as { body: string } | undefined;
      if (!row) return undefined;
      const identity = JSON.parse(row.body) as Identity;
      known.set(deviceId, identity);
      return identity;
    },
    list: (limit, from = '') =>
      after.all(from, limit).map((row) => JSON.parse(row.body as string) as Identity),
    count: () => count.get() as unknown as { total: number; enabled: number },
    put: (identity) => {
      const written = { ...identity, etag: randomBytes(6).toString('base64') };
      put.run(identity.deviceId, JSON.stringify(written));
      known.set(identity.deviceId, written);
      return written;
    },
    delete: (deviceId) => {
      drop.run(deviceId);
      known.delete(deviceId);
    },
    together: (work) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        known.clear();
        throw error;
      }
    },
    close: () => db.close(),
  };
}
