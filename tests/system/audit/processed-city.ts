import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataDirectory, openDataDirectory } from '#apps/data-directory.ts';
import { cityTime } from '#domain/city-time.ts';
import type { LogEntry } from '#domain/log.ts';
import type { NewRegistryChange } from '#domain/registry/registry.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { sqliteStore } from '#infra/sqlite/store.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { processor, usualClosing } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';

const TIMEZONE = 'Europe/Helsinki';
const PARTITIONS = 2;

/** A data directory whose log is filled without the door; `remove` closes it and deletes it. */
export interface ProcessedCity extends DataDirectory {
  /** Registers, then appends, then processes to the end of the log. */
  step(changes: readonly NewRegistryChange[], entries: readonly LogEntry[]): Promise<void>;
  remove(): void;
}

export function processedCity(): ProcessedCity {
  const path = mkdtempSync(join(tmpdir(), 'headway-audit-'));
  const data = openDataDirectory(path);
  void data.setCity({ name: 'Auditville', timezone: TIMEZONE });
  return {
    ...data,
    async step(changes, entries) {
      if (changes.length > 0) await data.registry.change(changes);
      const log = await openSegmentLog({ directory: data.logPath, partitions: PARTITIONS });
      try {
        await log.append(entries);
        await processToTheEnd(data, log);
      } finally {
        await log.close();
      }
    },
    remove() {
      data.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function processToTheEnd(
  data: DataDirectory,
  log: Awaited<ReturnType<typeof openSegmentLog>>,
): Promise<void> {
  const store = sqliteStore(data.db);
  const ends = await log.ends();
  await Promise.all(
    ends.map(async (end, partition) => {
      const { position } = await store.checkpoint(partition);
      if (position >= end) return;
      const stop = new AbortController();
      await runPartition(
        {
          log,
          store,
          registry: data.registry,
          admission: admission(usualClockBounds, cityTime(TIMEZONE).offsetAt),
          processor: processor(usualClosing),
          partition,
          nowMs: () => performance.now(),
          commitEveryMs: 50,
          commitEveryReadings: 500,
          onCommit: (done) => done.position >= end && stop.abort(),
        },
        stop.signal,
      );
    }),
  );
}
