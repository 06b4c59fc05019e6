import { ContainerClient } from '@azure/storage-blob';
import {
  balancePartitions,
  blobOwnership,
  type OwnershipStore,
} from '#infra/event-hubs/partition-balancer.ts';

export const INTERVAL_MS = 150;
export const EXPIRY_MS = 900;
const STOPS_WITHIN_MS = 200;

/** Ownership of a hub in a container of its own. */
export async function ownershipStore(connectionString: string, container: string): Promise<OwnershipStore> {
  const client = new ContainerClient(connectionString, container);
  await client.createIfNotExists();
  return blobOwnership(client);
}

export interface Owner {
  id: string;
  running: Set<number>;
  troubles: string[];
  drain(): Promise<void>;
  /** From now on its calls to the store never come back, as after SIGKILL or SIGSTOP. */
  stop(): void;
  resume(): void;
}

export function startOwner(store: OwnershipStore, id: string, partitions: number): Owner {
  const running = new Set<number>();
  const stopping = new Set<number>();
  const troubles: string[] = [];
  const draining = new AbortController();
  let held: PromiseWithResolvers<void> | undefined;
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    await held?.promise;
    return call();
  };
  const over = balancePartitions(
    {
      store: {
        listOwnership: (...of) => through(() => store.listOwnership(...of)),
        claimOwnership: (claims) => through(() => store.claimOwnership(claims)),
      },
      group: { fullyQualifiedNamespace: 'local', eventHubName: 'telemetry', consumerGroup: '$default' },
      ownerId: id,
      partitions,
      intervalMs: INTERVAL_MS,
      expiryMs: EXPIRY_MS,
      onClaim(partition) {
        if (stopping.has(partition))
          troubles.push(`partition ${partition} was claimed while it was stopping`);
        running.add(partition);
      },
      async onLost(partition) {
        running.delete(partition);
        stopping.add(partition);
        await new Promise((resolve) => setTimeout(resolve, STOPS_WITHIN_MS));
        stopping.delete(partition);
      },
      onTrouble: (message) => void troubles.push(message),
    },
    draining.signal,
  );
  return {
    id,
    running,
    troubles,
    async drain() {
      draining.abort();
      await over;
    },
    stop() {
      held = Promise.withResolvers();
    },
    resume() {
      held?.resolve();
      held = undefined;
    },
  };
}

/** Each partition run by exactly one of the owners, and none of them with two more than another. */
export function isBalanced(owners: readonly Owner[], partitions: number): boolean {
  const counts = owners.map(({ running }) => running.size);
  const all = new Set(owners.flatMap(({ running }) => [...running]));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return all.size === partitions && total === partitions && Math.max(...counts) - Math.min(...counts) <= 1;
}

/** Milliseconds until it is so; fails after ten seconds. */
export async function until(isSo: () => boolean): Promise<number> {
  const from = performance.now();
  while (!isSo()) {
    if (performance.now() - from > 10_000) throw new Error('it did not come to pass within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - from;
}
