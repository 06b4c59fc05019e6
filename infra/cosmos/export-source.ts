import { randomUUID } from 'node:crypto';
import type { Database } from '@azure/cosmos';
import type { Instant } from '#domain/instant.ts';
import type { DoorRow } from '#domain/ledger.ts';
import type { ExportSource, Readmission, Series } from '#domain/store.ts';
import type { PartitionBlobs, ReadPartition } from '#infra/blob/partition-blobs.ts';
import type { PartitionHead } from '#infra/blob/partition-head.ts';
import { chunkStart } from './chunk-start.ts';
import { opened, type StoredDocument, versionAt } from './document.ts';
import type { DoorDocument } from './door-counts.ts';
import {
  daysSeries,
  type OutcomesValue,
  type ReadmissionValue,
  seriesBetween,
  toChunk,
  toReadmission,
} from './journal-documents.ts';
import { type HourValue, toLedgerRows } from './ledger-documents.ts';
import { pin, unpin } from './pin.ts';
import { queryItems } from './query-pages.ts';
import { allRecentRows } from './recent-hours.ts';
import type { SlotValue } from './window-documents.ts';

export interface CosmosExportOptions {
  database: Database;
  blobs: PartitionBlobs;
  /** Of the log. */
  partitions: number;
  clock: () => Instant;
}

/** An export that takes longer reads rows that are no longer kept. */
const KEPT_FOR_MS = 2 * 3_600_000;

/**
 * Everything as of one checkpoint of each partition, while processing goes on: owners keep what counted then until
 * `close`. Any number of readers at a time. @throws StoreUnavailable
 */
export async function openCosmosExport(
  options: CosmosExportOptions,
): Promise<ExportSource & { close(): Promise<void> }> {
  const { database } = options;
  const windows = database.container('windows');
  const ledger = database.container('ledger');
  const journal = database.container('journal');
  const reader = randomUUID();
  const pinned = await pinnedPartitions(options, reader);
  const heads = new Map([...pinned].map(([partition, { head }]) => [partition, head]));
  const headOf = (partition: number): PartitionHead | undefined => heads.get(partition);

  /** What counted of a document at the checkpoint; undefined where it was not there yet, or no more. */
  const counted = <T>(
    container: string,
    document: StoredDocument,
  ): { commit: number; value: T } | undefined => {
    const head = headOf(document.partition);
    const version = head && versionAt(opened<T>(container, document), head);
    if (!version) return undefined;
    const [, commit, value] = version;
    return value === null ? undefined : { commit, value };
  };

  const series = new Map<string, Series>();
  const seriesOfWindow = (d: WindowFields, siteId: string): Series => {
    const { kind, deviceId, subject, direction, lane, windowS } = d;
    const name = `${deviceId}\n${siteId}\n${subject}\n${kind}\n${direction}\n${lane}\n${windowS}`;
    let found = series.get(name);
    if (!found) {
      found = { kind, deviceId, subject, siteId, direction, lane, windowS };
      series.set(name, found);
    }
    return found;
  };

  return {
    checkpoints: async () => [...heads.values()].map(({ partition, position }) => ({ partition, position })),
    async *outcomes(partition, after) {
      const head = headOf(partition);
      if (!head) return;
      const first = (await chunkStart(journal, partition, after + 1)) ?? 0;
      const query = {
        query: 'SELECT * FROM c WHERE c.position >= @first ORDER BY c.position',
        parameters: [{ name: '@first', value: first }],
      };
      for (const name of seriesBetween('outcomes', partition, first, head.position)) {
        for await (const d of queryItems<StoredDocument & { position: number }>(journal, query, name)) {
          const found = counted<OutcomesValue>('journal', d);
          if (found && found.value[0] > after) yield toChunk(partition, d.position, found.value);
        }
      }
    },
    readmissions: async () => {
      const all: Readmission[] = [];
      const query = { query: "SELECT * FROM c WHERE c.type = 'readmission'" };
      for await (const d of queryItems<StoredDocument>(journal, query)) {
        const found = counted<ReadmissionValue>('journal', d);
        if (found) all.push(toReadmission(d.id, d.partition, found.value));
      }
      return all.sort((a, b) => a.partition - b.partition || a.position - b.position || a.index - b.index);
    },
    changedDays: async (since) => {
      const before: Record<string, number> = since === '' ? {} : JSON.parse(since);
      const days = new Set<Instant>();
      for (const head of heads.values()) {
        const name = daysSeries(head.partition);
        for await (const d of queryItems<StoredDocument>(journal, { query: 'SELECT * FROM c' }, name)) {
          const found = counted('journal', d);
          if (found && found.commit > (before[head.partition] ?? 0)) days.add(Number(d.id));
        }
      }
      const upTo = Object.fromEntries(
        [...heads.values()].map(({ partition, commit }) => [partition, commit]),
      );
      return { days: [...days].sort((a, b) => a - b), upTo: JSON.stringify(upTo) };
    },
    async *windowTexts(from, to) {
      const query = {
        query: 'SELECT * FROM c WHERE c.startAt >= @from AND c.startAt < @to',
        parameters: [
          { name: '@from', value: from },
          { name: '@to', value: to },
        ],
      };
      for await (const d of queryItems<StoredDocument & WindowFields>(windows, query)) {
        for (const site of counted<SlotValue>('windows', d)?.value ?? []) {
          const [siteId, revision, reason, figures] = site;
          yield { series: seriesOfWindow(d, siteId), startAt: d.startAt, revision, reason, figures };
        }
      }
    },
    async *ledger() {
      for (const [partition, { hours }] of pinned) {
        for (const row of allRecentRows(hours, partition)) if (row.readings > 0) yield row;
      }
      for await (const d of queryItems<StoredDocument & HourFields>(ledger, { query: 'SELECT * FROM c' })) {
        const { partition, deviceId, hourReceived } = d;
        const value = counted<HourValue>('ledger', d)?.value ?? [];
        for (const row of toLedgerRows(partition, deviceId, hourReceived, value))
          if (row.readings > 0) yield row;
      }
    },
    async *door() {
      const rows = new Map<string, DoorRow>();
      const query = { query: "SELECT * FROM c WHERE c.type = 'door'" };
      for await (const { reason, deviceId, hourReceived, refused } of queryItems<DoorDocument>(
        journal,
        query,
      )) {
        const key = `${reason}\n${deviceId}\n${hourReceived}`;
        const row = rows.get(key);
        if (row) row.refused += refused;
        else rows.set(key, { reason, deviceId, hourReceived, refused });
      }
      yield* rows.values();
    },
    close: async () => {
      for (const partition of heads.keys()) await unpin(journal, partition, reader);
    },
  };
}

interface WindowFields extends Omit<Series, 'siteId'> {
  startAt: Instant;
}

interface HourFields {
  deviceId: string;
  hourReceived: Instant;
}

/**
 * A checkpoint of each partition that its owner keeps to be read: where no commit came between reading it and having
 * asked for it, any commit after it meets the request.
 */
async function pinnedPartitions(
  { database, blobs, partitions, clock }: CosmosExportOptions,
  reader: string,
): Promise<Map<number, ReadPartition>> {
  const journal = database.container('journal');
  const pinned = new Map<number, ReadPartition>();
  for (let partition = 0; partition < partitions; partition++) {
    for (let found = await blobs.read(partition); found; ) {
      const now = clock();
      const { commit } = found.head;
      await pin(journal, partition, { reader, commit, until: now + KEPT_FOR_MS }, now);
      const after = await blobs.head(partition);
      if (after?.commit === commit) {
        pinned.set(partition, { ...found, head: after });
        break;
      }
      found = await blobs.read(partition);
    }
  }
  return pinned;
}
