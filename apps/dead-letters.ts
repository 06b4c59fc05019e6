import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#domain/instant.ts';
import { rejectionReasons } from '#domain/outcome.ts';
import type { DeadLetter } from '#domain/store.ts';
import { toDeadLetter } from '#infra/sqlite/store.ts';

/** Why a reading can be a dead letter. */
export const deadLetterReasons: readonly DeadLetter['reason'][] = [...rejectionReasons, 'ahead', 'behind'];

/** Which dead letters; all without either. */
export interface DeadLetterSelection {
  reason?: DeadLetter['reason'] | undefined;
  deviceId?: string | undefined;
}

/** The dead letters of one device for one reason. */
export interface DeadLetterGroup {
  reason: string;
  deviceId: string;
  readings: number;
  messages: number;
  firstReceivedAt: Instant;
  lastReceivedAt: Instant;
  /** What was said of the newest. */
  detail: string;
}

const where = '(?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR device_id = ?2)';

function parameters({ reason, deviceId }: DeadLetterSelection): [string | null, string | null] {
  return [reason ?? null, deviceId ?? null];
}

/** By reason and device, the most first. */
export function deadLetterGroups(db: DatabaseSync, selection: DeadLetterSelection): DeadLetterGroup[] {
  const firsts = db.prepare(
    `SELECT reason, device_id, min(received_at) AS first FROM dead_letters WHERE ${where} GROUP BY reason, device_id`,
  );
  const first = new Map(
    firsts
      .all(...parameters(selection))
      .map((row) => [`${row.reason}/${row.device_id}`, row.first as number] as const),
  );
  // A bare column beside max() is that of the row with the maximum.
  const groups = db.prepare(
    `SELECT reason, device_id, sum(json_array_length(indices)) AS readings, count(*) AS messages,
       max(received_at) AS last, detail
     FROM dead_letters WHERE ${where} GROUP BY reason, device_id ORDER BY readings DESC, reason, device_id`,
  );
  return groups.all(...parameters(selection)).map((row) => ({
    reason: row.reason as string,
    deviceId: row.device_id as string,
    readings: row.readings as number,
    messages: row.messages as number,
    firstReceivedAt: first.get(`${row.reason}/${row.device_id}`)!,
    lastReceivedAt: row.last as number,
    detail: row.detail as string,
  }));
}

/** One by one, by reason and device, in the order of the log. */
export function* listDeadLetters(db: DatabaseSync, selection: DeadLetterSelection): Generator<DeadLetter> {
  const rows = db.prepare(
    `SELECT * FROM dead_letters WHERE ${where} ORDER BY reason, device_id, partition, position`,
  );
  for (const row of rows.iterate(...parameters(selection))) yield toDeadLetter(row as never);
}
