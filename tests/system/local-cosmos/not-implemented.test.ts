import { expect, test } from 'vitest';
import { openCosmos, refusal } from './open-cosmos.ts';

test('every operation and construct that is not there answers 501 by its name', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  await container.items.create({ id: 'a', key: 'k', x: 1, tags: ['t'] });
  const { database } = container;
  const query = (text: string) => container.items.query(text, { partitionKey: 'k' }).fetchAll();
  const cases: [string, () => Promise<unknown>][] = [
    ['DISTINCT', () => query('SELECT DISTINCT c.x FROM c')],
    ['GROUP', () => query('SELECT c.x FROM c GROUP BY c.x')],
    ['JOIN', () => query('SELECT t FROM c JOIN t IN c.tags')],
    ['NOT', () => query('SELECT * FROM c WHERE NOT c.x = 1')],
    ['LIKE', () => query("SELECT * FROM c WHERE c.id LIKE 'a%'")],
    ['!=', () => query('SELECT * FROM c WHERE c.x != 1')],
    ['\\+', () => query('SELECT * FROM c WHERE c.x + 1 = 2')],
    ['STARTSWITH', () => query("SELECT * FROM c WHERE STARTSWITH(c.id, 'a')")],
    ['AVG', () => query('SELECT VALUE AVG(c.x) FROM c')],
    ['SUM', () => query('SELECT VALUE SUM(c.x) FROM c')],
    ['two properties', () => query('SELECT * FROM c WHERE c.x = c.y')],
    [
      'list or an object',
      () =>
        container.items
          .query(
            { query: 'SELECT * FROM c WHERE c.x = @x', parameters: [{ name: '@x', value: [1] }] },
            { partitionKey: 'k' },
          )
          .fetchAll(),
    ],
    ['change feed', () => container.items.changeFeed('k', {}).fetchNext()],
    [
      'POST /dbs/\\*/colls/\\*/sprocs',
      () => container.scripts.storedProcedures.create({ id: 's', body: '' }),
    ],
    ['POST /dbs/\\*/users', () => database.users.create({ id: 'u' })],
    [
      'If-None-Match on a write',
      () =>
        container.items.upsert(
          { id: 'a', key: 'k' },
          { accessCondition: { type: 'IfNoneMatch', condition: '*' } },
        ),
    ],
    ['offers', () => container.readOffer()],
    ['query with POST /dbs', () => database.containers.query({ query: 'SELECT * FROM c' }).fetchAll()],
    ['triggers', () => container.items.create({ id: 't', key: 'k' }, { preTriggerInclude: ['x'] })],
    [
      'uniqueKeyPolicy',
      () =>
        database.containers.create({
          id: 'u',
          partitionKey: '/key',
          uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/x'] }] },
        }),
    ],
    [
      'condition on a patch',
      () =>
        container
          .item('a', 'k')
          .patch({ condition: 'from c', operations: [{ op: 'incr', path: '/x', value: 1 }] }),
    ],
  ];
  for (const [name, attempt] of cases) {
    const refused = await refusal(attempt());
    expect(refused.message, name).toMatch(
      new RegExp(`not implemented by the local Cosmos DB endpoint: .*${name}`),
    );
    expect(refused.code, name).toBe(501);
  }
});

test('a query that is no query is refused with 400, and says near what', async () => {
  await using cosmos = await openCosmos();
  const container = await cosmos.container();
  for (const [text, near] of [
    ['SELEC * FROM c', 'SELEC'],
    ['SELECT * FROM c WHERE', 'the end'],
    ['SELECT * FROM c WHERE c.x = ', 'the end'],
    ['SELECT * FROM c WHERE d.x = 1', "'d'"],
    ['SELECT * FROM c WHERE c.x = @x', '@x'],
    ['SELECT * FROM c WHERE c.x = "open', '"open'],
  ]) {
    const refused = await refusal(container.items.query(text!, { partitionKey: 'k' }).fetchAll());
    expect(refused, text).toMatchObject({ code: 400, message: expect.stringContaining(near!) });
  }
});
