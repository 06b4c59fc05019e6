import { hourOf } from '#domain/instant.ts';
import type { EventLog, LogRecord } from '#domain/log.ts';
import { type OutcomeCode, outcomes as outcomeList } from '#domain/outcome.ts';
import type { DeadLetter, OutcomeChunk, Readmission, Store } from '#domain/store.ts';
import type { Judged } from './admission.ts';
import { deadLetter } from './dead-letters.ts';
import { addToLedger } from './ledger-counts.ts';
import { outcomesAt } from './outcome-bytes.ts';
import type { PartitionState } from './partition-state.ts';
import type { JudgedRecord, Processor } from './processor.ts';

/** Payload of a 'readmit' record: positions in its own partition whose dead letters are to be judged again. */
export interface ReadmitOrder {
  positions: number[];
}

export interface ReadmitContext {
  order: LogRecord;
  partition: number;
  registryVersion: number;
  log: Pick<EventLog, 'read'>;
  store: Store;
  processor: Processor;
  state: PartitionState;
  judge(record: LogRecord): JudgedRecord;
  supply(records: readonly JudgedRecord[]): Promise<void>;
}

/**
 * Judges the dead letters of an order again, under today's registry and rules. What passes is counted as of the order:
 * its outcome moves, and `received` stays what it was. What fails again stays a dead letter, with its newest reason.
 */
export async function readmit(context: ReadmitContext): Promise<{
  outcomes: OutcomeChunk[];
  deadLetters: DeadLetter[];
  readmissions: Readmission[];
}> {
  const { order, partition, registryVersion, store, processor, state } = context;
  const chunks = new Map<number, OutcomeChunk>();
  const deadLetters: DeadLetter[] = [];
  const readmissions: Readmission[] = [];

  for await (const record of recordsAt(
    context.log,
    partition,
    positionsOf(order).filter((p) => p < order.position),
  )) {
    const { position } = record;
    const letters = await store.loadDeadLetters(partition, position);
    const stored = await store.loadOutcomes(partition, position);
    if (letters.length === 0 || !stored) continue;
    const chunk = chunks.get(stored.to) ?? { ...stored, bytes: stored.bytes.slice() };
    chunks.set(stored.to, chunk);
    const { start } = outcomesAt(chunk, position);

    const indices = new Set(letters.flatMap((l) => l.indices));
    const { device, judged } = context.judge(record);
    const judgedAgain = judged.filter((j) => indices.has(j.index));
    const changed = judgedAgain.filter((j) => j.code !== chunk.bytes[start + j.index]);
    await context.supply([{ record, device, judged: changed }]);
    const codes = processor.onRecord(state, { record, device, judged: changed }, order.position, true);
    for (const [i, j] of changed.entries()) {
      const before = chunk.bytes[start + j.index]!;
      const observedAt = trustsClock(before) ? j.observedAt : null;
      addToLedger(device.ledger, hourOf(record.receivedAt), observedAt, before, -1, 0);
      chunk.bytes[start + j.index] = codes[i]!;
      readmissions.push({ partition, position, index: j.index, via: order.position, registryVersion });
    }
    deadLetters.push(...remaining(partition, record, letters, judgedAgain));
  }
  return { outcomes: [...chunks.values()], deadLetters, readmissions };
}

/** None where it is no order that Headway wrote: whoever may send to a hub may call anything one. */
function positionsOf({ payload }: LogRecord): number[] {
  try {
    const { positions } = JSON.parse(Buffer.from(payload).toString()) as ReadmitOrder;
    return positions.filter((p) => Number.isSafeInteger(p) && p >= 0);
  } catch {
    return [];
  }
}

const untimed = new Set<string>(['not-json', 'unusable', 'unknown-kind', 'schema']);

/** Reasons found after the clock was judged keep the hour observed in the ledger. */
function trustsClock(code: OutcomeCode): boolean {
  const { outcome, reason } = outcomeList[code]!;
  return outcome === 'rejected' ? !untimed.has(reason) : outcome !== 'quarantined';
}

/** The record's dead letters as they now are: a reason that is settled comes with no indices, which removes it. */
function remaining(
  partition: number,
  record: LogRecord,
  before: readonly DeadLetter[],
  judged: readonly Judged[],
): DeadLetter[] {
  const letters = new Map<string, DeadLetter>(before.map((l) => [l.reason, { ...l, indices: [] }]));
  for (const j of judged) {
    if (!('detail' in j)) continue;
    const { reason } = outcomeList[j.code]!;
    const letter = letters.get(reason);
    if (letter) letter.indices.push(j.index);
    else letters.set(reason, deadLetter(partition, record, j));
  }
  return [...letters.values()];
}

/** Further than this it is quicker to enter the log anew than to read what lies between. */
const NEAR_POSITIONS = 200_000;

/** The records at these positions that the log still has, ascending, in as few passes as that takes. */
async function* recordsAt(
  log: Pick<EventLog, 'read'>,
  partition: number,
  positions: readonly number[],
): AsyncGenerator<LogRecord, void, void> {
  const wanted = [...new Set(positions)].sort((a, b) => a - b);
  for (let next = 0; next < wanted.length; ) {
    const stop = new AbortController();
    try {
      for await (const { records, corrupt } of log.read(partition, wanted[next]! - 1, stop.signal)) {
        for (const record of records) {
          while (next < wanted.length && wanted[next]! < record.position) next++;
          if (wanted[next] === record.position) yield record;
        }
        const last = Math.max(records.at(-1)?.position ?? -1, corrupt.at(-1)?.to ?? -1);
        while (next < wanted.length && wanted[next]! <= last) next++;
        if (next === wanted.length || wanted[next]! - last > NEAR_POSITIONS) break;
      }
    } finally {
      stop.abort();
    }
  }
}
