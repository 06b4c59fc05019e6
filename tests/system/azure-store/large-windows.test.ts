import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { membersText } from '#domain/member-text.ts';
import type { Member } from '#domain/window.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';
import { commitOf, slotOf, windowRow } from './commits.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

/** Signal events: at 33 a second, five minutes have 10,000. */
function members(n: number, startAt: number): Member[] {
  return Array.from({ length: n }, (_, i) => ({
    identity: `${startAt + i * 30}/${[82, 81, 1, 8][i % 4]}/${(i * 7) % 64}`,
    observedAt: startAt + i * 30,
    partition: 0,
    position: 4_000_000 + Math.floor(i / 3),
    index: i % 3,
    orderedAt: 4_000_000 + Math.floor(i / 3),
    content: [],
    earlier: undefined,
  }));
}

it('keeps a window of 50,000 members, and its version before, in one document', async () => {
  const connection = await services.connect(services.newCity());
  await createContainers(connection.database);
  const store = cosmosStore({ ...connection, clock: Date.now });
  const plain = windowRow({ kind: 'signal-event', deviceId: 'signal' });
  for (const [revision, n] of [10_000, 50_000].entries()) {
    const row = {
      ...plain,
      revision,
      count: n,
      members: membersText(members(n, plain.startAt), plain.startAt),
    };
    await store.commit(commitOf(revision, { windows: [row] }));
    expect(await store.loadWindows(0, [slotOf(plain)])).toEqual([row]);
  }
  const { resources } = await connection.database.container('windows').items.readAll().fetchAll();
  expect(JSON.stringify(resources[0]).length).toBeLessThan(1_000_000);
});

it('names a window that no document can hold, and stores nothing of its commit', async () => {
  const connection = await services.connect(services.newCity());
  await createContainers(connection.database);
  const store = cosmosStore({ ...connection, clock: Date.now });
  // What does not shrink when it is packed.
  const row = windowRow({
    kind: 'signal-event',
    deviceId: 'signal',
    members: randomBytes(1_600_000).toString('base64'),
  });
  await expect(store.commit(commitOf(1, { windows: [row] }))).rejects.toThrow(
    /document signal-event.* of signal would have \d+ characters, and Cosmos DB takes 2 MB/,
  );
  expect(await store.checkpoint(0)).toEqual({ partition: 0, position: -1 });
});
