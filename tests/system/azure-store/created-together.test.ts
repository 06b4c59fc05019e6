import { expect, it } from 'vitest';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosMeta } from '#infra/cosmos/meta.ts';
import { azureServices } from '../../contract/azure-services.ts';

it('a city that many roles make at once is there for all of them', async (context) => {
  const services = await azureServices();
  context.onTestFinished(() => services.close());
  const city = services.newCity();
  const roles = await Promise.all(Array.from({ length: 4 }, () => services.connect(city)));
  await Promise.all(roles.map(({ database }) => createContainers(database)));
  await cosmosMeta(roles[0]!.database).setOnce('city', 'Testbury');
  expect(await cosmosMeta(roles[3]!.database).get('city')).toBe('Testbury');
});
