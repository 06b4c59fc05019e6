import {
  type EventHubConsumerClient,
  earliestEventPosition,
  type ReceivedEventData,
  type Subscription,
} from '@azure/event-hubs';
import type { Corruption, LogBatch } from '#domain/log.ts';
import { OwnershipLost } from '#domain/store.ts';
import { codeOf, reasonOf } from './clients.ts';
import { recordOf } from './event-record.ts';
import { gatewayClocks } from './gateway-clocks.ts';

export interface ReadEventsOptions {
  /** Closed at the end. */
  client: EventHubConsumerClient;
  partition: number;
  partitionId: string;
  after: number;
  signal: AbortSignal;
  /** A reader with a greater or equal level throws this one off; absent, any with a level does. */
  ownerLevel?: number | undefined;
  onTrouble(message: string): void;
}

/** A partition gives about this many each 20 ms at most: so long the SDK waits for company after the first event. */
const BATCH_EVENTS = 1_000;
const PREFETCHED_EVENTS = 2_000;

/** An idle receiver looks this often whether it still has a connection. */
const LOOK_S = 1;

/** How long a batch may wait to be taken before what the SDK has fetched behind it is let go. */
const STALL_MS = 1_000;

/** Credit that a subscription may have gathered when full batches begin to come. */
const MOST_CREDIT = 32_000;

const RENEW_AFTER_TROUBLE_MS = 1_000;

/**
 * A partition from `after` on. Subscribes anew, from where it stands, after whatever ends a subscription.
 *
 * In @azure/event-hubs 6.0.4 credit grows with every cycle that finds less than a full batch, without a bound
 * (Azure/azure-sdk-for-js issue 39452): after an idle hour, the service may send more than the memory holds. So a
 * subscription is let go, with what it has fetched, when batches are not taken, and when they come full after much
 * credit was given.
 *
 * @throws OwnershipLost when another reader has thrown this one off.
 */
export async function* readEvents(options: ReadEventsOptions): AsyncGenerator<LogBatch, void, void> {
  const { client, partition, partitionId, signal, ownerLevel, onTrouble } = options;
  const clocks = gatewayClocks(client.eventHubName, onTrouble, () => performance.now());
  let position = options.after;
  /** A reader that asks for the oldest kept does not miss what expired before it came. */
  let missesExpired = options.after >= 0;
  let subscription: Subscription | undefined;
  let closing: Promise<void> | undefined;
  let credit = 0;
  let returnedMs = 0;
  let pauseMs = 0;
  let ready: LogBatch | undefined;
  let failure: Error | undefined;
  let taken = (): void => {};
  let wake = (): void => {};

  function subscribe(): void {
    credit = 0;
    returnedMs = performance.now();
    let current = true;
    const mine = client.subscribe(
      partitionId,
      {
        async processEvents(events) {
          if (!current) return;
          credit += (performance.now() - returnedMs < 15 ? 0 : PREFETCHED_EVENTS) - events.length;
          const batch = batchOf(events);
          if (batch !== undefined) {
            ready = batch;
            wake();
            await takenOrStalled(() => current);
          }
          if (current && events.length === BATCH_EVENTS && credit > MOST_CREDIT) letGo();
          returnedMs = performance.now();
        },
        async processError(error) {
          if (!current) return;
          const code = codeOf(error);
          if (code === 'ReceiverDisconnectedError') fail(takenOver(error));
          else if (code === 'ArgumentError' || code === 'ArgumentOutOfRangeError') fail(misplaced(error));
          else onTrouble(`reading partition ${partition} of ${client.eventHubName}: ${reasonOf(error)}`);
          if ((error as { retryable?: boolean }).retryable === true) return;
          pauseMs = RENEW_AFTER_TROUBLE_MS;
          letGo();
        },
      },
      {
        startPosition:
          position < 0 ? earliestEventPosition : { sequenceNumber: position, isInclusive: false },
        maxBatchSize: BATCH_EVENTS,
        prefetchCount: PREFETCHED_EVENTS,
        maxWaitTimeInSeconds: LOOK_S,
        skipParsingBodyAsJson: true,
        ...(ownerLevel !== undefined && { ownerLevel }),
      },
    );
    subscription = {
      get isRunning() {
        return mine.isRunning;
      },
      close() {
        current = false;
        return mine.close();
      },
    };
  }

  /** Ends the subscription; what it had fetched is fetched again by the next. */
  function letGo(): void {
    closing = subscription?.close().catch(() => {}) ?? closing;
    subscription = undefined;
    wake();
  }

  function fail(error: Error): void {
    failure = error;
    wake();
  }

  function batchOf(events: readonly ReceivedEventData[]): LogBatch | undefined {
    const fresh = events.filter(({ sequenceNumber }) => sequenceNumber > position);
    if (fresh.length === 0) return undefined;
    clocks.compare(fresh);
    const corrupt: Corruption[] = [];
    for (const { sequenceNumber } of fresh) {
      if (sequenceNumber > position + 1 && missesExpired)
        corrupt.push({
          from: position + 1,
          to: sequenceNumber - 1,
          detail: `events ${position + 1} to ${sequenceNumber - 1} of partition ${partitionId} of ${client.eventHubName} are gone: retention`,
        });
      missesExpired = true;
      position = sequenceNumber;
    }
    return { partition, records: fresh.map(recordOf), corrupt };
  }

  async function takenOrStalled(isCurrent: () => boolean): Promise<void> {
    const stall = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      if (isCurrent()) letGo();
      stall.resolve();
    }, STALL_MS);
    taken = stall.resolve;
    await stall.promise;
    clearTimeout(timer);
  }

  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      if (ready !== undefined) {
        const batch = ready;
        ready = undefined;
        taken();
        yield batch;
        continue;
      }
      if (failure !== undefined) throw failure;
      if (subscription === undefined) {
        await closing;
        if (pauseMs > 0) await pause(pauseMs, signal);
        pauseMs = 0;
        if (!signal.aborted) subscribe();
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted || ready !== undefined || failure !== undefined || subscription === undefined)
          resolve();
      });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    taken();
    letGo();
    await closing;
    await client.close().catch(() => {});
  }

  function takenOver(error: unknown): OwnershipLost {
    return new OwnershipLost(
      `partition ${partition} of ${client.eventHubName} is read by another now: ${reasonOf(error)}`,
      { cause: error },
    );
  }

  function misplaced(error: unknown): Error {
    return new Error(
      `can not read partition ${partition} of ${client.eventHubName} after ${position}: ${reasonOf(error)} Was the hub made anew? Then its positions start from 0 again: use an empty data directory.`,
      { cause: error },
    );
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
