import type { LogRecord } from '#domain/log.ts';
import { outcomes } from '#domain/outcome.ts';
import type { DeadLetter } from '#domain/store.ts';
import type { Judged, Refused } from './admission.ts';

/** One dead letter for each reason met in a record. */
export function deadLettersOf(partition: number, record: LogRecord, judged: readonly Judged[]): DeadLetter[] {
  let letters: Map<number, DeadLetter> | undefined;
  for (const j of judged) {
    if (!('detail' in j)) continue;
    letters ??= new Map();
    const letter = letters.get(j.code);
    if (letter) letter.indices.push(j.index);
    else letters.set(j.code, deadLetter(partition, record, j));
  }
  return letters ? [...letters.values()] : [];
}

export function deadLetter(partition: number, record: LogRecord, refused: Refused): DeadLetter {
  return {
    partition,
    position: record.position,
    reason: outcomes[refused.code]!.reason as DeadLetter['reason'],
    deviceId: record.deviceId,
    receivedAt: record.receivedAt,
    indices: [refused.index],
    detail: refused.detail,
  };
}
