import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#domain/instant.ts';

/**
 * The greatest moment observed of each device, by its stored stream (of all the vehicles it reports on). A device
 * whose readings were all refused has null.
 */
export function lastObserved(db: DatabaseSync): Map<string, Instant | null> {
  const rows = db.prepare(
    `SELECT streams.value ->> 0 AS device_id,
       (SELECT max(subject.value ->> 1) FROM json_each(streams.value, '$[3]') AS subject) AS at
     FROM streams`,
  );
  const found = new Map<string, Instant | null>();
  for (const row of rows.iterate()) found.set(row.device_id as string, row.at as number | null);
  return found;
}
