import type { Instant } from '#domain/instant.ts';
import type { Corruption, EventLog, LogBatch, LogRecord } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import {
  type DeadLetter,
  type OutcomeChunk,
  OwnershipLost,
  type Readmission,
  type Store,
  type StoreUnavailable,
} from '#domain/store.ts';
import type { Admission } from './admission.ts';
import { changesOf, type ExpectedS, settle } from './collect.ts';
import { addDeadLetters } from './dead-letters.ts';
import { type DeviceFacts, deviceDirectory } from './device-facts.ts';
import { expectedFrom } from './expected.ts';
import { outcomeBytes } from './outcome-bytes.ts';
import { deviceOf, initialState } from './partition-state.ts';
import { plainFlows } from './plain-flows.ts';
import type { JudgedRecord, Processor } from './processor.ts';
import { readmit } from './readmission.ts';
import { type DeviceStream, parseStream } from './streams.ts';
import { patientRegistry, patientStore, waitingOut } from './wait-out.ts';

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
  /** A commit follows this long after a record was read; later, up to `MOST_PAUSE_MS`, where much state makes it dear. */
  commitEveryMs: number;
  /** Or after this many readings. */
  commitEveryReadings: number;
  /** The store or the registry is out of reach; it is tried again. */
  onStoreUnavailable?: (error: StoreUnavailable) => void;
  onCommit?: (done: Committed) => void;
}

/** What one commit stored, in numbers. */
export interface Committed {
  partition: number;
  position: number;
  readings: number;
  /** Of these, dead letters. */
  refused: number;
  windows: number;
}

/**
 * Carries one partition from its checkpoint on: admit, identify, window, then outputs, ledger, state and checkpoint
 * together. Ends when `signal` aborts, with everything read stored, or quietly when another has taken the partition.
 */
export async function runPartition(options: RunnerOptions, signal: AbortSignal): Promise<void> {
  const waitOut = waitingOut((error) => options.onStoreUnavailable?.(error), signal);
  const store = patientStore(options.store, waitOut);
  const registry = patientRegistry(options.registry, waitOut);
  try {
    await carry({ ...options, store, registry }, signal);
  } catch (error) {
    if (!(error instanceof OwnershipLost)) throw error;
  }
}

async function carry(options: RunnerOptions, signal: AbortSignal): Promise<void> {
  const { log, processor, partition } = options;
  const step = await startStep(options);
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const reader = log.read(partition, step.position(), until)[Symbol.asyncIterator]();
  let next = reader.next();
  try {
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
  } finally {
    // Also where a commit failed: a reader may hold a connection.
    ended.abort();
    next.catch(() => {});
    await reader.return?.().catch(() => {});
  }
}

/**
 * Open windows are stored whole with each commit. Where they are large, as of a fleet that tells a position a second, they are
 * written less often: making their text takes no more than a forty-eighth of the time.
 */
const PAUSE_BY_TEXT = 48;
const MOST_PAUSE_MS = 10_000;

/** Records judged at a time, where one of them needs something from the store. */
const TOGETHER = 512;

async function startStep(options: RunnerOptions) {
  const { store, registry, processor, admission, partition, log } = options;
  const checkpoint = await store.checkpoint(partition);
  const streams = (await store.loadState(partition)).map(({ value }) => parseStream(value));
  const state = initialState(partition, streams);
  const bytes = outcomeBytes();
  const flows = plainFlows();
  let chunkFrom = checkpoint.position + 1;
  let position = checkpoint.position;
  let readings = 0;
  let firstReadMs: number | undefined;
  let pauseMs = options.commitEveryMs;
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
    const chunk = { partition, from: chunkFrom, to: position, registryVersion, bytes: bytes.take() };
    const changes = changesOf(state, expectedS);
    let textMs = 0;
    await store.commit({
      checkpoint: { partition, position },
      ...changes,
      state: timed(changes.state, options.nowMs, (ms) => {
        textMs = ms;
      }),
      outcomes: position >= chunkFrom ? [chunk, ...extra.outcomes] : extra.outcomes,
      deadLetters: [...deadLetters, ...extra.deadLetters],
      readmissions: extra.readmissions,
      corrupt,
    });
    pauseMs = Math.max(options.commitEveryMs, Math.min(MOST_PAUSE_MS, PAUSE_BY_TEXT * textMs));
    const windows = settle(state);
    const refused = deadLetters.reduce((n, { indices }) => n + indices.length, 0);
    options.onCommit?.({ partition, position, readings, refused, windows });
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

  const senderOf = (record: LogRecord): DeviceStream & { facts: DeviceFacts } => {
    const device = deviceOf(state, record.deviceId, record.domain);
    if (!device.facts || device.factsVersion !== registryVersion) {
      device.facts = factsOf(record.deviceId);
      device.factsVersion = registryVersion;
    }
    return device as DeviceStream & { facts: DeviceFacts };
  };

  const judge = (record: LogRecord): JudgedRecord => {
    const device = senderOf(record);
    return { record, device, judged: admission.judge(record, device.facts) };
  };

  const supply = async (records: readonly JudgedRecord[]): Promise<void> => {
    const missing = processor.missing(records);
    if (!missing) return;
    const rows = await store.loadWindows(partition, missing.slots);
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
    const due = options.nowMs() - firstReadMs >= pauseMs;
    if (pending() && (due || readings >= options.commitEveryReadings)) await commit();
  };

  const process = async (records: readonly LogRecord[]): Promise<void> => {
    for (let i = 0; i < records.length; ) {
      const record = records[i]!;
      if (takePlain(record)) i += 1;
      else {
        const judged = judge(record);
        if (processor.missing([judged])) {
          // Together with what follows, so that the store is asked once for all.
          const together = records.slice(i, i + TOGETHER).map(judge);
          await supply(together);
          for (const each of together) takeJudged(each);
          i += together.length;
        } else {
          takeJudged(judged);
          i += 1;
        }
      }
    }
  };

  /** The short way, for plain flows that need nothing from the store. */
  const takePlain = (record: LogRecord): boolean => {
    const device = senderOf(record);
    if (!admission.admitPlain(record, device.facts, flows)) return false;
    if (!processor.onPlain(state, record, device, flows)) return false;
    skipTo(record.position);
    bytes.add(flows.code, flows.length);
    position = record.position;
    readings += flows.length;
    return true;
  };

  const takeJudged = (judged: JudgedRecord): void => {
    skipTo(judged.record.position);
    bytes.add(processor.onRecord(state, judged));
    position = judged.record.position;
    readings += judged.judged.length;
    addDeadLetters(deadLetters, partition, judged);
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

/** The same items, each time they are gone through; tells how long it took to make them. */
function timed<T>(items: Iterable<T>, nowMs: () => number, tell: (ms: number) => void): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      let spentMs = 0;
      let sinceMs = nowMs();
      for (const item of items) {
        spentMs += nowMs() - sinceMs;
        yield item;
        sinceMs = nowMs();
      }
      tell(spentMs);
    },
  };
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
