import { expect, test } from 'vitest';
import { openCosmos, refusal } from './open-cosmos.ts';

test('an item is created once, read, replaced, upserted and deleted', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const created = await container.items.create({ id: 'a', key: 'k', x: 1 });
  expect(created.statusCode).toBe(201);
  expect(created.requestCharge).toBeGreaterThan(5);
  expect(created.resource).toMatchObject({ id: 'a', key: 'k', x: 1, _etag: created.etag });
  expect(await refusal(container.items.create({ id: 'a', key: 'k', x: 2 }))).toMatchObject({ code: 409 });

  const item = container.item('a', 'k');
  const read = await item.read();
  expect(read.resource).toEqual(created.resource);
  expect(read.requestCharge).toBe(1);
  expect((await item.replace({ id: 'a', key: 'k', x: 3 })).statusCode).toBe(200);
  expect((await container.items.upsert({ id: 'a', key: 'k', x: 4 })).statusCode).toBe(200);
  expect((await container.items.upsert({ id: 'b', key: 'k', x: 5 })).statusCode).toBe(201);
  expect((await item.read()).resource).toMatchObject({ x: 4, _rid: created.resource!._rid });

  expect((await item.delete()).statusCode).toBe(204);
  expect((await item.read()).statusCode).toBe(404);
  expect(await refusal(item.delete())).toMatchObject({ code: 404 });
  expect(await refusal(item.replace({ id: 'a', key: 'k' }))).toMatchObject({ code: 404 });
});

test('a change under an etag that is no longer the item’s own is refused, and changes nothing', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const { etag } = await container.items.create({ id: 'a', key: 'k', x: 1 });
  const item = container.item('a', 'k');
  const under = (condition: string) => ({ accessCondition: { type: 'IfMatch', condition } });
  const second = await item.replace({ id: 'a', key: 'k', x: 2 }, under(etag));
  expect(second.etag).not.toBe(etag);
  expect(await refusal(item.replace({ id: 'a', key: 'k', x: 3 }, under(etag)))).toMatchObject({ code: 412 });
  expect(await refusal(container.items.upsert({ id: 'a', key: 'k', x: 3 }, under(etag)))).toMatchObject({
    code: 412,
  });
  expect(await refusal(item.delete(under(etag)))).toMatchObject({ code: 412 });
  expect((await item.read()).resource).toMatchObject({ x: 2 });
  const unchanged = await item.read({ accessCondition: { type: 'IfNoneMatch', condition: second.etag } });
  expect(unchanged.statusCode).toBe(304);
  expect((await item.delete(under(second.etag))).statusCode).toBe(204);
});

test('items of one id live side by side in different partitions, whatever the type of the key', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const keys = ['1', 1, true, null, 'a/b?c#d "e" 東京', ''] as const;
  for (const key of keys) await container.items.create({ id: 'same', key, own: String(key) });
  await container.items.create({ id: 'same', own: 'none' });
  for (const key of keys) expect((await container.item('same', key).read()).resource.own).toBe(String(key));
  const all = await container.items.readAll().fetchAll();
  expect(all.resources.map((item) => item.own).sort()).toEqual([...keys.map(String), 'none'].sort());
});

test('ids and names keep every character that the service allows', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container({ id: 'with space & ünïcode' });
  for (const id of [
    'a b',
    'a|b',
    'ä€😀',
    "it's",
    '2026-01-01T00:00:00Z',
    'a%20b',
    'a+b',
    'a&b=c',
    '100%',
    '<"@;$!*()>',
  ]) {
    await container.items.create({ id, key: 'k' });
    expect((await container.item(id, 'k').read()).resource.id).toBe(id);
    await container.item(id, 'k').delete();
  }
  for (const id of ['a/b', 'a\\b', 'a?b', 'a#b', 'x'.repeat(1024)]) {
    expect(await refusal(container.items.create({ id, key: 'k' }))).toBeDefined();
  }
});

test('more than 2 MB is too large, a little less is not', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  const of = (bytes: number) => ({ id: 'large', key: 'k', text: 'x'.repeat(bytes) });
  expect((await container.items.create(of(2 * 1024 * 1024 - 100))).statusCode).toBe(201);
  expect(await refusal(container.items.upsert(of(2 * 1024 * 1024)))).toMatchObject({ code: 413 });
  expect(await refusal(container.items.upsert(of(20 * 1024 * 1024)))).toMatchObject({ code: 413 });
});

test('a patch changes what it names', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  await container.items.create({ id: 'a', key: 'k', n: 1, list: [1, 3], old: true, deep: { x: 1 } });
  const item = container.item('a', 'k');
  const patched = await item.patch([
    { op: 'incr', path: '/n', value: 2 },
    { op: 'add', path: '/list/1', value: 2 },
    { op: 'add', path: '/list/-', value: 4 },
    { op: 'remove', path: '/old' },
    { op: 'set', path: '/deep/y', value: 'new' },
    { op: 'replace', path: '/deep/x', value: null },
  ]);
  expect(patched.resource).toMatchObject({ n: 3, list: [1, 2, 3, 4], deep: { x: null, y: 'new' } });
  expect(patched.resource).not.toHaveProperty('old');
  expect(await refusal(item.patch([{ op: 'replace', path: '/none', value: 1 }]))).toMatchObject({
    code: 400,
  });
  expect(await refusal(item.patch([{ op: 'set', path: '/key', value: 'other' }]))).toMatchObject({
    code: 400,
  });
});

test('what was answered is there after a restart, with its etags', async () => {
  await using cosmos = await openCosmos();
  const before = await cosmos.container();
  const { resource } = await before.items.create({ id: 'a', key: 'k', x: 1 });
  await cosmos.restart();
  const after = await cosmos.container();
  expect((await after.item('a', 'k').read()).resource).toEqual(resource);
  expect((await after.items.upsert({ id: 'b', key: 'k' })).resource!._rid).not.toBe(resource!._rid);
});

test('databases and containers are made, listed, changed and dropped with all they hold', async () => {
  await using cosmos = await openCosmos();
  const client = cosmos.client();
  const container = await cosmos.container({ id: 'one' }, client);
  await cosmos.container({ id: 'two', partitionKey: { paths: ['/site/id'] } }, client);
  const { database } = await client.databases.createIfNotExists({ id: 'city' });
  expect(await refusal(client.databases.create({ id: 'city' }))).toMatchObject({ code: 409 });
  expect(await refusal(database.containers.create({ id: 'one', partitionKey: '/key' }))).toMatchObject({
    code: 409,
  });
  expect((await database.containers.readAll().fetchAll()).resources.map(({ id }) => id)).toEqual([
    'one',
    'two',
  ]);
  expect((await client.databases.readAll().fetchAll()).resources.map(({ id }) => id)).toEqual(['city']);

  const nested = database.container('two');
  await nested.items.create({ id: 'a', site: { id: 's1' } });
  expect((await nested.item('a', 's1').read()).resource.site).toEqual({ id: 's1' });

  await container.items.create({ id: 'a', key: 'k' });
  await container.delete();
  expect(await refusal(container.items.create({ id: 'a', key: 'k' }))).toMatchObject({
    code: 404,
    substatus: 1003,
  });
  await cosmos.container({ id: 'one' }, client);
  expect((await container.item('a', 'k').read()).statusCode).toBe(404);
  await database.delete();
  expect(await refusal(database.read())).toMatchObject({ code: 404 });
});
