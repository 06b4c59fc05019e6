import type { DatabaseSync } from 'node:sqlite';
import { hourOf, type Instant } from '#domain/instant.ts';
import { transaction } from './database.ts';

/** Counts refusals in memory and adds them to the store now and then: they are outside the ledger. */
export function sqliteDoorCounts(db: DatabaseSync, clock: () => Instant) {
  const add = db.prepare(
    'INSERT INTO door VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET refused = refused + excluded.refused',
  );
  const waiting = new Map<string, number>();
  return {
    refused: (reason: string, deviceId: string): void => {
      const key = JSON.stringify([reason, deviceId, hourOf(clock())]);
      waiting.set(key, (waiting.get(key) ?? 0) + 1);
    },
    /** False where the store can not take them now: they are kept for the next time. */
    flush: (): boolean => {
      if (waiting.size === 0) return true;
      try {
        transaction(db, () => {
          for (const [key, n] of waiting) {
            const [reason, deviceId, hour] = JSON.parse(key) as [string, string, number];
            add.run(reason, deviceId, hour, n);
          }
        });
      } catch {
        return false;
      }
      waiting.clear();
      return true;
    },
  };
}
