import type { EventLog, LogEntry } from '#domain/log.ts';

/** Whoever waits for a message to be durable. */
export interface Owed {
  /** Message ids that are durable and not yet acknowledged; the intake adds to it, `acknowledge` empties it. */
  readonly durable: number[];
  acknowledge(): void;
  /** Nothing of what it sent may be acknowledged any more. */
  logUnavailable(): void;
}

/** From the door to the log: messages of one tick are appended together, and acknowledged together once durable. */
export interface DurableIntake {
  /** `messageId` 0: nobody waits for an acknowledgement. */
  take(entry: LogEntry, owed: Owed, messageId: number): void;
  /** Too much is on its way to the log: take no more until `whenRoom` calls. */
  isFull(): boolean;
  /** Calls once, when there is room. */
  whenRoom(call: () => void): void;
  /** Resolves once nothing is on its way. */
  settled(): Promise<void>;
  stats(): { messages: number; bytes: number; taken: number; durable: number; lastError: string };
}

/** A message's cost beside its payload, roughly: the entry, its place in the batch, its share of the chunk. */
const OVERHEAD_BYTES = 200;

/** How long a message waits for company: fewer, larger flushes leave the processor to the devices. */
const LINGER_MS = 1;

export function durableIntake(
  log: Pick<EventLog, 'append'>,
  limits: { inFlightMessages: number; inFlightBytes: number },
): DurableIntake {
  let entries: LogEntry[] = [];
  let senders: Owed[] = [];
  let messageIds: number[] = [];
  let messages = 0;
  let bytes = 0;
  let taken = 0;
  let durable = 0;
  let lastError = '';
  const waiting: (() => void)[] = [];
  const settling: (() => void)[] = [];

  const isFull = () => messages >= limits.inFlightMessages || bytes >= limits.inFlightBytes;

  function take(entry: LogEntry, owed: Owed, messageId: number): void {
    if (entries.length === 0) setTimeout(flush, LINGER_MS);
    entries.push(entry);
    senders.push(owed);
    messageIds.push(messageId);
    messages++;
    taken++;
    bytes += entry.payload.length + OVERHEAD_BYTES;
  }

  async function flush(): Promise<void> {
    const batch = entries;
    const from = senders;
    const ids = messageIds;
    entries = [];
    senders = [];
    messageIds = [];
    try {
      await log.append(batch);
      durable += batch.length;
      acknowledge(from, ids);
    } catch (error) {
      lastError = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      for (const sender of new Set(from)) sender.logUnavailable();
    }
    messages -= batch.length;
    for (const { payload } of batch) bytes -= payload.length + OVERHEAD_BYTES;
    if (!isFull()) for (const call of waiting.splice(0)) call();
    if (messages === 0) for (const call of settling.splice(0)) call();
  }

  return {
    take,
    isFull,
    whenRoom: (call) => void waiting.push(call),
    settled: () =>
      messages === 0 ? Promise.resolve() : new Promise((resolve) => void settling.push(resolve)),
    stats: () => ({ messages, bytes, taken, durable, lastError }),
  };
}

function acknowledge(senders: readonly Owed[], messageIds: readonly number[]): void {
  const touched: Owed[] = [];
  for (let i = 0; i < senders.length; i++) {
    const id = messageIds[i]!;
    if (id === 0) continue;
    const sender = senders[i]!;
    if (sender.durable.length === 0) touched.push(sender);
    sender.durable.push(id);
  }
  for (const sender of touched) sender.acknowledge();
}
