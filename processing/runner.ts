import type { Instant } from '#domain/instant.ts';
import type { Corruption, EventLog, LogBatch, LogRecord } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import {
  type Commit,
  type DeadLetter,
  type OutcomeChunk,
  type Readmission,
  type Store,
  StoreUnavailable,
} from '#domain/store.ts';
import type { Admission } from './admission.ts';
import { addDeadLetters } from './dead-letters.ts';
import { type DeviceFacts, deviceDirectory } from './device-facts.ts';
import { expectedFrom } from './expected.ts';
import { outcomeBytes } from './outcome-bytes.ts';
import type { ExpectedS, JudgedRecord, Processor } from './processor.ts';
import { readmit } from './readmission.ts';
import { parseStream, serialiseStream } from './streams.ts';

export interface RunnerOptions {
  log: Pick<EventLog, 'read'>;
  store: Store;
  registry: Registry;
  admission: Admission;
  processor: Processor;
  partition: number;
  /** Monotonic milliseconds, to pace commits. */
  nowMs: () => number;
  /** Live time for idle closing, asked only when everything received has been read; absent: no idle closing. */
  liveTime?: () => Instant;
  /** A commit follows at the latest this long after a record was read. */
  commitEveryMs: number;
  /** Or after this many readings. */
  commitEveryReadings: number;
  /** The store could not take a commit; it is tried again. */
  onStoreUnavailable?: (error: StoreUnavailable) => void;
  onCommit?: (done: { partition: number; position: number; readings: number; windows: number }) => void;
}

/**
 * Carries one partition from its checkpoint on: admit, identify, window, then outputs, ledger, state and checkpoint
 * together. Ends when `signal` aborts, with everything read stored.
 */
export async function runPartition(options: RunnerOptions, signal: AbortSignal): Promise<void> {
  const { log, processor, partition } = options;
  const step = await startStep(options, signal);
  const reader = log.read(partition, step.position(), signal)[Symbol.asyncIterator]();
  let next = reader.next();
  for (;;) {
    const waited = await within(next, options.commitEveryMs);
    if (waited === 'elapsed') {
      if (options.liveTime) processor.onTime(step.state, options.liveTime());
      if (step.pending() || step.state.touched.length > 0) await step.commit();
      continue;
    }
    if (waited.done) break;
    await step.take(waited.value);
    next = reader.next();
  }
  if (step.pending()) await step.commit();
}

async function startStep(options: RunnerOptions, signal: AbortSignal) {
  const { store, registry, processor, admission, partition, log } = options;
  const checkpoint = await store.checkpoint(partition);
  const streams = (await store.loadState(partition)).map(({ value }) => parseStream(value));
  const state = processor.initial(partition, streams);
  const bytes = outcomeBytes();
  let chunkFrom = checkpoint.position + 1;
  let position = checkpoint.position;
  let readings = 0;
  let firstReadMs: number | undefined;
  let deadLetters: DeadLetter[] = [];
  let corrupt: Corruption[] = [];
  let registryVersion = -1;
  let factsOf: (deviceId: string) => DeviceFacts;
  let expectedS: ExpectedS;

  const commit = async (
    extra: { outcomes: OutcomeChunk[]; deadLetters: DeadLetter[]; readmissions: Readmission[] } = {
      outcomes: [],
      deadLetters: [],
      readmissions: [],
    },
  ): Promise<void> => {
    if (registryVersion < 0) await refresh();
    processor.onTime(state);
    const collected = processor.collect(state, expectedS);
    const chunk = { partition, from: chunkFrom, to: position, registryVersion, bytes: bytes.take() };
    await commitOrWait(options, signal, {
      checkpoint: { partition, position },
      windows: collected.windows,
      ledger: collected.ledger,
      outcomes: position >= chunkFrom ? [chunk, ...extra.outcomes] : extra.outcomes,
      deadLetters: [...deadLetters, ...extra.deadLetters],
      readmissions: extra.readmissions,
      corrupt,
      state: collected.touched.map((d) => ({ key: d.deviceId, value: serialiseStream(d) })),
    });
    options.onCommit?.({ partition, position, readings, windows: collected.windows.length });
    chunkFrom = position + 1;
    readings = 0;
    firstReadMs = undefined;
    deadLetters = [];
    corrupt = [];
  };

  const pending = (): boolean => position >= chunkFrom;

  /** Before anything can be refused as unknown. A range of the log is judged by one version. */
  const refresh = async (): Promise<void> => {
    const version = await registry.version();
    if (version === registryVersion) return;
    if (registryVersion >= 0 && pending()) await commit();
    const view = await registry.view(version);
    registryVersion = version;
    factsOf = deviceDirectory(view);
    expectedS = expectedFrom(view);
  };

  const judge = (record: LogRecord): JudgedRecord => {
    const device = processor.deviceOf(state, record.deviceId, record.domain);
    if (!device.facts || device.factsVersion !== registryVersion) {
      device.facts = factsOf(record.deviceId);
      device.factsVersion = registryVersion;
    }
    return { record, device, judged: admission.judge(record, device.facts) };
  };

  const supply = async (records: readonly JudgedRecord[]): Promise<void> => {
    const missing = processor.missing(records);
    if (missing.slots.length === 0 && missing.ledger.length === 0) return;
    const rows = await store.loadWindows(missing.slots);
    processor.provide(state, missing, rows, await store.loadLedger(partition, missing.ledger));
  };

  const take = async (batch: LogBatch): Promise<void> => {
    await refresh();
    for (let from = 0; from < batch.records.length; ) {
      const order = batch.records.findIndex((r, i) => i >= from && r.type === 'readmit');
      const to = order < 0 ? batch.records.length : order;
      await process(batch.records.slice(from, to));
      if (order >= 0) await obey(batch.records[order]!);
      from = order < 0 ? to : order + 1;
    }
    for (const c of batch.corrupt) {
      corrupt.push(c);
      skipTo(c.to + 1);
    }
    firstReadMs ??= options.nowMs();
    const due = options.nowMs() - firstReadMs >= options.commitEveryMs;
    if (pending() && (due || readings >= options.commitEveryReadings)) await commit();
  };

  const process = async (records: readonly LogRecord[]): Promise<void> => {
    const judgedRecords = records.map(judge);
    await supply(judgedRecords);
    for (const judged of judgedRecords) {
      skipTo(judged.record.position);
      bytes.add(processor.onRecord(state, judged));
      position = judged.record.position;
      readings += judged.judged.length;
      addDeadLetters(deadLetters, partition, judged);
    }
  };

  /** An order to readmit changes what is already stored, so what came before it is stored first. */
  const obey = async (order: LogRecord): Promise<void> => {
    if (pending()) await commit();
    skipTo(order.position);
    const changes = await readmit({
      order,
      partition,
      registryVersion,
      log,
      store,
      processor,
      state,
      judge,
      supply,
    });
    bytes.add([]);
    position = order.position;
    await commit(changes);
  };

  /** Positions that hold no record any more have no readings. */
  const skipTo = (target: number): void => {
    while (position < target - 1) {
      bytes.add([]);
      position += 1;
    }
  };

  return { state, position: () => position, pending, take, commit };
}

const RETRY_FROM_MS = 500;
const RETRY_AT_MOST_MS = 15_000;

/** A full disk or a locked store is waited out: what was acknowledged is in the log, and stays there. */
async function commitOrWait(options: RunnerOptions, signal: AbortSignal, commit: Commit): Promise<void> {
  for (let waitMs = RETRY_FROM_MS; ; waitMs = Math.min(2 * waitMs, RETRY_AT_MOST_MS)) {
    try {
      return await options.store.commit(commit);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || signal.aborted) throw error;
      options.onStoreUnavailable?.(error);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | 'elapsed'> {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<'elapsed'>((resolve) => {
    timer = setTimeout(() => resolve('elapsed'), ms);
  });
  try {
    return await Promise.race([work, elapsed]);
  } finally {
    clearTimeout(timer);
  }
}
