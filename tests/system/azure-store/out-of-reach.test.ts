import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable } from '#domain/store.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosDoorCounts } from '#infra/cosmos/door-counts.ts';
import { openCosmosExport } from '#infra/cosmos/export-source.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';
import { flow, registered, START, smallCity } from '../../unit/processing/city.ts';
import { type Connection, exported, processLog } from './azure-city.ts';
import { commitOf, counted, HOUR, windowRow } from './commits.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

let connection: Connection;
beforeEach(async () => {
  connection = await services.connect(services.newCity());
  await createContainers(connection.database);
});

const manyWindows = (n: number) =>
  Array.from({ length: n }, (_, i) => windowRow({ deviceId: `loop-${i}`, members: '[0]' }));

it('honours throttling: a commit takes as long as its request units need, and is whole', async () => {
  const store = cosmosStore({ ...connection, clock: Date.now });
  await store.checkpoint(0);
  services.cosmos.throttle(2_000);
  try {
    const begunMs = performance.now();
    await store.commit(commitOf(1, { windows: manyWindows(500), ledger: [counted(500)] }));
    // 500 windows of some 6 request units, of which 2,000 were to be had at once.
    expect(performance.now() - begunMs).toBeGreaterThan(400);
  } finally {
    services.cosmos.throttle(undefined);
  }
  expect((await exported(connection)).windows).toHaveLength(500);
});

it('calls a throttling storm unavailable, and takes the same commit when it is over', async () => {
  const store = cosmosStore({ ...connection, clock: Date.now });
  await store.checkpoint(0);
  const commit = commitOf(1, { windows: manyWindows(300), ledger: [counted(300)] });
  services.cosmos.throttle(0.5);
  try {
    const failed = await store.commit(commit).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreUnavailable);
    expect(String(failed)).toMatch(/429 \(throttled: more request units are needed than the database has\)/);
  } finally {
    services.cosmos.throttle(undefined);
  }
  await store.commit(commit);
  const seen = await exported(connection);
  expect([seen.position, seen.readings, seen.windows.length]).toEqual([1, 300, 300]);
});

it.each(['Cosmos', 'Blob'] as const)(
  'waits out an outage of %s while it processes, without restart and without loss',
  async (which) => {
    const city = smallCity();
    try {
      for (let minute = 0; minute < 40; minute++) city.send('loop', [flow(minute * 60)]);
      // Late: their windows have to be loaded.
      for (let minute = 0; minute < 10; minute++) city.send('loop', [flow(minute * 60, { count: 3 })]);
      const registry = cosmosRegistry(connection.database, () => START);
      await registry.change(registered('loop'));
      const store = cosmosStore({ ...connection, clock: Date.now });
      let commits = 0;
      let outage: Promise<unknown> | undefined;
      const outages = {
        ...store,
        commit: async (c: Parameters<typeof store.commit>[0]) => {
          commits += 1;
          if (commits === 4) {
            const back = which === 'Cosmos' ? await services.stopCosmos() : await services.stopBlob();
            outage = new Promise((resolve) => setTimeout(resolve, 1_000)).then(back);
          }
          return store.commit(c);
        },
      };
      await processLog(city.records, outages, registry, 5);
      await outage;
      const seen = await exported(connection);
      expect([seen.position, seen.readings]).toEqual([49, 50]);
    } finally {
      city.close();
    }
  },
);

it('names an outage for what it is at every door, and keeps what the gateway has counted', async () => {
  const store = cosmosStore({ ...connection, clock: Date.now });
  const registry = cosmosRegistry(connection.database, () => START);
  const door = cosmosDoorCounts(connection.database, 'door of this test', () => HOUR);
  await store.checkpoint(0);
  door.refused('wrong-key', 'loop');
  const back = await services.stopCosmos();
  const started = performance.now();
  const attempts = [
    store.loadLedger(0, [{ deviceId: 'loop', hourReceived: HOUR }]),
    store.commit(commitOf(1, { ledger: [counted(1)] })),
    registry.version(),
    openCosmosExport({ ...connection, partitions: 1, clock: Date.now }),
  ];
  const outcomes = await Promise.allSettled([...attempts, door.flush()]);
  const tookMs = performance.now() - started;
  await back();
  expect(outcomes.slice(0, 4).map((o) => (o as PromiseRejectedResult).reason?.name)).toEqual(
    Array(4).fill('StoreUnavailable'),
  );
  expect(outcomes[4]).toEqual({ status: 'fulfilled', value: false });
  expect(tookMs).toBeLessThan(20_000);
  door.refused('wrong-key', 'loop');
  expect([await door.flush(), await door.flush()]).toEqual([true, true]);
  const source = await openCosmosExport({ ...connection, partitions: 1, clock: Date.now });
  const rows = [];
  for await (const row of source.door()) rows.push(row);
  expect(rows).toEqual([{ reason: 'wrong-key', deviceId: 'loop', hourReceived: HOUR, refused: 2 }]);
});
