import { DatabaseSync } from 'node:sqlite';
import { deviceMessageLimits, type QueuedMessage } from '#domain/devices/device-message.ts';
import type { DeviceState, SessionFilters } from '#domain/devices/device-state.ts';
import { emptyTwin, isFault, type Twin } from '#domain/devices/twin.ts';
import type { Instant } from '#domain/instant.ts';
import { transaction } from './database.ts';

// A file of its own: a device that reports never waits for processing's commit, nor the other way round.
const schema = `
CREATE TABLE IF NOT EXISTS twins (device_id TEXT PRIMARY KEY, twin TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (device_id TEXT PRIMARY KEY, filters TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL, body BLOB NOT NULL, properties TEXT NOT NULL,
  enqueued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, deliveries INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS messages_by_device ON messages (device_id, sequence);
`;

/** Twins and waiting messages in SQLite; `path` may be ':memory:'. One process at a time writes to it. */
export function openDeviceTwins(
  path: string,
  clock: () => Instant,
): { state: DeviceState; close: () => void } {
  const db = new DatabaseSync(path, { timeout: 1_000 });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  db.exec(schema);
  return { state: deviceState(db, clock), close: () => db.close() };
}

function deviceState(db: DatabaseSync, clock: () => Instant): DeviceState {
  const { queued, deliveries } = deviceMessageLimits;
  const find = db.prepare('SELECT twin FROM twins WHERE device_id = ?');
  const put = db.prepare('INSERT OR REPLACE INTO twins VALUES (?, ?)');
  const dropTwin = db.prepare('DELETE FROM twins WHERE device_id = ?');
  const add = db.prepare(
    'INSERT INTO messages (device_id, body, properties, enqueued_at, expires_at, deliveries) VALUES (?, ?, ?, ?, ?, 0)',
  );
  const dropUseless = db.prepare(
    'DELETE FROM messages WHERE device_id = ? AND (expires_at <= ? OR deliveries >= ?)',
  );
  const waiting = db.prepare('SELECT count(*) AS n FROM messages WHERE device_id = ? AND expires_at > ?');
  const next = db.prepare(
    'SELECT * FROM messages WHERE device_id = ? AND sequence > ? AND expires_at > ? ORDER BY sequence LIMIT ?',
  );
  const delivered = db.prepare('UPDATE messages SET deliveries = deliveries + 1 WHERE sequence = ?');
  const settle = db.prepare('DELETE FROM messages WHERE device_id = ? AND sequence = ?');
  const findSession = db.prepare('SELECT filters FROM sessions WHERE device_id = ?');
  const putSession = db.prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?)');
  const dropSession = db.prepare('DELETE FROM sessions WHERE device_id = ?');
  const purge = db.prepare('DELETE FROM messages WHERE device_id = ?');

  const twinOf = (deviceId: string): Twin => {
    const row = find.get(deviceId) as { twin: string } | undefined;
    return row ? (JSON.parse(row.twin) as Twin) : emptyTwin(deviceId, clock());
  };
  const sessionOf = (deviceId: string): SessionFilters => {
    const row = findSession.get(deviceId) as { filters: string } | undefined;
    return row ? (JSON.parse(row.filters) as SessionFilters) : {};
  };
  const countWaiting = (deviceId: string, now: Instant) => waiting.get(deviceId, now)!.n as number;

  /** Commits with an fsync: the office changes seldom, devices report often. */
  function durably<T>(work: () => T): T {
    db.exec('PRAGMA synchronous = FULL');
    try {
      return work();
    } finally {
      db.exec('PRAGMA synchronous = NORMAL');
    }
  }

  return {
    twin: async (deviceId) => twinOf(deviceId),
    changeTwin: async (deviceId, change, { durable }) => {
      const work = () =>
        transaction(db, () => {
          const after = change(twinOf(deviceId));
          if (!isFault(after)) put.run(deviceId, JSON.stringify(after));
          return after;
        });
      return durable ? durably(work) : work();
    },
    enqueue: async ({ deviceId, body, properties, enqueuedAt, expiresAt }) =>
      durably(() =>
        transaction(db, () => {
          dropUseless.run(deviceId, enqueuedAt, Number.MAX_SAFE_INTEGER);
          if (countWaiting(deviceId, enqueuedAt) >= queued) return 'full';
          add.run(deviceId, body, JSON.stringify(properties), enqueuedAt, expiresAt);
          return 'queued';
        }),
      ),
    takeMessages: async (deviceId, after, limit, now) =>
      transaction(db, () => {
        // What was delivered before `after` is under way: it may still be acknowledged.
        if (after === 0) dropUseless.run(deviceId, now, deliveries);
        const rows = next.all(deviceId, after, now, limit) as unknown as StoredMessage[];
        for (const { sequence } of rows) delivered.run(sequence);
        return rows.map(toMessage);
      }),
    settleMessage: async (deviceId, sequence) => {
      settle.run(deviceId, sequence);
    },
    waitingMessages: async (deviceId, now) => countWaiting(deviceId, now),
    purgeMessages: async (deviceId) => Number(purge.run(deviceId).changes),
    session: async (deviceId) => sessionOf(deviceId),
    changeSession: async (deviceId, change) => {
      const before = sessionOf(deviceId);
      const after = change(before);
      if (after === before) return;
      if (Object.keys(after).length > 0) putSession.run(deviceId, JSON.stringify(after));
      else dropSession.run(deviceId);
    },
    forget: async (deviceId) =>
      durably(() =>
        transaction(db, () => {
          purge.run(deviceId);
          dropTwin.run(deviceId);
          dropSession.run(deviceId);
        }),
      ),
  };
}

interface StoredMessage {
  sequence: number;
  device_id: string;
  body: Uint8Array;
  properties: string;
  enqueued_at: number;
  expires_at: number;
}

function toMessage(row: StoredMessage): QueuedMessage {
  return {
    sequence: row.sequence,
    deviceId: row.device_id,
    body: row.body,
    properties: JSON.parse(row.properties) as Record<string, string>,
    enqueuedAt: row.enqueued_at,
    expiresAt: row.expires_at,
  };
}
