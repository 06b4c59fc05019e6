import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS } from '#domain/instant.ts';
import { StoreUnavailable } from '#domain/store.ts';
import { hotPeriodS } from '#infra/cosmos/hot-period.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { autoscalerPositions } from '#infra/event-hubs/autoscaler-positions.ts';
import { balancePartitions, blobOwnership } from '#infra/event-hubs/partition-balancer.ts';
import { admission } from '#processing/admission.ts';
import { processor } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';
import { reachAzure } from './azure-services.ts';
import { type Config, mustKeepWindows } from './config.ts';
import { tellProcessing } from './processing-thread.ts';

export interface AzureProcessingData {
  config: Config;
  timezone: string;
}

/** Partitions that can still be stored are given up in order before we die of another. */
const LAST_WORDS_MS = 15_000;

/** Those partitions of the hub that fall to this process, each carried on from its blob. */
async function work({ config, timezone }: AzureProcessingData): Promise<void> {
  const stop = new AbortController();
  parentPort!.on('message', () => stop.abort());
  const { database, checkpoints, container, log: openLog, close } = await reachAzure(config);
  const keptS = await hotPeriodS(database);
  mustKeepWindows(
    keptS && (keptS * 1_000) / DAY_MS,
    config.processing.behindDays,
    `the time to live of windows in ${config.cosmos.database}`,
  );
  const trouble = (message: string): void => console.error(`headway: ${message}`);
  const log = await openLog(trouble);
  const { graceS, idleS, aheadS, behindDays, commitEveryMs } = config.processing;
  const intervalMs = config.balance.intervalS * 1_000;
  const rules = admission(
    { aheadMs: aheadS * 1_000, behindMs: behindDays * DAY_MS },
    cityTime(timezone).offsetAt,
  );
  const windows = processor({ graceMs: graceS * 1_000, idleMs: idleS * 1_000 });
  const registry = cosmosRegistry(database, Date.now);
  const tellAutoscaler = autoscalerPositions(await container('checkpoints'), log.group, () =>
    performance.now(),
  );
  const told = tellProcessing(parentPort!);
  const running = new Map<number, { stop: AbortController; ended: Promise<void> }>();
  const died = Promise.withResolvers<never>();

  /** Until `signal` aborts. Of two that took a partition at one moment, it may fall to the one whom the other threw off. */
  const carry = async (partition: number, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await runPartition(
        {
          log,
          // What was lost once stays lost to a store.
          store: cosmosStore({ database, blobs: checkpoints, clock: Date.now }),
          registry,
          admission: rules,
          processor: windows,
          partition,
          nowMs: () => performance.now(),
          liveTime: Date.now,
          commitEveryMs,
          commitEveryReadings: 20_000,
          onCommit: (done) => {
            tellAutoscaler(done);
            told.committed(done);
          },
          onStoreUnavailable: ({ message }) =>
            trouble(
              `the store can not be reached, will try again\n  detail: ${message}\n  hint: nothing acknowledged is lost meanwhile`,
            ),
        },
        signal,
      );
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
    }
  };

  const run = (partition: number): void => {
    const mine = new AbortController();
    const ended = carry(partition, mine.signal).catch((error: unknown) => {
      // What was read and not stored is in the log, for the next owner.
      if (mine.signal.aborted && error instanceof StoreUnavailable) trouble(error.message);
      else died.reject(error);
    });
    running.set(partition, { stop: mine, ended });
  };

  const balancing = balancePartitions(
    {
      store: blobOwnership(await container('ownership')),
      group: log.group,
      ownerId: `${hostname()}-${process.pid}-${randomUUID()}`,
      partitions: log.partitions,
      intervalMs,
      expiryMs: config.balance.expiryS * 1_000,
      onClaim: run,
      onLost: async (partition) => {
        const lost = running.get(partition);
        running.delete(partition);
        lost?.stop.abort();
        await lost?.ended;
      },
      onTrouble: trouble,
    },
    stop.signal,
  );
  try {
    await Promise.race([balancing, died.promise]);
  } catch (error) {
    stop.abort();
    await Promise.race([balancing, sleep(LAST_WORDS_MS)]);
    throw error;
  } finally {
    await log.close();
    close();
  }
}

await work(workerData as AzureProcessingData);
process.exit(0);
