import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { HOUR_MS } from '#domain/instant.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { openCosmosExport } from '#infra/cosmos/export-source.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';
import type { Connection } from './azure-city.ts';
import { commitOf, counted, HOUR, slotOf, windowRow } from './commits.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

let connection: Connection;
const open = () => cosmosStore({ ...connection, clock: Date.now });
const hour = [{ deviceId: 'loop', hourReceived: HOUR }];
beforeEach(async () => {
  connection = await services.connect(services.newCity());
  await createContainers(connection.database);
  // The hour is over: its counts stand in a document.
  const ledger = [counted(5), counted(1, HOUR + HOUR_MS)];
  await open().commit(commitOf(5, { ledger, windows: [windowRow()] }));
});

/** Somebody at the portal replaces text in every document of a container. */
async function edit(container: string, from: string, to: string): Promise<void> {
  const { items } = connection.database.container(container);
  for (const { resources } of [await items.readAll<{ id: string }>().fetchAll()]) {
    for (const document of resources) {
      const text = JSON.stringify(document);
      if (!text.includes(from)) throw new Error(`${from} is not in ${text}`);
      await items.upsert(JSON.parse(text.replace(from, to)));
    }
  }
}

it('tells a count that was changed, by container and document', async () => {
  await edit('ledger', ',5,0]', ',6,0]');
  const store = open();
  await expect(store.loadLedger(0, hour)).rejects.toThrow(
    /document .* in the container ledger was changed by another hand/,
  );
  await expect(store.commit(commitOf(6, { ledger: [counted(6)] }))).rejects.toThrow(
    'changed by another hand',
  );
  const source = await openCosmosExport({ ...connection, partitions: 1, clock: Date.now });
  const readAll = async () => {
    for await (const _ of source.ledger());
  };
  await expect(readAll()).rejects.toThrow('another hand');
});

it('tells a window that was changed while its owner knew it, and writes nothing over it', async () => {
  const store = open();
  expect(await store.loadWindows(0, [slotOf(windowRow())])).toHaveLength(1);
  await edit('windows', '504000000', '999000000');
  const next = commitOf(6, { windows: [windowRow({ revision: 1, count: 8 })] });
  await expect(store.commit(next)).rejects.toThrow(/container windows was changed by another hand/);
  await expect(store.loadWindows(0, [slotOf(windowRow())])).rejects.toThrow('another hand');
});

it('tells a document that was deleted while its owner knew it', async () => {
  const store = open();
  await store.loadLedger(0, hour);
  const ledger = connection.database.container('ledger');
  const [document] = (await ledger.items.readAll<{ id: string }>().fetchAll()).resources;
  await ledger.item(document!.id, 'loop').delete();
  await expect(store.commit(commitOf(6, { ledger: [counted(6)] }))).rejects.toThrow(
    /of ledger was deleted by another hand/,
  );
});

it('takes a document that somebody opened and saved unchanged', async () => {
  const store = open();
  await store.loadLedger(0, hour);
  await edit('ledger', ',5,0]', ',5,0]');
  await store.commit(commitOf(6, { ledger: [counted(6)] }));
  expect(await store.loadLedger(0, hour)).toEqual([counted(6)]);
});
