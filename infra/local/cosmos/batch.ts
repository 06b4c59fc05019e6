import type { DatabaseSync } from 'node:sqlite';
import { type Answer, notImplemented, refuse } from './answer.ts';
import type { Container } from './container.ts';
import { createItem, deleteItem, type Outcome, patchItem, readItem, replaceItem } from './items.ts';
import { partitionKeyText } from './partition-key.ts';
import type { RequestBudget } from './request-budget.ts';
import { transaction } from './storage.ts';

interface Operation {
  operationType: string;
  id?: string;
  resourceBody?: unknown;
  partitionKey?: string | unknown[];
  ifMatch?: string;
  ifNoneMatch?: string;
}

interface BatchRequest {
  operations: unknown;
  /** The partition key of the whole batch (a transactional one). */
  pk: string | null;
  /** Bodies of written items are left out of the answer. */
  minimal: boolean;
  continueOnError: boolean;
}

const MAX_OPERATIONS = 100;

/** Independent operations, in one SQLite transaction: each has its own outcome, and the first stays when the next fails. */
export function bulk(
  db: DatabaseSync,
  container: Container,
  request: BatchRequest,
  budget: RequestBudget,
  nowMs: number,
): Answer {
  const operations = operationList(request.operations);
  const outcomes = transaction(db, () => {
    let failed = false;
    return operations.map((operation) => {
      if (failed && !request.continueOnError) return dependencyFailed;
      const waitMs = budget.waitMs(nowMs);
      const outcome = waitMs > 0 ? throttled(waitMs) : run(container, operation, request.pk, nowMs);
      budget.spend(outcome.charge);
      if (outcome.status >= 400) failed = true;
      return outcome;
    });
  });
  return batchAnswer(outcomes, operations, request.minimal);
}

/** All of the operations on one partition key, or none of them. */
export function transactionalBatch(
  db: DatabaseSync,
  container: Container,
  request: BatchRequest,
  budget: RequestBudget,
  nowMs: number,
): Answer {
  const operations = operationList(request.operations);
  const { pk } = request;
  if (pk === null) refuse(400, 'A transactional batch needs a partition key.');
  const outcomes: Outcome[] = [];
  let failed = -1;
  db.exec('BEGIN');
  try {
    for (const operation of operations) {
      const outcome = run(container, operation, pk, nowMs);
      budget.spend(outcome.charge);
      outcomes.push(outcome);
      if (outcome.status >= 400) {
        failed = outcomes.length - 1;
        break;
      }
    }
    db.exec(failed === -1 ? 'COMMIT' : 'ROLLBACK');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
  if (failed === -1) return batchAnswer(outcomes, operations, request.minimal);
  const all = operations.map((_, i) => (i === failed ? outcomes[i]! : dependencyFailed));
  return batchAnswer(all, operations, request.minimal);
}

const dependencyFailed: Outcome = { status: 424, charge: 0 };

function throttled(waitMs: number): Outcome {
  return { status: 429, substatus: 3200, charge: 0, retryAfterMs: waitMs, message: 'Request rate is large.' };
}

function operationList(given: unknown): Operation[] {
  if (!Array.isArray(given)) refuse(400, 'A batch is a list of operations.');
  if (given.length > MAX_OPERATIONS)
    refuse(400, `Batch request has more operations than what is supported: 100.`);
  return given as Operation[];
}

function run(container: Container, operation: Operation, batchPk: string | null, nowMs: number): Outcome {
  const { operationType, id = '', resourceBody } = operation;
  const own = operation.partitionKey;
  const given = partitionKeyText(
    typeof own === 'string' || own === undefined ? own : JSON.stringify(own),
    container.keyPaths.length,
  );
  const pk = batchPk ?? given;
  if (batchPk !== null && given !== null && given !== batchPk) {
    return { status: 400, charge: 0, message: 'All operations of a batch must have its partition key.' };
  }
  if (pk === null) return { status: 400, charge: 0, message: 'PartitionKey value must be supplied.' };
  const conditions = { ifMatch: operation.ifMatch, ifNoneMatch: operation.ifNoneMatch };
  switch (operationType) {
    case 'Create':
      return createItem(container, resourceBody, pk, nowMs, { upsert: false, ...conditions });
    case 'Upsert':
      return createItem(container, resourceBody, pk, nowMs, { upsert: true, ...conditions });
    case 'Read':
      return readItem(container, pk, id, conditions);
    case 'Replace':
      return replaceItem(container, resourceBody, pk, id, nowMs, conditions);
    case 'Delete':
      return deleteItem(container, pk, id, conditions);
    case 'Patch':
      return patchItem(container, resourceBody, pk, id, nowMs, conditions);
    default:
      notImplemented(`batch operation ${operationType}`);
  }
}

/** 207 tells a client to look at each operation. */
function batchAnswer(
  outcomes: readonly Outcome[],
  operations: readonly Operation[],
  minimal: boolean,
): Answer {
  const parts = outcomes.map((outcome, i) => {
    let text = `{"statusCode":${outcome.status},"requestCharge":${outcome.charge}`;
    if (outcome.substatus !== undefined) text += `,"subStatusCode":${outcome.substatus}`;
    if (outcome.etag !== undefined) text += `,"eTag":${JSON.stringify(outcome.etag)}`;
    if (outcome.retryAfterMs !== undefined) text += `,"retryAfterMilliseconds":${outcome.retryAfterMs}`;
    if (outcome.message !== undefined) text += `,"message":${JSON.stringify(outcome.message)}`;
    const wanted = !minimal || operations[i]!.operationType === 'Read';
    if (outcome.body !== undefined && wanted) text += `,"resourceBody":${outcome.body}`;
    return `${text}}`;
  });
  const charge = outcomes.reduce((sum, outcome) => sum + outcome.charge, 0);
  return {
    status: outcomes.some(({ status }) => status >= 400) ? 207 : 200,
    body: `[${parts.join(',')}]`,
    headers: { 'x-ms-request-charge': Math.round(charge * 100) / 100 },
  };
}
