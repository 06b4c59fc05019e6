import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { NewRegistryChange } from '#domain/registry/registry.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosMeta } from '#infra/cosmos/meta.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

let city: string;
const connected = async () => (await services.connect(city)).database;
beforeEach(async () => {
  city = services.newCity();
  await createContainers(await connected());
});

const site = (siteId: string): NewRegistryChange => ({
  kind: 'site',
  id: siteId,
  validFrom: 0,
  body: { siteId, name: `${siteId} `.repeat(15) },
});

it('appends a network of 20,000 lines as a whole, and gives it back', async () => {
  const registry = cosmosRegistry(await connected(), Date.now);
  await registry.change([site('before')]);
  const lines = Array.from({ length: 20_000 }, (_, i) => site(`site-${i}`));
  expect(await registry.change(lines)).toBe(20_001);
  const other = cosmosRegistry(await connected(), Date.now);
  const view = await other.view();
  expect([view.version, view.history('site').length]).toEqual([20_001, 20_001]);
  expect((await other.view(1)).history('site')).toHaveLength(1);
});

it('gives appends that race their own places in the list, none lost and none twice', async () => {
  const writers = await Promise.all(
    Array.from({ length: 4 }, async () => cosmosRegistry(await connected(), Date.now)),
  );
  const versions = await Promise.all(
    writers.flatMap((registry, w) =>
      [0, 1, 2].map((i) => registry.change([site(`${w}-${i}-first`), site(`${w}-${i}-second`)])),
    ),
  );
  expect(versions.sort((a, b) => a - b)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
  const view = await writers[0]!.view();
  expect([view.version, view.history('site').length]).toEqual([24, 24]);
});

it('lets many ask for the version at once, and tells none of them an old one', async () => {
  const registry = cosmosRegistry(await connected(), Date.now);
  const other = cosmosRegistry(await connected(), Date.now);
  const asked = Promise.all(Array.from({ length: 50 }, () => other.version()));
  const after = await registry.change([site('A')]);
  expect(await Promise.all(Array.from({ length: 50 }, () => other.version()))).toEqual(Array(50).fill(after));
  expect((await asked).every((v) => v === 0 || v === 1)).toBe(true);
});

it('shows all who look at once the same lines, and later ones later', async () => {
  const registry = cosmosRegistry(await connected(), Date.now);
  const shared = cosmosRegistry(await connected(), Date.now);
  for (const [round, name] of ['A', 'B', 'C'].entries()) {
    await registry.change([site(name)]);
    const views = await Promise.all(Array.from({ length: 8 }, () => shared.view()));
    expect(views.map((v) => v.history('site').length)).toEqual(Array(8).fill(round + 1));
  }
});

it('keeps what the first has noted of a city', async () => {
  const meta = cosmosMeta(await connected());
  expect(await meta.get('city')).toBeUndefined();
  expect(await Promise.all([meta.setOnce('city', 'a'), meta.setOnce('city', 'a')])).toEqual(['a', 'a']);
  expect(await cosmosMeta(await connected()).setOnce('city', 'b')).toBe('a');
  expect(await meta.get('city')).toBe('a');
});
