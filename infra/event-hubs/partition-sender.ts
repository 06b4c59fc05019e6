import type { EventData, EventDataBatch } from '@azure/event-hubs';
import { LogUnavailable } from '#domain/log.ts';
import { reasonOf } from './clients.ts';

/** Sends to one partition, one batch at a time: what comes while a batch is on its way makes the next. */
export interface PartitionSender {
  /** Resolves when the service has accepted all of them, in this order. */
  add(events: readonly EventData[]): Promise<void>;
}

export interface PartitionSenderOptions {
  /** Named in errors. */
  name: string;
  newBatch(): Promise<EventDataBatch>;
  send(batch: EventDataBatch): Promise<void>;
}

interface Call {
  events: readonly EventData[];
  next: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Encoding keeps the event loop for about 15 ms. */
const MOST_EVENTS = 1_000;

/**
 * Two batches on their way at once could arrive in the wrong order when the first is tried again. After a failure
 * whatever waits behind is refused with it, for the same reason.
 */
export function partitionSender(options: PartitionSenderOptions): PartitionSender {
  const { name, newBatch, send } = options;
  let calls: Call[] = [];
  let underWay: Call[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (calls.length > 0) {
      try {
        const batch = await newBatch();
        fill(batch);
        if (batch.count > 0) await send(batch);
        for (const call of underWay) call.resolve();
        underWay = [];
      } catch (error) {
        refuseAll(error);
      }
    }
    running = false;
  }

  /** Takes events from the calls in order. Those calls whose last event it takes end with this batch. */
  function fill(batch: EventDataBatch): void {
    let complete = 0;
    for (const call of calls) {
      while (call.next < call.events.length && batch.count < MOST_EVENTS) {
        const event = call.events[call.next]!;
        if (batch.tryAdd(event)) call.next += 1;
        else if (batch.count > 0) break;
        else {
          call.reject(oversized(event, batch.maxSizeInBytes));
          call.next = call.events.length;
        }
      }
      if (call.next < call.events.length) break;
      complete += 1;
    }
    underWay = calls.slice(0, complete);
    calls = calls.slice(complete);
  }

  function refuseAll(error: unknown): void {
    const refused = [...underWay, ...calls];
    underWay = [];
    calls = [];
    const events = refused.reduce((sum, call) => sum + call.events.length, 0);
    const reason = new LogUnavailable(
      `${name} did not take ${events} event${events === 1 ? '' : 's'}: ${reasonOf(error)}`,
      { cause: error },
    );
    for (const call of refused) call.reject(reason);
  }

  return {
    add(events) {
      return new Promise((resolve, reject) => {
        calls.push({ events, next: 0, resolve, reject });
        if (!running) void run();
      });
    },
  };
}

function oversized(event: EventData, maxBytes: number): RangeError {
  const { deviceId } = event.properties ?? {};
  return new RangeError(
    `a record of ${event.body.length} bytes from ${String(deviceId).slice(0, 64)} is more than an event may be, ${maxBytes} bytes with its properties`,
  );
}
