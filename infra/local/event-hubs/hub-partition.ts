import type { LogBatch, LogEntry } from '../../../domain/log.ts';
import { openSegmentLog } from '../../log/open-segment-log.ts';
import { notFound, type Refusal, refusal } from './amqp-error.ts';
import type { ConsumerLink } from './consumer-link.ts';
import { offsetOf } from './stored-event.ts';

/** What a new consumer starts after. Strings are as the consumer wrote them. */
export type Start =
  | { after: 'position'; position: number }
  | { after: 'latest' }
  | { after: 'enqueued'; time: number };

export interface PartitionFacts {
  firstSequenceNumber: number;
  /** -1 where there was none. */
  lastSequenceNumber: number;
  lastOffset: string;
  lastEnqueuedAt: number;
}

/** One partition of a hub: a segment log of its own, whose positions are the sequence numbers. */
export interface HubPartition {
  readonly id: string;
  /** Enqueued times never go back within a partition. */
  enqueuedAt(): number;
  /** Resolves once durable. */
  append(entries: readonly LogEntry[]): Promise<void>;
  facts(): Promise<PartitionFacts>;
  /** Position after which to read; a refusal for one that does not exist yet. */
  resolve(start: Start): Promise<number | Refusal>;
  read(after: number, signal: AbortSignal): AsyncIterable<LogBatch>;
  /** By consumer group: who reads now. */
  readonly consumers: Map<string, Set<ConsumerLink>>;
  close(): Promise<void>;
}

/** An event of 1 MiB and its annotations fit. */
const BUFFER_BYTES = 2 * 1024 * 1024;

export async function openHubPartition(
  directory: string,
  id: string,
  consumerGroups: readonly string[],
  now: () => number,
): Promise<HubPartition> {
  const log = await openSegmentLog({ directory, partitions: 1, bufferBytes: BUFFER_BYTES });
  const last = async (): Promise<number> => (await log.ends())[0]!;
  let lastEnqueuedAt = await enqueuedTimeOfLast();

  async function enqueuedTimeOfLast(): Promise<number> {
    const end = await last();
    if (end < 0) return 0;
    const enough = new AbortController();
    for await (const batch of log.read(0, end - 1, enough.signal)) {
      enough.abort();
      return batch.records.at(-1)?.receivedAt ?? 0;
    }
    return 0;
  }

  /** The position before the first event enqueued after a time. */
  async function beforeTime(time: number): Promise<number> {
    const end = await last();
    if (end < 0 || lastEnqueuedAt <= time) return end;
    const enough = new AbortController();
    for await (const batch of log.read(0, -1, enough.signal)) {
      const found = batch.records.find((record) => record.receivedAt > time);
      if (found !== undefined) {
        enough.abort();
        return found.position - 1;
      }
    }
    return end;
  }

  return {
    id,
    enqueuedAt() {
      lastEnqueuedAt = Math.max(lastEnqueuedAt, now());
      return lastEnqueuedAt;
    },
    append: (entries) => log.append(entries),
    async facts() {
      const end = await last();
      return {
        firstSequenceNumber: (await log.starts())[0]!,
        lastSequenceNumber: end,
        lastOffset: end < 0 ? '-1' : offsetOf(end),
        lastEnqueuedAt,
      };
    },
    async resolve(start) {
      if (start.after === 'latest') return last();
      if (start.after === 'enqueued') return beforeTime(start.time);
      const end = await last();
      if (start.position <= end) return start.position;
      return refusal(
        'com.microsoft:argument-error',
        `The supplied sequence number '${start.position}' is invalid. The last sequence number in the system is '${end}'.`,
      );
    },
    read: (after, signal) => log.read(0, after, signal),
    consumers: new Map(consumerGroups.map((name) => [name.toLowerCase(), new Set()])),
    close: () => log.close(),
  };
}

export const noSuchGroup = (hub: string, consumerGroup: string): Refusal =>
  notFound(`${hub}/ConsumerGroups/${consumerGroup}`);
