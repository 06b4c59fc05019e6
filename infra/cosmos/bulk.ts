import { setTimeout as sleep } from 'node:timers/promises';
import type { BulkOperationResponse, Container, OperationInput, OperationResponse } from '@azure/cosmos';
import { StoreUnavailable } from '#domain/store.ts';
import { isPassingStatus } from '#infra/azure/outage.ts';
import { request } from './request.ts';

/** The service's and the SDK's limit for one call. */
const OPERATIONS_A_CALL = 100;
/** Two calls under way keep the line busy while an answer is read. */
const CALLS_AT_ONCE = 4;
/** Throttling that lasts longer than this is not waited out here. */
const THROTTLED_AT_MOST_MS = 10_000;
/** Where a refusal does not say how long to wait. */
const RETRY_AFTER_MS = 100;

type Answer = OperationResponse & { retryAfterMilliseconds?: number; message?: string };

/**
 * Runs independent operations, any number of them, and gives each one's answer in their order. What is throttled or
 * passing (429, 5xx) is tried again after the time the service names; any other status is for the caller to judge.
 * @throws StoreUnavailable
 */
export async function bulk(
  container: Container,
  operations: readonly OperationInput[],
  what: string,
): Promise<Answer[]> {
  const answers = new Array<Answer>(operations.length);
  let waiting = operations.map((_, i) => i);
  const giveUpAt = performance.now() + THROTTLED_AT_MOST_MS;
  while (waiting.length > 0) {
    await runCalls(container, operations, waiting, answers, what);
    const refused = waiting.filter((i) => isPassingStatus(answers[i]!.statusCode));
    if (refused.length === 0) break;
    const first = answers[refused[0]!]!;
    const waitMs = Math.max(...refused.map((i) => answers[i]!.retryAfterMilliseconds ?? RETRY_AFTER_MS));
    if (performance.now() + waitMs > giveUpAt) {
      throw new StoreUnavailable(
        `could not ${what} (Cosmos DB): ${refused.length} of ${operations.length} operations are refused with ${first.statusCode}${first.statusCode === 429 ? ' (throttled: more request units are needed than the database has)' : ''}`,
      );
    }
    await sleep(waitMs);
    waiting = refused;
  }
  return answers;
}

async function runCalls(
  container: Container,
  operations: readonly OperationInput[],
  indices: readonly number[],
  answers: Answer[],
  what: string,
): Promise<void> {
  const calls: number[][] = [];
  for (let i = 0; i < indices.length; i += OPERATIONS_A_CALL)
    calls.push(indices.slice(i, i + OPERATIONS_A_CALL));
  const turn = async (): Promise<void> => {
    for (let call = calls.shift(); call; call = calls.shift()) {
      const response = await runCall(
        container,
        call.map((i) => operations[i]!),
        what,
      );
      for (const [n, i] of call.entries()) answers[i] = response[n] as Answer;
    }
  };
  const turns = await Promise.allSettled(Array.from({ length: Math.min(CALLS_AT_ONCE, calls.length) }, turn));
  for (const t of turns) if (t.status === 'rejected') throw t.reason;
}

async function runCall(
  container: Container,
  operations: OperationInput[],
  what: string,
): Promise<BulkOperationResponse> {
  try {
    return await request(what, (abortSignal) =>
      container.items.bulk(operations, { continueOnError: true }, { abortSignal }),
    );
  } catch (error) {
    // A whole call that is throttled says when to come again, as its operations would have.
    const throttling = throttlingOf(error);
    if (!throttling) throw error;
    return operations.map(() => ({
      statusCode: 429,
      requestCharge: 0,
      retryAfterMilliseconds: throttling.retryAfterInMs ?? RETRY_AFTER_MS,
    })) as unknown as BulkOperationResponse;
  }
}

/** The refusal for throttling, which the SDK wraps in an error of its own. */
function throttlingOf(error: unknown): { retryAfterInMs?: number } | undefined {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (code === 429) return error as { retryAfterInMs?: number };
  return cause instanceof Error ? throttlingOf(cause) : undefined;
}
