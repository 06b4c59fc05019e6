import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { OwnershipLost } from '#domain/store.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';
import { flow, registered, START, smallCity } from '../../unit/processing/city.ts';
import { type Connection, processLog } from './azure-city.ts';
import { commitOf, counted, HOUR, slotOf, windowRow } from './commits.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

let connection: Connection;
const newOwner = () => cosmosStore({ ...connection, clock: Date.now });
const hour = [{ deviceId: 'loop', hourReceived: HOUR }];
beforeEach(async () => {
  connection = await services.connect(services.newCity());
  await createContainers(connection.database);
});

it('stops an owner that meets what its successor wrote, and leaves that as it is', async () => {
  const stale = newOwner();
  await stale.commit(commitOf(5, { ledger: [counted(5)], windows: [windowRow()] }));
  const successor = newOwner();
  await successor.checkpoint(0);
  await successor.loadLedger(0, hour);
  await successor.commit(
    commitOf(8, { ledger: [counted(8)], windows: [windowRow({ revision: 1, count: 8 })] }),
  );
  const late = commitOf(6, { ledger: [counted(6)], windows: [windowRow({ revision: 1, count: 6 })] });
  await expect(stale.commit(late)).rejects.toThrow(OwnershipLost);
  expect(await successor.loadLedger(0, hour)).toEqual([counted(8)]);
  expect(await successor.loadWindows(0, [slotOf(windowRow())])).toMatchObject([{ revision: 1, count: 8 }]);
  expect(await successor.checkpoint(0)).toEqual({ partition: 0, position: 8 });
});

it('does not count what a stale owner writes where its successor has written nothing yet', async () => {
  const stale = newOwner();
  await stale.commit(commitOf(5, { ledger: [counted(5)] }));
  const successor = newOwner();
  await successor.checkpoint(0);
  const late = commitOf(9, {
    ledger: [counted(9)],
    windows: [windowRow({ count: 9 })],
    state: [{ key: 'loop', value: 'stale' }],
  });
  await expect(stale.commit(late)).rejects.toThrow(OwnershipLost);
  expect(await successor.loadLedger(0, hour)).toEqual([counted(5)]);
  expect(await successor.loadWindows(0, [slotOf(windowRow())])).toEqual([]);
  expect(await successor.loadState(0)).toEqual([]);
  await successor.commit(commitOf(6, { ledger: [counted(6)], windows: [windowRow({ count: 6 })] }));
  // Not even now that the checkpoint has passed it.
  await successor.commit(commitOf(20));
  expect(await newOwner().loadLedger(0, hour)).toEqual([counted(6)]);
  expect(await newOwner().loadWindows(0, [slotOf(windowRow())])).toMatchObject([{ revision: 0, count: 6 }]);
});

it('tells an owner that has lost a partition so at whatever it asks, for good', async () => {
  const stale = newOwner();
  await stale.checkpoint(0);
  await newOwner().checkpoint(0);
  await expect(stale.commit(commitOf(1))).rejects.toThrow(OwnershipLost);
  await expect(stale.checkpoint(0)).rejects.toThrow(OwnershipLost);
  await expect(stale.loadState(0)).rejects.toThrow(OwnershipLost);
  await expect(stale.loadLedger(0, hour)).rejects.toThrow(OwnershipLost);
});

it('lets a runner whose partition was taken over end quietly, and the next one finish', async () => {
  const city = smallCity();
  try {
    for (let minute = 0; minute < 30; minute++) city.send('loop', [flow(minute * 60)]);
    const registry = cosmosRegistry(connection.database, () => START);
    await registry.change(registered('loop'));
    const stale = newOwner();
    let commits = 0;
    const paused = {
      ...stale,
      commit: async (c: Parameters<typeof stale.commit>[0]) => {
        commits += 1;
        if (commits === 3) await newOwner().checkpoint(0);
        return stale.commit(c);
      },
    };
    await processLog(city.records, paused, registry, 5);
    expect(commits).toBe(3);
    const next = newOwner();
    expect((await next.checkpoint(0)).position).toBe(9);
    await processLog(city.records, next, registry, 5);
    const ledger = await newOwner().loadLedger(0, hour);
    expect(ledger.reduce((n, row) => n + row.readings, 0)).toBe(30);
  } finally {
    city.close();
  }
});
