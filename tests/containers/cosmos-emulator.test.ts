import { afterAll, beforeAll, it } from 'vitest';
import { cosmosDatabase, createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { type AzureServices, azureServices } from '../contract/azure-services.ts';
import { registryContract } from '../contract/registry.contract.ts';
import { storeContract } from '../contract/store.contract.ts';
import { emulatorImages, startCosmosEmulator } from './emulators.ts';
import { findImages } from './image.ts';
import { stopAll } from './start-headway.ts';

const found = await findImages(emulatorImages.cosmos);
if ('missing' in found) {
  it('the store and registry contracts on the official Cosmos DB emulator', (context) =>
    context.skip(found.missing));
} else {
  let connectionString = '';
  /** Blob Storage is azurite, as in the other contract tests. */
  let services: AzureServices;
  const closes: (() => void)[] = [];
  beforeAll(async () => {
    [connectionString, services] = await Promise.all([startCosmosEmulator(), azureServices()]);
  }, 180_000);
  afterAll(async () => {
    for (const close of closes) close();
    await services.close();
    await stopAll();
  });

  const connect = async (city: string) => {
    const { database, close } = await cosmosDatabase({ connectionString, database: city });
    closes.push(close);
    return database;
  };

  storeContract('Cosmos DB, the official emulator', async () => {
    const city = services.newCity();
    await createContainers(await connect(city));
    const store = async () => {
      const { blobs } = await services.connect(city);
      return cosmosStore({ database: await connect(city), blobs, clock: Date.now });
    };
    return { store: await store(), reopen: store, close: async () => {} };
  });

  registryContract('Cosmos DB, the official emulator', async (clock) => {
    const city = services.newCity();
    await createContainers(await connect(city));
    const registry = async () => cosmosRegistry(await connect(city), clock);
    return { registry: await registry(), reopen: registry, close: async () => {} };
  });
}
