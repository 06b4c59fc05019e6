import type { LogRecord } from '#domain/log.ts';
import { outcomes } from '#domain/outcome.ts';
import type { DeadLetter } from '#domain/store.ts';
import type { Refused } from './admission.ts';
import type { JudgedRecord } from './processor.ts';

/** Adds one dead letter for each reason met in a record. */
export function addDeadLetters(
  letters: DeadLetter[],
  partition: number,
  { record, judged }: JudgedRecord,
): void {
  let byCode: Map<number, DeadLetter> | undefined;
  for (const j of judged) {
    if (!('detail' in j)) continue;
    byCode ??= new Map();
    let letter = byCode.get(j.code);
    if (letter) letter.indices.push(j.index);
    else {
      letter = deadLetter(partition, record, j);
      byCode.set(j.code, letter);
      letters.push(letter);
    }
  }
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
