import { afterAll, beforeAll } from 'vitest';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { type AzureServices, azureServices } from './azure-services.ts';
import { registryContract } from './registry.contract.ts';
import { storeContract } from './store.contract.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

storeContract('Cosmos DB and Blob Storage', async () => {
  const city = services.newCity();
  const first = await services.connect(city);
  await createContainers(first.database);
  const store = (connection: typeof first) => cosmosStore({ ...connection, clock: Date.now });
  return {
    store: store(first),
    reopen: async () => store(await services.connect(city)),
    close: async () => {},
  };
});

registryContract('Cosmos DB', async (clock) => {
  const city = services.newCity();
  const first = await services.connect(city);
  await createContainers(first.database);
  return {
    registry: cosmosRegistry(first.database, clock),
    reopen: async () => cosmosRegistry((await services.connect(city)).database, clock),
    close: async () => {},
  };
});
