import type { EventHubProducerClient } from '@azure/event-hubs';
import { type EventLog, type LogBatch, type LogEntry, LogUnavailable, partitionOf } from '#domain/log.ts';
import type { Service } from '#infra/azure/authentication.ts';
import { eventHubsClients, reasonOf } from './clients.ts';
import { eventOf } from './event-record.ts';
import { partitionSender } from './partition-sender.ts';
import { readEvents } from './read-events.ts';

export interface EventHubsLogOptions {
  /** The namespace; its endpoint is `NAME.servicebus.windows.net`. */
  namespace: Service;
  hub: string;
  consumerGroup: string;
  /** What goes wrong while reading goes on trying. */
  onTrouble?: (message: string) => void;
}

/** Names the processes that share a hub's partitions. */
export interface ReaderGroup {
  fullyQualifiedNamespace: string;
  eventHubName: string;
  consumerGroup: string;
}

export interface EventHubsLog extends EventLog {
  readonly group: ReaderGroup;
  /**
   * As `EventLog.read`; with an owner level, readers of the group with a lower or the same one are thrown off.
   * @throws OwnershipLost when this one is.
   */
  read(
    partition: number,
    after: number,
    signal: AbortSignal,
    owner?: { level: number },
  ): AsyncIterable<LogBatch>;
}

/**
 * A hub as event log; a position is a sequence number. `ends` and `starts` are what the service says of its
 * partitions, which on Azure may be some seconds old.
 * @throws Error with a hint when the hub can not be reached, or not so.
 */
export async function openEventHubsLog(options: EventHubsLogOptions): Promise<EventHubsLog> {
  const { namespace, hub, consumerGroup, onTrouble = () => {} } = options;
  const clients = eventHubsClients(namespace, hub);
  const producer = clients.producer();
  const partitionIds = await partitionIdsOf(producer);
  const senders = partitionIds.map((partitionId) =>
    partitionSender({
      name: `partition ${partitionId} of hub ${hub} at ${producer.fullyQualifiedNamespace}`,
      newBatch: () => producer.createBatch({ partitionId }),
      send: (batch) => producer.sendBatch(batch),
    }),
  );
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  const eachPartition = async <T>(ask: (id: string) => Promise<T>): Promise<T[]> =>
    Promise.all(partitionIds.map(ask));

  return {
    partitions: partitionIds.length,
    group: {
      fullyQualifiedNamespace: producer.fullyQualifiedNamespace,
      eventHubName: hub,
      consumerGroup,
    },
    async append(entries, partition) {
      if (closed) throw new LogUnavailable('could not append: the log is closed');
      const grouped = byPartition(entries, partitionIds.length, partition);
      const sent = Promise.all(grouped.map((group, i) => group && senders[i]!.add(group.map(eventOf))));
      underWay.add(sent);
      try {
        await sent;
      } finally {
        underWay.delete(sent);
      }
    },
    read: (partition, after, signal, owner) =>
      readEvents({
        client: clients.consumer(consumerGroup),
        partition,
        partitionId: partitionIds[partition]!,
        after,
        signal,
        ownerLevel: owner?.level,
        onTrouble,
      }),
    ends: () =>
      eachPartition(async (id) => (await producer.getPartitionProperties(id)).lastEnqueuedSequenceNumber),
    starts: () =>
      eachPartition(async (id) => (await producer.getPartitionProperties(id)).beginningSequenceNumber),
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
      await producer.close();
    },
  };
}

/** A hub's partitions are named 0 to n - 1. */
async function partitionIdsOf(producer: EventHubProducerClient): Promise<string[]> {
  try {
    const { partitionIds } = await producer.getEventHubProperties();
    return [...partitionIds].sort((a, b) => Number(a) - Number(b));
  } catch (error) {
    await producer.close().catch(() => {});
    throw new Error(
      `can not open hub ${producer.eventHubName} at ${producer.fullyQualifiedNamespace}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function byPartition(
  entries: readonly LogEntry[],
  partitions: number,
  into: number | undefined,
): (LogEntry[] | undefined)[] {
  const grouped: (LogEntry[] | undefined)[] = new Array(partitions).fill(undefined);
  for (const entry of entries) {
    const partition = into ?? partitionOf(entry.deviceId, partitions);
    const group = grouped[partition];
    if (group === undefined) grouped[partition] = [entry];
    else group.push(entry);
  }
  return grouped;
}
