import { parentPort, workerData } from 'node:worker_threads';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS } from '#domain/instant.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { sqliteStore } from '#infra/sqlite/store.ts';
import { admission } from '#processing/admission.ts';
import { processor } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';
import type { Config } from './config.ts';
import { tellProcessing } from './processing-thread.ts';

export interface ProcessingWorkerData {
  logPath: string;
  storePath: string;
  timezone: string;
  processing: Config['processing'];
}

/** All partitions of the log, processed in a thread of their own, so that the door never waits for them. */
async function work({ logPath, storePath, timezone, processing }: ProcessingWorkerData): Promise<void> {
  const stop = new AbortController();
  parentPort!.on('message', () => stop.abort());
  const log = await readSegmentLog({ directory: logPath });
  const db = openDatabase(storePath, { durable: false });
  const store = sqliteStore(db);
  const registry = sqliteRegistry(db, Date.now);
  const rules = admission(
    { aheadMs: processing.aheadS * 1_000, behindMs: processing.behindDays * DAY_MS },
    cityTime(timezone).offsetAt,
  );
  const windows = processor({ graceMs: processing.graceS * 1_000, idleMs: processing.idleS * 1_000 });
  const told = tellProcessing(parentPort!);
  try {
    await Promise.all(
      Array.from({ length: log.partitions }, (_, partition) =>
        runPartition(
          {
            log,
            store,
            registry,
            admission: rules,
            processor: windows,
            partition,
            nowMs: () => performance.now(),
            liveTime: Date.now,
            commitEveryMs: processing.commitEveryMs,
            commitEveryReadings: 200_000,
            onCommit: told.committed,
            onStoreUnavailable: ({ message }) =>
              console.error(
                `headway: could not store what was processed, will try again\n  detail: ${message}\n  hint: is the disk full? nothing acknowledged is lost meanwhile`,
              ),
          },
          stop.signal,
        ),
      ),
    );
  } finally {
    await log.close();
    db.close();
  }
}

await work(workerData as ProcessingWorkerData);
process.exit(0);
