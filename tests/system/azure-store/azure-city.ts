import type { Container, Database } from '@azure/cosmos';
import { cityTime } from '#domain/city-time.ts';
import type { LogBatch, LogRecord } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import type { Store } from '#domain/store.ts';
import type { PartitionBlobs } from '#infra/blob/partition-blobs.ts';
import { openCosmosExport } from '#infra/cosmos/export-source.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { processor, usualClosing } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';

export interface Connection {
  database: Database;
  blobs: PartitionBlobs;
}

/** Processes a log from a store's checkpoint to the log's end, or until something fails. */
export async function processLog(
  records: readonly LogRecord[],
  store: Store,
  registry: Registry,
  batch: number,
): Promise<void> {
  const log = {
    async *read(partition: number, after: number): AsyncGenerator<LogBatch> {
      for (let from = after + 1; from < records.length; from += batch) {
        yield { partition, records: records.slice(from, from + batch), corrupt: [] };
      }
    },
  };
  await runPartition(
    {
      log,
      store,
      registry,
      admission: admission(usualClockBounds, cityTime('UTC').offsetAt),
      processor: processor(usualClosing),
      partition: 0,
      nowMs: () => 0,
      commitEveryMs: 1_000_000,
      commitEveryReadings: 1,
    },
    new AbortController().signal,
  );
}

/** Windows and ledger that count, as an exporter sees them: without what depends on when things came. */
export async function exported(connection: Connection) {
  const source = await openCosmosExport({ ...connection, partitions: 1, clock: Date.now });
  try {
    const windows: string[] = [];
    for await (const { series, startAt, figures } of source.windowTexts(0, Number.MAX_SAFE_INTEGER)) {
      if (JSON.parse(figures)[0] > 0) windows.push(JSON.stringify([series, startAt, figures]));
    }
    const ledger: string[] = [];
    let readings = 0;
    for await (const { late: _, ...row } of source.ledger()) {
      ledger.push(JSON.stringify(Object.entries(row).sort()));
      readings += row.readings;
    }
    const [checkpoint] = await source.checkpoints();
    return { position: checkpoint?.position ?? -1, readings, windows: windows.sort(), ledger: ledger.sort() };
  } finally {
    await source.close();
  }
}

/** The connection of a process that dies with its n-th bulk call to Cosmos DB or, at 'checkpoint', just before or after its n-th checkpoint. */
export function dying(
  { database, blobs }: Connection,
  at: { call: number } | { checkpoint: number; moment: 'before' | 'after' },
): Connection {
  let calls = 0;
  let checkpoints = 0;
  let isDead = false;
  const live = (): void => {
    if (isDead) throw new Error('killed');
  };
  const die = (): never => {
    isDead = true;
    throw new Error('killed');
  };
  const dyingContainer = (container: Container): Container => {
    const { items } = container;
    const bulk: typeof items.bulk = async (...given) => {
      live();
      calls += 1;
      if ('call' in at && calls === at.call) {
        // Part of it arrives.
        await items.bulk(given[0].slice(0, Math.ceil(given[0].length / 2)), given[1], given[2]);
        die();
      }
      return items.bulk(...given);
    };
    return new Proxy(container, {
      get: (target, name) =>
        name === 'items'
          ? new Proxy(items, { get: (of, key) => (key === 'bulk' ? bulk : bound(of, key)) })
          : bound(target, name),
    });
  };
  return {
    database: new Proxy(database, {
      get: (target, name) =>
        name === 'container' ? (id: string) => dyingContainer(target.container(id)) : bound(target, name),
    }),
    blobs: {
      ...blobs,
      takeOver: async (partition) => {
        const owned = await blobs.takeOver(partition);
        return {
          get head() {
            return owned.head;
          },
          get state() {
            return owned.state;
          },
          get hours() {
            return owned.hours;
          },
          checkpoint: async (position, changes) => {
            live();
            checkpoints += 1;
            const isLast = 'checkpoint' in at && checkpoints === at.checkpoint;
            if (isLast && at.moment === 'before') die();
            await owned.checkpoint(position, changes);
            if (isLast) die();
          },
        };
      },
    },
  };
}

function bound<T extends object>(target: T, name: string | symbol): unknown {
  const value = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}
