import { hostname } from 'node:os';
import type { City } from '#analytics/lake/open-lake.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { downloadDirectory, uploadDirectory } from '#infra/blob/directory-copy.ts';
import { withExclusiveLease } from '#infra/blob/exclusive-lease.ts';
import { readCorrupt } from '#infra/cosmos/corrupt.ts';
import { cosmosDoorCounts } from '#infra/cosmos/door-counts.ts';
import { openCosmosExport } from '#infra/cosmos/export-source.ts';
import { cosmosMeta } from '#infra/cosmos/meta.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import type { AzureProcessingData } from './azure-processing-worker.ts';
import { reachAzure } from './azure-services.ts';
import type { CityState } from './city-state.ts';
import { type Config, OperatorFault } from './config.ts';
import { mustAgree } from './embedded-city.ts';
import { processingThread } from './processing-thread.ts';

const trouble = (message: string): void => console.error(`headway: ${message}`);

type AzureCity = CityState & Required<Pick<CityState, 'withSharedLake' | 'fetchLake'>>;

const LEASE_WAIT_MS = 120_000;

/**
 * A city on Azure: the log in Event Hubs, outputs and registry in Cosmos DB, checkpoints and the lake in Blob Storage.
 * @throws OperatorFault
 */
export async function azureCity(config: Config, lakePath: string): Promise<AzureCity> {
  const { database, checkpoints, container, log, close } = await reachAzure(config);
  const meta = cosmosMeta(database);
  let city: City | undefined;
  const findCity = async (): Promise<City | undefined> => {
    const noted = city ? undefined : await meta.get('city');
    if (noted !== undefined) city = JSON.parse(noted) as City;
    return city;
  };
  await findCity();
  const lake = { path: lakePath, index: 'manifest.json', without: ['spill'] };
  const openLog = () => log(trouble);
  let partitions: Promise<number> | undefined;
  const partitionCount = (): Promise<number> => {
    partitions ??= openLog().then(async (opened) => {
      await opened.close();
      return opened.partitions;
    });
    return partitions;
  };
  const snapshot = async () =>
    openCosmosExport({
      database,
      blobs: checkpoints,
      partitions: await partitionCount(),
      clock: Date.now,
    });
  return {
    registry: cosmosRegistry(database, Date.now),
    city: () => city,
    findCity,
    setCity: async (named) => {
      city ??= JSON.parse(await meta.setOnce('city', JSON.stringify(named))) as City;
      mustAgree(`the database ${config.cosmos.database}`, city, named);
    },
    openLog,
    readLog: openLog,
    checkpoints: async () => {
      const all = Array.from({ length: await partitionCount() }, (_, partition) =>
        checkpoints.head(partition),
      );
      return (await Promise.all(all)).filter((head) => head !== undefined);
    },
    ledgerTotals: async () => {
      const source = await snapshot();
      try {
        return await totals(source.ledger());
      } finally {
        await source.close();
      }
    },
    deadReadings: async (places) => {
      const store = cosmosStore({ database, blobs: checkpoints, clock: Date.now });
      let readings = 0;
      for (const { partition, positions } of places) {
        for (const position of positions) {
          const letters = await store.loadDeadLetters(partition, position);
          readings += letters.reduce((n, { indices }) => n + indices.length, 0);
        }
      }
      return readings;
    },
    corrupt: () => readCorrupt(database, checkpoints),
    snapshot,
    withSharedLake: async (work) => {
      const blobs = await container('lake');
      const run = await withExclusiveLease(
        await container('checkpoints'),
        'lake.lease',
        LEASE_WAIT_MS,
        async () => {
          await downloadDirectory(blobs, lake);
          const done = await work();
          await uploadDirectory(blobs, lake);
          return done;
        },
      );
      if (run) return run.done;
      throw new OperatorFault(
        'could not bring the lake up to date',
        'another exporter holds the lease lake.lease',
        'an export is under way; try again when it has ended',
        3,
      );
    },
    fetchLake: async () => {
      await downloadDirectory(await container('lake'), lake);
    },
    startProcessing: (configured, timezone) =>
      processingThread(new URL('./azure-processing-worker.ts', import.meta.url), {
        config: configured,
        timezone,
      } satisfies AzureProcessingData),
    doorCounts: () => {
      const door = cosmosDoorCounts(database, `${hostname()}-${process.pid}-${Date.now()}`, Date.now);
      const flush = setInterval(() => void door.flush(), DOOR_EVERY_MS);
      return {
        refused: door.refused,
        close: async () => {
          clearInterval(flush);
          await door.flush();
        },
      };
    },
    close,
  };
}

const DOOR_EVERY_MS = 5_000;

type Total = Pick<LedgerRow, 'outcome' | 'reason' | 'readings' | 'late'>;

async function totals(rows: Iterable<LedgerRow> | AsyncIterable<LedgerRow>): Promise<Total[]> {
  const sums = new Map<string, Total>();
  for await (const { outcome, reason, readings, late } of rows) {
    const name = `${outcome}/${reason}`;
    const sum = sums.get(name);
    if (sum) {
      sum.readings += readings;
      sum.late += late;
    } else sums.set(name, { outcome, reason, readings, late });
  }
  return [...sums.values()];
}
