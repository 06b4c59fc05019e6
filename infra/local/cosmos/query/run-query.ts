import { createHash } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import { type Answer, notImplemented, refuse } from '../answer.ts';
import type { Container } from '../container.ts';
import { type IndexColumn, indexesOf, indexName } from '../container-indexes.ts';
import { composites, type IndexingPolicy, isIndexed, namedPaths } from '../indexing-policy.ts';
import type { Item, StoredItem } from '../item.ts';
import { jsonType, jsonValue, type Path } from '../json-path.ts';
import { valueAt } from '../partition-key.ts';
import { queryCharge } from '../request-charge.ts';
import { checkPath, conditionSql } from './condition-sql.ts';
import { continuationToken, readContinuation } from './continuation.ts';
import type { Wrapping } from './plan.ts';
import type { Condition, Query } from './query.ts';

export interface QueryRequest {
  query: Query;
  /** What the query was read from: a continuation is bound to it. */
  source: string;
  /** Null: across partitions. */
  pk: string | null;
  /** Items a page, at most. */
  pageSize: number;
  continuation: string | undefined;
  wrapping: Wrapping;
}

export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_SIZE = 1000;
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** One page of a query. `nowS`: items that have expired by then are not there. */
export function runQuery(container: Container, request: QueryRequest, nowS: number): Answer {
  const { query } = request;
  const keyPath = container.keyPaths.length === 1 ? container.keyPaths[0] : undefined;
  const terms = ['(expires_at IS NULL OR expires_at > ?)'];
  const values: SQLInputValue[] = [nowS];
  if (request.pk !== null) {
    terms.push('pk = ?');
    values.push(request.pk);
  }
  if (query.where !== undefined) {
    const part = conditionSql(query.where, keyPath);
    terms.push(part.sql);
    values.push(...part.values);
  }
  if (query.projection.kind === 'aggregate') return aggregate(container, request, terms, values);

  const order = orderOf(container, query, request.pk);
  // As in the service: an order over several fields is read from its composite index, where only items with all stand.
  if (query.orderBy.length > 1)
    terms.push(...query.orderBy.map(({ path }) => `${jsonType(path)} IS NOT NULL`));
  const tag = createHash('sha256')
    .update(`${request.source}\n${request.pk}`)
    .digest('base64url')
    .slice(0, 16);
  const from = request.continuation === undefined ? undefined : readContinuation(request.continuation, tag);
  let { offset } = query;
  let limit = query.limit ?? Number.POSITIVE_INFINITY;
  if (from !== undefined) {
    const after = afterSql(order, from.after);
    terms.push(after.sql);
    values.push(...after.values);
    offset = 0;
    limit = from.limit ?? Number.POSITIVE_INFINITY;
  }
  const page = Math.min(request.pageSize, limit, MAX_PAGE_SIZE);
  const by = request.pk === null ? '' : ` INDEXED BY ${partitionIndex(container, order)}`;
  const columns = order.map(({ sql }, i) => `${sql} AS o${i}`).join(', ');
  const rows = container.all(
    `SELECT n, pk, id, etag, ts, body, ${columns} FROM ${container.table}${by} WHERE ${terms.join(' AND ')}
     ORDER BY ${order.map(({ sql, descending }) => `${sql}${descending ? ' DESC' : ''}`).join(', ')}
     LIMIT ${page + 1} OFFSET ${offset}`,
    values,
  );

  const documents: string[] = [];
  let bytes = 0;
  let taken = 0;
  for (const row of rows) {
    if (taken === page || (taken > 0 && bytes + row.body.length > MAX_PAGE_BYTES)) break;
    taken++;
    bytes += row.body.length;
    const text = projected(container, row, query);
    if (request.wrapping === 'ordered') documents.push(ordered(container, row, query, text));
    else if (text !== undefined) documents.push(text);
  }
  const headers: Answer['headers'] = {
    'x-ms-item-count': documents.length,
    'x-ms-request-charge': queryCharge(bytes),
  };
  if (taken < rows.length && taken < limit) {
    const last = rows[taken - 1] as unknown as Record<string, string | number | null>;
    headers['x-ms-continuation'] = continuationToken({
      after: order.map((_, i) => last[`o${i}`]!),
      limit: limit === Number.POSITIVE_INFINITY ? null : limit - taken,
      query: tag,
    });
  }
  return { status: 200, body: feed(container.rid, documents), headers };
}

interface OrderTerm {
  sql: string;
  descending: boolean;
  path?: Path;
}

/**
 * ORDER BY's fields, and then the item's name: every item has its place, so that a page can go on after it. Without an
 * ORDER BY items come as the index gives them by which they are found.
 */
function orderOf(container: Container, { orderBy, where }: Query, pk: string | null): OrderTerm[] {
  const policy = container.definition.indexingPolicy;
  for (const { path } of orderBy) checkPath(path);
  if (
    orderBy.length === 1 &&
    !onKeptColumn(orderBy[0]!.path) &&
    !isIndexed(policy, orderBy[0]!.path.map(String))
  ) {
    refuse(400, 'The index path corresponding to the specified order-by item is excluded.');
  }
  if (orderBy.length > 1 && !composites(policy).some((index) => serves(index, orderBy))) {
    refuse(
      400,
      'The order by query does not have a corresponding composite index that it can be served from.',
    );
  }
  const found = orderBy.length === 0 ? findingPath(where, policy) : undefined;
  const by = found === undefined ? orderBy : [{ path: found, descending: false }];
  const fields = by.map(({ path, descending }) => ({ sql: jsonValue(path), descending, path }));
  const backwards = by.length > 0 && by.every(({ descending }) => descending);
  const name = { sql: 'id', descending: backwards };
  return pk === null ? [...fields, { sql: 'pk', descending: backwards }, name] : [...fields, name];
}

/** Of the conditions that must hold, one on a property with an index of its own; rather an equality than a range. */
function findingPath(where: Condition | undefined, policy: IndexingPolicy): Path | undefined {
  const named = new Set(namedPaths(policy).map((path) => JSON.stringify(path)));
  const terms = where === undefined ? [] : where.kind === 'and' ? where.terms : [where];
  const usable = terms.filter(
    (term) => (term.kind === 'compare' || term.kind === 'in') && named.has(JSON.stringify(term.path)),
  ) as Extract<Condition, { kind: 'compare' | 'in' }>[];
  return (usable.find((term) => term.kind === 'compare' && term.operator === '=') ?? usable[0])?.path;
}

/** SQLite does not know how few items a partition has: the index is chosen here, by the order. */
function partitionIndex({ table, definition }: Container, order: readonly OrderTerm[]): string {
  const fields = order.flatMap(({ path, descending }) => (path === undefined ? [] : [{ path, descending }]));
  const index = indexesOf(definition.indexingPolicy).find((columns) => serves(columns, fields));
  return index === undefined ? `${table}_names` : indexName(table, index, 'partition');
}

function onKeptColumn(path: Path): boolean {
  return path.length === 1 && (path[0] === 'id' || path[0] === '_ts');
}

/** In its own order, or in the exactly opposite one. */
function serves(index: readonly IndexColumn[], orderBy: Query['orderBy']): boolean {
  if (index.length !== orderBy.length) return false;
  const same = index.map(({ path, descending }, i) => {
    const by = orderBy[i]!;
    return JSON.stringify(path) === JSON.stringify(by.path) ? descending === by.descending : undefined;
  });
  return same.every((value) => value === true) || same.every((value) => value === false);
}

function afterSql(order: readonly OrderTerm[], after: readonly (string | number | null)[]) {
  if (after.length !== order.length) refuse(400, 'Invalid Continuation Token');
  const values: SQLInputValue[] = [];
  const options = order.map(({ sql, descending }, i) => {
    const equal = order.slice(0, i).map((term, j) => {
      values.push(after[j]!);
      return `${term.sql} IS ?`;
    });
    const value = after[i]!;
    if (value === null) return [...equal, descending ? '0' : `${sql} IS NOT NULL`].join(' AND ');
    values.push(value);
    return [...equal, descending ? `(${sql} < ? OR ${sql} IS NULL)` : `${sql} > ?`].join(' AND ');
  });
  // Not needed for the answer: it lets an index start at the right place.
  const first = order[0]!;
  const start = after[0] === null || first.descending ? '' : ` AND ${first.sql} >= ?`;
  if (start !== '') values.push(after[0]!);
  return { sql: `(${options.join(' OR ')})${start}`, values };
}

/** Undefined: there is nothing to give, as with VALUE of a property that is not there. */
function projected(container: Container, row: StoredItem, { projection }: Query): string | undefined {
  if (projection.kind === 'all') return container.text(row);
  const item = JSON.parse(container.text(row)) as Item;
  if (projection.kind === 'value') return JSON.stringify(valueAt(item, projection.path));
  if (projection.kind === 'fields') {
    return JSON.stringify(
      Object.fromEntries(projection.fields.map(({ path, name }) => [name, valueAt(item, path)])),
    );
  }
  return notImplemented(`projection ${projection.kind}`);
}

/** What a client needs to merge partitions: the values it orders by, beside the result itself. */
function ordered(container: Container, row: StoredItem, query: Query, payload: string | undefined): string {
  const item = JSON.parse(container.text(row)) as Item;
  const orderByItems = query.orderBy.map(({ path }) => ({ item: valueAt(item, path) }));
  const text = JSON.stringify({ _rid: item._rid, orderByItems });
  return payload === undefined ? text : `${text.slice(0, -1)},"payload":${payload}}`;
}

/** MAX and MIN look at numbers and strings only. */
function aggregate(
  container: Container,
  { query: { projection, orderBy, offset, limit }, wrapping }: QueryRequest,
  terms: readonly string[],
  values: SQLInputValue[],
): Answer {
  if (projection.kind !== 'aggregate') return notImplemented(`aggregate of ${projection.kind}`);
  if (orderBy.length > 0 || offset > 0 || limit !== undefined) {
    notImplemented('an aggregate with ORDER BY, TOP or OFFSET');
  }
  const { path, aggregate } = projection;
  if (path !== undefined) checkPath(path);
  const counted = aggregate === 'COUNT';
  const only =
    path === undefined
      ? ''
      : ` AND ${jsonType(path)} ${counted ? 'IS NOT NULL' : "IN ('integer', 'real', 'text')"}`;
  const [row] = container.all(
    `SELECT ${aggregate}(${counted ? '*' : path === undefined ? '1' : jsonValue(path)}) AS body
     FROM ${container.table} WHERE ${terms.join(' AND ')}${only}`,
    values,
  );
  const value = (row?.body ?? undefined) as string | number | undefined;
  const documents: string[] = [];
  if (wrapping === 'aggregate') {
    const item = counted ? value : { [aggregate.toLowerCase()]: value, count: value === undefined ? 0 : 1 };
    documents.push(JSON.stringify([{ item }]));
  } else if (value !== undefined) documents.push(JSON.stringify(value));
  return {
    status: 200,
    body: feed(container.rid, documents),
    headers: { 'x-ms-item-count': documents.length, 'x-ms-request-charge': queryCharge(0) },
  };
}

function feed(containerRid: string, documents: readonly string[]): string {
  return `{"_rid":"${containerRid}","Documents":[${documents.join(',')}],"_count":${documents.length}}`;
}
