import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { CheckpointStore, PartitionOwnership } from '@azure/event-hubs';
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import type { ContainerClient } from '@azure/storage-blob';
import type { ReaderGroup } from './open-event-hubs-log.ts';

/** Who owns what, as the SDK's event processor writes it down. Positions live in Headway's own fenced blobs. */
export type OwnershipStore = Pick<CheckpointStore, 'claimOwnership' | 'listOwnership'>;

export const blobOwnership = (container: ContainerClient): OwnershipStore =>
  new BlobCheckpointStore(container);

export interface BalanceOptions {
  store: OwnershipStore;
  /** Who shares: the processes of one consumer group of one hub. */
  group: ReaderGroup;
  /** Of this process; another one each time it starts. */
  ownerId: string;
  partitions: number;
  /** How often ownership is renewed and looked over. */
  intervalMs: number;
  /** An owner that has not renewed for so long is taken for dead. Several intervals. */
  expiryMs: number;
  /** The partition is ours: run it. */
  onClaim(partition: number): void;
  /** Stop running the partition. Until this resolves it is not claimed again, and when draining not given to others. */
  onLost(partition: number): Promise<void>;
  /** What goes wrong while balancing goes on trying. */
  onTrouble(message: string): void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
}

/** What is known of a partition's owner. Age is counted from when we saw it renewed: no clocks of two hosts are compared. */
interface Seen {
  ownership: PartitionOwnership;
  changedMs: number;
}

/**
 * Shares the partitions of a hub among the processes that run this, so that none has two more than another; ends,
 * everything given up, when `signal` aborts. Ownership here is advice: two processes may run a partition for a
 * moment, and the generation in its blob says which of them counts.
 */
export async function balancePartitions(options: BalanceOptions, signal: AbortSignal): Promise<void> {
  const { store, group, ownerId, intervalMs, expiryMs, onClaim, onLost, onTrouble } = options;
  const { nowMs = () => performance.now() } = options;
  const seen = new Map<number, Seen>();
  const mine = new Map<number, PartitionOwnership>();
  const stopping = new Set<number>();
  /** Each owner begins with another partition: those that start together meet less. */
  const first = crc32(ownerId) % options.partitions;
  const inOrder = Array.from({ length: options.partitions }, (_, i) => (first + i) % options.partitions);

  while (!signal.aborted) {
    let waitMs = intervalMs;
    try {
      await renew();
      await look();
      await takeShare();
      waitMs = untilNextExpiry();
    } catch (error) {
      onTrouble(`balancing partitions of ${group.eventHubName}: ${(error as Error).message}`);
    }
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
  await drain();

  async function renew(): Promise<void> {
    for (const [partition, ownership] of [...mine]) if (!(await claim(partition, ownership))) lose(partition);
  }

  async function look(): Promise<void> {
    const listed = await store.listOwnership(
      group.fullyQualifiedNamespace,
      group.eventHubName,
      group.consumerGroup,
    );
    const newestMs = Math.max(...listed.map((ownership) => ownership.lastModifiedTimeInMs ?? 0));
    for (const ownership of listed) {
      const partition = Number(ownership.partitionId);
      const known = seen.get(partition)?.ownership;
      if (known?.etag !== ownership.etag) {
        // One that we meet may be long dead: the service wrote it so much earlier than the newest, to the second.
        const olderMs = known ? 0 : newestMs - (ownership.lastModifiedTimeInMs ?? newestMs) - 1_000;
        seen.set(partition, { ownership, changedMs: nowMs() - Math.max(0, olderMs) });
      }
      if (mine.has(partition) && ownership.ownerId !== ownerId) lose(partition);
    }
  }

  /** First what nobody runs, then from whoever has most. */
  async function takeShare(): Promise<void> {
    const owned = new Map<string, number[]>([[ownerId, []]]);
    const free: number[] = [];
    for (const partition of inOrder) {
      const owner = mine.has(partition) ? ownerId : livingOwner(partition);
      if (owner === undefined) free.push(partition);
      else owned.set(owner, [...(owned.get(owner) ?? []), partition]);
    }
    const most = Math.ceil(options.partitions / owned.size);
    for (const partition of free) {
      if (signal.aborted || mine.size >= most) return;
      if (!stopping.has(partition)) await take(partition);
    }
    while (!signal.aborted && mine.size < most) {
      const richest = [...owned.values()].reduce((a, b) => (b.length > a.length ? b : a));
      if (richest.length < mine.size + 2) return;
      const partition = richest.pop()!;
      if (!stopping.has(partition)) await take(partition);
    }
  }

  function livingOwner(partition: number): string | undefined {
    const known = seen.get(partition);
    if (known === undefined || known.ownership.ownerId === '' || known.ownership.ownerId === ownerId)
      return undefined;
    return nowMs() - known.changedMs < expiryMs ? known.ownership.ownerId : undefined;
  }

  async function take(partition: number): Promise<void> {
    const known = seen.get(partition)?.ownership;
    const wanted = { ...group, partitionId: String(partition), ownerId, ...(known && { etag: known.etag }) };
    if (await claim(partition, wanted as PartitionOwnership)) onClaim(partition);
  }

  /** False where somebody else was quicker. */
  async function claim(partition: number, ownership: PartitionOwnership): Promise<boolean> {
    const [claimed] = await store.claimOwnership([{ ...ownership, ownerId }]);
    if (claimed === undefined) return false;
    mine.set(partition, claimed);
    seen.set(partition, { ownership: claimed, changedMs: nowMs() });
    return true;
  }

  function lose(partition: number): void {
    mine.delete(partition);
    stopping.add(partition);
    onLost(partition)
      .catch((error: Error) => onTrouble(`stopping partition ${partition}: ${error.message}`))
      .finally(() => stopping.delete(partition));
  }

  function untilNextExpiry(): number {
    const now = nowMs();
    const expiries = [...seen.values()]
      .filter(({ ownership }) => ownership.ownerId !== ownerId && ownership.ownerId !== '')
      .map(({ changedMs }) => changedMs + expiryMs - now)
      .filter((ms) => ms > 0);
    return Math.min(intervalMs, ...expiries);
  }

  async function drain(): Promise<void> {
    await Promise.all(
      [...mine].map(async ([partition, ownership]) => {
        try {
          await onLost(partition);
          await store.claimOwnership([{ ...ownership, ownerId: '' }]);
        } catch (error) {
          onTrouble(`giving up partition ${partition}: ${(error as Error).message}`);
        }
      }),
    );
  }
}
