import { CosmosClient } from '@azure/cosmos';
import { expect, test } from 'vitest';
import { startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import { key, openCosmos, refusal } from './open-cosmos.ts';

test('another key is refused with 401', async () => {
  await using cosmos = await openCosmos();
  await cosmos.container();
  const other = cosmos.client({ key: Buffer.from('not the key').toString('base64') });
  expect(await refusal(other.database('city').read())).toMatchObject({ code: 401 });
  expect(await refusal(other.databases.create({ id: 'x' }))).toMatchObject({ code: 401 });
});

test('a clock that is 20 minutes off is refused with 403, one that is 10 minutes off is not', async () => {
  await using cosmos = await openCosmos();
  const client = cosmos.client();
  await cosmos.container({}, client);
  for (const minutes of [20, -20]) {
    cosmos.ahead(minutes * 60_000);
    expect(await refusal(client.database('city').read())).toMatchObject({ code: 403 });
  }
  cosmos.ahead(10 * 60_000);
  expect((await client.database('city').read()).statusCode).toBe(200);
});

test('a client that does not trust the certificate does not send its requests', async () => {
  await using cosmos = await openCosmos();
  const stranger = new CosmosClient({
    endpoint: cosmos.local.endpoint,
    key,
    connectionPolicy: {
      retryOptions: { maxRetryAttemptCount: 0, fixedRetryIntervalInMilliseconds: 0, maxWaitTimeInSeconds: 0 },
    },
  });
  expect((await refusal(stranger.databases.readAll().fetchAll())).message).toMatch(/certificate|issuer/);
  stranger.dispose();
});

test('a directory has one endpoint at a time', async () => {
  await using cosmos = await openCosmos();
  const second = startLocalCosmos({ directory: cosmos.directory, port: 0, tls: cosmos.tls, key });
  await expect(second).rejects.toThrow(/in use by another local Cosmos DB endpoint/);
});

test('what has lived longer than its time is gone: the container’s, or its own', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container({ defaultTtl: 60 });
  await container.items.create({ id: 'default', key: 'k' });
  await container.items.create({ id: 'short', key: 'k', ttl: 10 });
  await container.items.create({ id: 'for ever', key: 'k', ttl: -1 });
  const left = async () =>
    (await container.items.query<string>('SELECT VALUE c.id FROM c', { partitionKey: 'k' }).fetchAll())
      .resources;
  expect(await left()).toEqual(['default', 'for ever', 'short']);
  cosmos.ahead(11_000);
  expect(await left()).toEqual(['default', 'for ever']);
  expect((await container.item('short', 'k').read()).statusCode).toBe(404);
  expect((await container.items.create({ id: 'short', key: 'k' })).statusCode).toBe(201);
  cosmos.ahead(80_000);
  expect(await left()).toEqual(['for ever']);

  await container.items.create({ id: 'kept', key: 'k' });
  const { resource: definition } = await container.read();
  const { defaultTtl: _, ...without } = definition!;
  await container.replace(without);
  cosmos.ahead(200_000);
  expect(await left()).toEqual(['for ever', 'kept']);
});

test('beyond the budget a request waits as long as it is told, and is then done', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const impatient = await cosmos.container(
    {},
    cosmos.client({
      connectionPolicy: {
        retryOptions: {
          maxRetryAttemptCount: 0,
          fixedRetryIntervalInMilliseconds: 0,
          maxWaitTimeInSeconds: 1,
        },
      },
    }),
  );
  cosmos.local.throttle(20);
  const refused: unknown[] = [];
  for (let i = 0; i < 8; i++) {
    await impatient.items.create({ id: `i${i}`, key: 'k' }).catch((error) => refused.push(error));
  }
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ code: 429, substatus: 3200, retryAfterInMs: expect.any(Number) });

  const started = Date.now();
  for (let i = 0; i < 8; i++) await container.items.upsert({ id: `i${i}`, key: 'k' });
  expect(Date.now() - started).toBeGreaterThan(1000);
  cosmos.local.throttle(undefined);
  expect((await container.items.readAll().fetchAll()).resources.length).toBe(8);
});

test('in a bulk request the operations beyond the budget are refused one by one, and executeBulkOperations repeats them', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  cosmos.local.throttle(200);
  const operations = Array.from({ length: 50 }, (_, i) => ({
    operationType: 'Upsert' as const,
    partitionKey: 'k',
    resourceBody: { id: `i${i}`, key: 'k' },
  }));
  const outcomes = await container.items.bulk(operations);
  const refused = outcomes.filter(({ statusCode }) => statusCode === 429);
  expect(refused.length).toBeGreaterThan(10);
  expect(outcomes.slice(0, 10).every(({ statusCode }) => statusCode === 201)).toBe(true);
  const results = await container.items.executeBulkOperations(operations);
  expect(results.every(({ response }) => (response?.statusCode ?? 500) < 300)).toBe(true);
});
