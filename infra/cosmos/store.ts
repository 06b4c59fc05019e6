import type { Database } from '@azure/cosmos';
import type { Instant } from '#domain/instant.ts';
import { rejectionReasons } from '#domain/outcome.ts';
import { OwnershipLost, type Store } from '#domain/store.ts';
import type { OwnedPartition, PartitionBlobs, ReadPartition } from '#infra/blob/partition-blobs.ts';
import type { PartitionHead } from '#infra/blob/partition-head.ts';
import { chunkStart } from './chunk-start.ts';
import { hotPeriodS, letterPeriodS } from './hot-period.ts';
import {
  type DeadLetterValue,
  deadLetterName,
  journalChanges,
  journalDocuments,
  type OutcomesValue,
  outcomesName,
  toChunk,
  toDeadLetter,
} from './journal-documents.ts';
import { hourName, ledgerChanges, ledgerDocuments, toLedgerRows } from './ledger-documents.ts';
import { readPins } from './pin.ts';
import { recentRows, settleHours } from './recent-hours.ts';
import { slotName, toWindowRows, windowChanges, windowDocuments } from './window-documents.ts';

export interface CosmosStoreOptions {
  /** With the containers that `createContainers` makes. */
  database: Database;
  blobs: PartitionBlobs;
  clock: () => Instant;
}

/**
 * Outputs in Cosmos DB, then the checkpoint in the partition's blob: what never reached the checkpoint never counts.
 * A partition is taken over when its checkpoint or state is first asked for; lost, it is lost to this store for good,
 * so each assignment of a partition wants a store of its own.
 */
export function cosmosStore({ database, blobs, clock }: CosmosStoreOptions): Store {
  const containers = {
    windows: database.container('windows'),
    ledger: database.container('ledger'),
    journal: database.container('journal'),
  };
  const partitions = new Map<number, ReturnType<typeof partitionOf>>();
  const partitionOf = (partition: number) => {
    let owned: Promise<OwnedPartition> | undefined;
    let lostTo: OwnershipLost | undefined;
    return {
      windows: windowDocuments(containers.windows),
      ledger: ledgerDocuments(containers.ledger),
      journal: journalDocuments(containers.journal),
      own: async (): Promise<OwnedPartition> => {
        if (lostTo) throw lostTo;
        owned ??= blobs.takeOver(partition);
        try {
          return await owned;
        } catch (error) {
          owned = undefined;
          throw error;
        }
      },
      /** As its owner sees it, or as anybody does. */
      head: async (): Promise<PartitionHead> => {
        if (lostTo) throw lostTo;
        if (owned) return (await owned).head;
        return (await blobs.head(partition)) ?? neverOwned(partition);
      },
      /** The same, with the counts that are not in documents yet. */
      view: async (): Promise<Pick<ReadPartition, 'head' | 'hours'>> => {
        if (lostTo) throw lostTo;
        if (owned) return owned;
        return (await blobs.read(partition)) ?? { head: neverOwned(partition), hours: new Map() };
      },
      lose: (error: OwnershipLost): void => {
        lostTo = error;
      },
    };
  };
  let letterTtlRead: Promise<number | undefined> | undefined;
  /** As the windows' container was made. */
  const letterTtlS = async (): Promise<number | undefined> => {
    letterTtlRead ??= hotPeriodS(database).then((hotS) => hotS && letterPeriodS(hotS));
    try {
      return await letterTtlRead;
    } catch (error) {
      letterTtlRead = undefined;
      throw error;
    }
  };
  const at = (partition: number) => {
    let found = partitions.get(partition);
    if (!found) {
      found = partitionOf(partition);
      partitions.set(partition, found);
    }
    return found;
  };

  return {
    checkpoint: async (partition) => ({ partition, position: (await at(partition).own()).head.position }),
    loadState: async (partition) =>
      [...(await at(partition).own()).state].map(([key, value]) => ({ key, value })),
    loadWindows: async (partition, keys) => {
      if (keys.length === 0) return [];
      const { windows, head } = at(partition);
      const values = await windows.read(keys.map(slotName), await head());
      return keys.flatMap((key, i) => toWindowRows(key, values[i] ?? []));
    },
    loadLedger: async (partition, keys) => {
      if (keys.length === 0) return [];
      const { ledger, view } = at(partition);
      const { head, hours } = await view();
      const recent = keys.map((key) => recentRows(hours, partition, key.deviceId, key.hourReceived));
      const others = keys.filter((_, i) => recent[i] === undefined);
      const names = others.map((key) => hourName(partition, key.deviceId, key.hourReceived));
      const values = await ledger.read(names, head);
      const rows = others.flatMap((key, i) =>
        toLedgerRows(partition, key.deviceId, key.hourReceived, values[i] ?? []),
      );
      return [...recent.flatMap((found) => found ?? []), ...rows];
    },
    loadOutcomes: async (partition, position) => {
      const { journal, head } = at(partition);
      const now = await head();
      const from = await chunkStart(containers.journal, partition, position);
      if (from === undefined) return undefined;
      const [value] = await journal.read([outcomesName(partition, from)], now);
      const chunk = value && toChunk(partition, from, value as OutcomesValue);
      return chunk && chunk.to >= position ? chunk : undefined;
    },
    loadDeadLetters: async (partition, position) => {
      const { journal, head } = at(partition);
      const now = await head();
      const names = letterReasons.map((reason) => deadLetterName(partition, position, reason));
      const values = await journal.read(names, now);
      return letterReasons.flatMap((reason, i) =>
        values[i] ? [toDeadLetter(partition, position, reason, values[i] as DeadLetterValue)] : [],
      );
    },
    commit: async (commit) => {
      const { partition, position } = commit.checkpoint;
      const { windows, ledger, journal, own, lose } = at(partition);
      const owned = await own();
      try {
        const pinned = await readPins(containers.journal, partition, clock());
        const writer = { head: owned.head, pinned };
        const letterTtl = commit.deadLetters.length > 0 ? await letterTtlS() : undefined;
        const { hours, settled } = settleHours(owned.hours, commit.ledger);
        await allWritten([
          windows.write(windowChanges(commit.windows), writer),
          ledger.write(ledgerChanges(settled), writer),
          journal.write(journalChanges(commit, letterTtl), writer),
        ]);
        await owned.checkpoint(position, { state: commit.state, hours });
      } catch (error) {
        if (error instanceof OwnershipLost) lose(error);
        throw error;
      }
      for (const written of [windows, ledger, journal]) written.forget();
    },
  };
}

const letterReasons = [...rejectionReasons, 'ahead', 'behind'] as const;

/** Every write has ended, well or badly, when this does: a second try must not meet the first. */
async function allWritten(writes: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(writes)).filter((w) => w.status === 'rejected');
  // Whatever else went wrong, an owner who is not is told so.
  const lostPartition = failed.find(({ reason }) => reason instanceof OwnershipLost);
  if (failed.length > 0) throw (lostPartition ?? failed[0]!).reason;
}

function neverOwned(partition: number): PartitionHead {
  return { partition, position: -1, commit: 0, generation: 0, takeovers: [] };
}
