import type { IncomingHttpHeaders } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { type Answer, json, notImplemented, Refused, refusalAnswer, refuse } from './answer.ts';
import { bulk, transactionalBatch } from './batch.ts';
import type { Container } from './container.ts';
import { createItem, deleteItem, type Outcome, patchItem, readItem, replaceItem } from './items.ts';
import { partitionKeyText } from './partition-key.ts';
import { parseQuery } from './query/parse.ts';
import { needsPlan, queryPlan, rewritten } from './query/plan.ts';
import type { Query } from './query/query.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, runQuery } from './query/run-query.ts';
import type { RequestBudget } from './request-budget.ts';

export interface DocumentsRequest {
  method: string;
  headers: IncomingHttpHeaders;
  /** JSON text. */
  body: string;
  container: Container;
  /** Of the item that the path names, if it names one. */
  id: string | undefined;
}

const MAX_BATCH_BYTES = 2 * 1024 * 1024;

/** What a client asks of `/docs`. Told apart by headers, as the protocol has it. */
export function documents(db: DatabaseSync, budget: RequestBudget, now: () => number) {
  return (request: DocumentsRequest): Answer => {
    const { method, headers, id } = request;
    const nowMs = now();
    if (headers['a-im'] !== undefined) notImplemented('change feed');
    if (headers['x-ms-start-epk'] !== undefined) notImplemented('a query over a part of the key range');
    if (triggers.some((name) => headers[name] !== undefined)) notImplemented('triggers');
    const planning = is(headers['x-ms-cosmos-is-query-plan-request']);
    const waitMs = planning ? 0 : budget.waitMs(nowMs);
    if (waitMs > 0) {
      throw new Refused({
        status: 429,
        substatus: 3200,
        message: 'Request rate is large.',
        retryAfterMs: waitMs,
      });
    }
    const answer = id === undefined ? onCollection(request, nowMs) : onItem(method, request, id, nowMs);
    if (!is(headers['x-ms-cosmos-is-batch-request']))
      budget.spend(Number(answer.headers['x-ms-request-charge'] ?? 0));
    return answer;
  };

  function onCollection(request: DocumentsRequest, nowMs: number): Answer {
    const { method, headers, container } = request;
    const pk = keyOf(headers, container);
    if (method === 'GET') return query(request, { text: 'SELECT * FROM c', parameters: [] }, pk, nowMs);
    if (method !== 'POST') notImplemented(`${method} docs`);
    const body = parsed(request.body);
    if (is(headers['x-ms-cosmos-is-batch-request'])) {
      if (Buffer.byteLength(request.body) > MAX_BATCH_BYTES)
        refuse(413, 'Request size is too large: a batch is at most 2 MB.');
      const batch = {
        operations: body,
        pk,
        minimal: headers.prefer === 'return=minimal',
        continueOnError: String(headers['x-ms-cosmos-batch-continue-on-error']).toLowerCase() !== 'false',
      };
      const atomic = is(headers['x-ms-cosmos-batch-atomic']);
      return (atomic ? transactionalBatch : bulk)(db, container, batch, budget, nowMs);
    }
    const asked = queryOf(headers, body);
    if (asked !== undefined) {
      if (is(headers['x-ms-cosmos-is-query-plan-request'])) return plan(asked);
      return query(request, asked, pk, nowMs);
    }
    const conditions = { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
    return answerOf(
      createItem(container, body, pk, nowMs, {
        upsert: is(headers['x-ms-documentdb-is-upsert']),
        ...conditions,
      }),
    );
  }

  function onItem(method: string, request: DocumentsRequest, id: string, nowMs: number): Answer {
    const { headers, container } = request;
    const pk = keyOf(headers, container);
    if (pk === null) refuse(400, 'PartitionKey value must be supplied for this operation.');
    const conditions = { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
    switch (method) {
      case 'GET':
        return answerOf(readItem(container, pk, id, conditions));
      case 'PUT':
        return answerOf(replaceItem(container, parsed(request.body), pk, id, nowMs, conditions));
      case 'PATCH':
        return answerOf(patchItem(container, parsed(request.body), pk, id, nowMs, conditions));
      case 'DELETE':
        return answerOf(deleteItem(container, pk, id, conditions));
      default:
        return notImplemented(`${method} document`);
    }
  }

  function query(
    { headers, container }: DocumentsRequest,
    { text, parameters }: QueryText,
    pk: string | null,
    nowMs: number,
  ): Answer {
    let query = parseQuery(text, byName(parameters));
    const { wrapping, unskipped } = rewritten(text);
    if (unskipped && query.limit !== undefined)
      query = { ...query, offset: 0, limit: query.offset + query.limit };
    if (pk === null && headers['x-ms-documentdb-partitionkeyrangeid'] === undefined && needsPlan(query)) {
      return refusedWithPlan(text, query);
    }
    const pageSize = Number(headers['x-ms-max-item-count'] ?? DEFAULT_PAGE_SIZE);
    const continuation = headers['x-ms-continuation'];
    return runQuery(
      container,
      {
        query,
        source: JSON.stringify([text, parameters]),
        pk,
        // -1 leaves the size to the service.
        pageSize: pageSize > 0 ? pageSize : MAX_PAGE_SIZE,
        continuation: typeof continuation === 'string' && continuation !== '' ? continuation : undefined,
        wrapping,
      },
      Math.floor(nowMs / 1000),
    );
  }
}

const triggers = ['x-ms-documentdb-pre-trigger-include', 'x-ms-documentdb-post-trigger-include'];

interface QueryText {
  text: string;
  parameters: readonly { name: string; value?: unknown }[];
}

/** Undefined: the request is not a query. */
function queryOf(headers: IncomingHttpHeaders, body: unknown): QueryText | undefined {
  const asked =
    is(headers['x-ms-documentdb-isquery']) ||
    is(headers['x-ms-cosmos-is-query-plan-request']) ||
    headers['content-type'] === 'application/query+json';
  if (!asked) return undefined;
  const { query, parameters } = body as { query?: unknown; parameters?: QueryText['parameters'] };
  if (typeof query !== 'string') refuse(400, 'A query has a text.');
  return { text: query, parameters: parameters ?? [] };
}

function byName(parameters: QueryText['parameters']): Map<string, unknown> {
  return new Map(parameters.map(({ name, value }) => [name, value]));
}

function plan({ text, parameters }: QueryText): Answer {
  return json(200, queryPlan(text, parseQuery(text, byName(parameters))));
}

/** So the service's gateway does, and the SDK then fetches the plan and merges the partitions itself. */
function refusedWithPlan(text: string, query: Query): Answer {
  return json(400, {
    code: 'BadRequest',
    message:
      'Cross partition query only supports plain projection and filter; this one needs its query plan.',
    additionalErrorInfo: JSON.stringify(queryPlan(text, query)),
  });
}

function keyOf(headers: IncomingHttpHeaders, container: Container): string | null {
  const given = headers['x-ms-documentdb-partitionkey'];
  return partitionKeyText(typeof given === 'string' ? given : undefined, container.keyPaths.length);
}

function is(header: string | string[] | undefined): boolean {
  return String(header).toLowerCase() === 'true';
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return refuse(400, 'The input content is invalid JSON.');
  }
}

function answerOf(outcome: Outcome): Answer {
  const charge = { 'x-ms-request-charge': outcome.charge };
  if (outcome.status >= 400) {
    const { status, substatus, message = '' } = outcome;
    const refused = refusalAnswer({ status, message, ...(substatus === undefined ? {} : { substatus }) });
    return { ...refused, headers: { ...refused.headers, ...charge } };
  }
  const etag = outcome.etag === undefined ? {} : { etag: outcome.etag };
  return { status: outcome.status, body: outcome.body ?? null, headers: { ...charge, ...etag } };
}
