import type { OperationInput } from '@azure/cosmos';
import { expect, test } from 'vitest';
import { openCosmos } from './open-cosmos.ts';

test('each operation of a bulk request has its own outcome, in the order in which it was given', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const { etag } = await container.items.create({ id: 'a', key: 'k', x: 1 });
  const operations: OperationInput[] = [
    { operationType: 'Create', resourceBody: { id: 'a', key: 'k', x: 2 } },
    { operationType: 'Create', resourceBody: { id: 'a', key: 'other', x: 3 } },
    {
      operationType: 'Replace',
      id: 'a',
      partitionKey: 'k',
      resourceBody: { id: 'a', key: 'k', x: 4 },
      ifMatch: etag,
    },
    {
      operationType: 'Replace',
      id: 'a',
      partitionKey: 'k',
      resourceBody: { id: 'a', key: 'k', x: 5 },
      ifMatch: etag,
    },
    { operationType: 'Upsert', resourceBody: { id: 'b', key: 'k', x: 6 } },
    { operationType: 'Read', id: 'a', partitionKey: 'k' },
    { operationType: 'Delete', id: 'none', partitionKey: 'k' },
    {
      operationType: 'Patch',
      id: 'b',
      partitionKey: 'k',
      resourceBody: [{ op: 'incr', path: '/x', value: 10 }],
    },
    { operationType: 'Delete', id: 'a', partitionKey: 'other' },
  ];
  const outcomes = await container.items.bulk(operations);
  expect(outcomes.map(({ statusCode }) => statusCode)).toEqual([409, 201, 200, 412, 201, 200, 404, 200, 204]);
  expect(outcomes[5]!.resourceBody).toMatchObject({ x: 4, _etag: outcomes[2]!.eTag });
  expect((await container.item('b', 'k').read()).resource.x).toBe(16);
});

test('executeBulkOperations takes any number of operations', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const wanted = Array.from({ length: 350 }, (_, i) => ({ id: `i${i}`, key: `k${i % 7}`, i }));
  const results = await container.items.executeBulkOperations(
    wanted.map((resourceBody) => ({ operationType: 'Create', partitionKey: resourceBody.key, resourceBody })),
  );
  expect(results.every(({ response }) => response?.statusCode === 201)).toBe(true);
  const all = await container.items.readAll<{ i: number }>().fetchAll();
  expect(all.resources.map(({ i }) => i).sort((a, b) => a - b)).toEqual(wanted.map(({ i }) => i));
});

test('a transactional batch is done as a whole, or not at all', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const done = await container.items.batch(
    [
      { operationType: 'Create', resourceBody: { id: 'a', key: 'k', x: 1 } },
      { operationType: 'Upsert', resourceBody: { id: 'b', key: 'k', x: 2 } },
    ],
    'k',
  );
  expect(done.code).toBe(200);
  expect(done.result!.map(({ statusCode }) => statusCode)).toEqual([201, 201]);

  const failed = await container.items.batch(
    [
      { operationType: 'Delete', id: 'a' },
      { operationType: 'Create', resourceBody: { id: 'b', key: 'k' } },
      { operationType: 'Create', resourceBody: { id: 'c', key: 'k' } },
    ],
    'k',
  );
  expect(failed.code).toBe(207);
  expect(failed.result!.map(({ statusCode }) => statusCode)).toEqual([424, 409, 424]);
  expect((await container.item('a', 'k').read()).resource).toMatchObject({ x: 1 });
  expect((await container.item('c', 'k').read()).statusCode).toBe(404);
});

test('a transactional batch of more than 2 MB is refused as too large', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const operations = Array.from({ length: 3 }, (_, i) => ({
    operationType: 'Create' as const,
    resourceBody: { id: `i${i}`, key: 'k', text: 'x'.repeat(1024 * 1024) },
  }));
  await expect(container.items.batch(operations, 'k')).rejects.toMatchObject({ cause: { code: 413 } });
  expect((await container.items.batch(operations.slice(0, 1), 'k')).code).toBe(200);
});
