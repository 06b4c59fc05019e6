import type { Container, FeedOptions, SqlQuerySpec } from '@azure/cosmos';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCosmos, refusal } from './open-cosmos.ts';

type Value = string | number | boolean | null;
interface Document {
  id: string;
  key: string;
  a?: Value;
  n: number;
  deep: { s: string };
}

const texts = ['', 'a', 'ab', 'B', 'ü', "o'clock"];
const value = fc.oneof(
  fc.constantFrom<Value>(...texts, true, false, null, 0, -1, 1.5, 1e12),
  fc.integer({ min: -3, max: 3 }),
);
const documents: Document[] = fc
  .sample(
    fc.record({
      key: fc.constantFrom('k1', 'k2', 'k3'),
      a: fc.option(value, { nil: undefined }),
      n: fc.integer({ min: 0, max: 9 }),
      deep: fc.record({ s: fc.constantFrom(...texts) }),
    }),
    { numRuns: 300, seed: 7 },
  )
  .map(({ a, ...rest }, i) => ({
    id: `i${String(i).padStart(3, '0')}`,
    ...rest,
    ...(a === undefined ? {} : { a }),
  }));

let cosmos: Awaited<ReturnType<typeof openCosmos>>;
let container: Container;

beforeAll(async () => {
  cosmos = await openCosmos();
  container = await cosmos.container({
    indexingPolicy: {
      includedPaths: [{ path: '/*' }, { path: '/n/?' }],
      excludedPaths: [{ path: '/deep/*' }],
      compositeIndexes: [
        [
          { path: '/n', order: 'ascending' },
          { path: '/id', order: 'descending' },
        ],
      ],
    },
  } as never);
  for (let i = 0; i < documents.length; i += 100) {
    await container.items.bulk(
      documents
        .slice(i, i + 100)
        .map((resourceBody) => ({ operationType: 'Create', resourceBody: { ...resourceBody } })),
    );
  }
});
afterAll(() => cosmos[Symbol.asyncDispose]());

const ids = async (query: string | SqlQuerySpec, options?: FeedOptions) =>
  (await container.items.query<{ id: string }>(query, options).fetchAll()).resources.map(({ id }) => id);
const idsOf = (list: readonly Document[]) => list.map(({ id }) => id);

// The oracle: conditions as JavaScript functions. A comparison holds only between values of one type.
interface Condition {
  text: string;
  parameters: Value[];
  holds(document: Document): boolean;
}

const fields = {
  'c.a': (document: Document) => document.a,
  'c["a"]': (document: Document) => document.a,
  'c.n': (document: Document) => document.n,
  'c.deep.s': (document: Document) => document.deep.s,
  'c.id': (document: Document) => document.id,
  'c.key': (document: Document) => document.key,
  'c.none.deeper': () => undefined,
} as const;
const field = fc.constantFrom(...(Object.keys(fields) as (keyof typeof fields)[]));

const compare = {
  '=': (x: Value, y: Value) => x === y,
  '<': (x: Value, y: Value) => x! < y!,
  '<=': (x: Value, y: Value) => x! <= y!,
  '>': (x: Value, y: Value) => x! > y!,
  '>=': (x: Value, y: Value) => x! >= y!,
} as const;

const equality = fc.tuple(field, fc.array(value, { minLength: 1, maxLength: 3 })).map(
  ([name, wanted]): Condition => ({
    text: wanted.length === 1 ? `${name} = ?` : `${name} IN (${wanted.map(() => '?').join(', ')})`,
    parameters: wanted,
    holds: (document) => wanted.some((one) => fields[name](document) === one),
  }),
);
const range = fc
  .tuple(
    field,
    fc.constantFrom(...(Object.keys(compare) as (keyof typeof compare)[])),
    value.filter((x) => typeof x === 'string' || typeof x === 'number'),
  )
  .map(
    ([name, operator, bound]): Condition => ({
      text: `${name} ${operator} ?`,
      parameters: [bound],
      holds: (document) => {
        const own = fields[name](document);
        return own !== undefined && typeof own === typeof bound && compare[operator](own, bound);
      },
    }),
  );
const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    equality,
    range,
    fc.tuple(fc.constantFrom('AND', 'OR'), tie('any'), tie('any')).map(
      ([word, left, right]): Condition => ({
        text: `(${left.text} ${word} ${right.text})`,
        parameters: [...left.parameters, ...right.parameters],
        holds: (document) =>
          word === 'AND'
            ? left.holds(document) && right.holds(document)
            : left.holds(document) || right.holds(document),
      }),
    ),
  ),
})).any;

const spec = (select: string, { text, parameters }: Condition): SqlQuerySpec => {
  let i = 0;
  return {
    query: `${select} WHERE ${text.replace(/\?/g, () => `@p${i++}`)}`,
    parameters: parameters.map((one, at) => ({ name: `@p${at}`, value: one })),
  };
};

test('a condition finds what it says, in one partition and across them', async () => {
  await fc.assert(
    fc.asyncProperty(condition, fc.boolean(), async (wanted, single) => {
      const expected = documents.filter((one) => wanted.holds(one) && (!single || one.key === 'k2'));
      const options = { maxItemCount: 1000, ...(single ? { partitionKey: 'k2' } : {}) };
      expect((await ids(spec('SELECT * FROM c', wanted), options)).sort()).toEqual(idsOf(expected));
      const counted = await container.items
        .query<number>(spec('SELECT VALUE COUNT(1) FROM c', wanted), options)
        .fetchAll();
      expect(counted.resources).toEqual([expected.length]);
    }),
    { numRuns: 80, seed: 11 },
  );
});

test('an order, an offset and a limit give the same across partitions and in one', async () => {
  const byN = (list: readonly Document[]) => [...list].sort((x, y) => x.n - y.n || (x.id < y.id ? 1 : -1));
  const k1 = documents.filter(({ key }) => key === 'k1');
  const ordered = 'SELECT c.id FROM c ORDER BY c.n ASC, c.id DESC';
  expect(await ids(ordered)).toEqual(idsOf(byN(documents)));
  expect(await ids(ordered, { partitionKey: 'k1', maxItemCount: 7 })).toEqual(idsOf(byN(k1)));
  expect(await ids('SELECT c.id FROM c ORDER BY c.n DESC, c.id ASC')).toEqual(
    idsOf(byN(documents)).reverse(),
  );
  expect(await ids(`${ordered} OFFSET 5 LIMIT 20`)).toEqual(idsOf(byN(documents)).slice(5, 25));
  expect(await ids(`${ordered} OFFSET 5 LIMIT 20`, { partitionKey: 'k1', maxItemCount: 3 })).toEqual(
    idsOf(byN(k1)).slice(5, 25),
  );
  expect(await ids('SELECT TOP 4 c.id FROM c ORDER BY c.id DESC')).toEqual(
    idsOf(documents).reverse().slice(0, 4),
  );
  expect(await ids('SELECT TOP 4 c.id FROM c ORDER BY c.id', { partitionKey: 'k1' })).toEqual(
    idsOf(k1).slice(0, 4),
  );
  expect((await ids('SELECT TOP 4 * FROM c')).length).toBe(4);
});

test('pages follow each other to the end, by tokens that another client may continue with', async () => {
  const k3 = documents.filter(({ key }) => key === 'k3');
  const inRange = ({ n }: Document) => n >= 2 && n < 8;
  for (const [query, found, options] of [
    ['SELECT * FROM c', k3, { partitionKey: 'k3' }],
    ['SELECT * FROM c ORDER BY c.n ASC, c.id DESC', k3, { partitionKey: 'k3' }],
    ['SELECT c.id FROM c ORDER BY c.n DESC', k3, { partitionKey: 'k3' }],
    ['SELECT c.id FROM c ORDER BY c.a', k3, { partitionKey: 'k3' }],
    ['SELECT c.id FROM c ORDER BY c.a DESC', k3, { partitionKey: 'k3' }],
    ['SELECT c.id FROM c WHERE c.n >= 2 AND c.n < 8', k3.filter(inRange), { partitionKey: 'k3' }],
    ['SELECT c.id FROM c WHERE c.n >= 2 AND c.n < 8', documents.filter(inRange), {}],
    ['SELECT c.id FROM c', documents, {}],
  ] as const) {
    const expected = await ids(query, { ...options, maxItemCount: 1000 });
    const seen: string[] = [];
    let continuationToken: string | undefined;
    do {
      const page = await cosmos
        .client()
        .database('city')
        .container('items')
        .items.query<{ id: string }>(query, {
          ...options,
          maxItemCount: 9,
          ...(continuationToken === undefined ? {} : { continuationToken }),
        })
        .fetchNext();
      expect(page.resources.length).toBeLessThanOrEqual(9);
      seen.push(...page.resources.map(({ id }) => id));
      continuationToken = page.continuationToken;
    } while (continuationToken);
    expect(seen, query).toEqual(expected);
    expect([...seen].sort(), query).toEqual(idsOf(found));
  }
});

test('a token continues after its item, whatever came and went in between', async () => {
  const own = await cosmos.container({ id: 'moving' });
  const put = (id: string) => own.items.upsert({ id, key: 'k' });
  for (const id of ['b', 'd', 'f', 'h']) await put(id);
  const query = own.items.query<{ id: string }>('SELECT * FROM c', { partitionKey: 'k', maxItemCount: 2 });
  expect((await query.fetchNext()).resources.map(({ id }) => id)).toEqual(['b', 'd']);
  await put('a');
  await put('e');
  await own.item('d', 'k').delete();
  expect((await query.fetchNext()).resources.map(({ id }) => id)).toEqual(['e', 'f']);
});

test('fields, values and the greatest are given as the service gives them', async () => {
  const all = async (query: string, options?: FeedOptions) =>
    (await container.items.query(query, options).fetchAll()).resources;
  const first = documents[0]!;
  const [fieldsOnly] = await all(
    `SELECT c.id, c.deep.s, c.n AS number, c.none FROM c WHERE c.id = "${first.id}"`,
  );
  expect(fieldsOnly).toEqual({ id: first.id, s: first.deep.s, number: first.n });
  expect(await all(`SELECT VALUE c.deep FROM c WHERE c.id = '${first.id}'`)).toEqual([first.deep]);
  expect(await all('SELECT VALUE r.n FROM root r WHERE r.id = "none"')).toEqual([]);
  expect(await all('SELECT VALUE MAX(c.n) FROM c')).toEqual([Math.max(...documents.map(({ n }) => n))]);
  expect(await all('SELECT VALUE MIN(c.id) FROM c', { partitionKey: 'k2' })).toEqual([
    documents.find(({ key }) => key === 'k2')!.id,
  ]);
  expect(await all('SELECT VALUE MAX(c.n) FROM c WHERE c.id = "none"')).toEqual([]);
  const [newest] = await all('SELECT TOP 1 VALUE c._ts FROM c ORDER BY c._ts DESC');
  expect(newest).toBeTypeOf('number');
});

test('an order that the indexing policy does not serve is refused, as by the service', async () => {
  expect(await refusal(ids('SELECT * FROM c ORDER BY c.n, c.key', { partitionKey: 'k1' }))).toMatchObject({
    code: 400,
    message: expect.stringContaining('composite index'),
  });
  expect(await refusal(ids('SELECT * FROM c ORDER BY c.deep.s', { partitionKey: 'k1' }))).toMatchObject({
    code: 400,
    message: expect.stringContaining('excluded'),
  });
});
