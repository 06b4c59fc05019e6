// Processes a log that is there, in a process with nothing else: node --expose-gc processing-process.ts DIRECTORY READINGS
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { sqliteStore } from '#infra/sqlite/store.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { processor, usualClosing } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';

export interface ProcessingFigures {
  /** Readings of the sustained part: after the first quarter, which compiles schemas and meets every device. */
  readings: number;
  seconds: number;
  cpuS: number;
  settledMb: number;
  peakMb: number;
}

const [directory, readings] = process.argv.slice(2) as [string, string];
const db = openDatabase(join(directory, 'store.db'), { durable: false });
const log = await readSegmentLog({ directory: join(directory, 'log') });
const stop = new AbortController();
let committed = 0;
let before = process.cpuUsage();
let started = performance.now();
let warmedUp = 0;
let seconds = 0;
let cpuS = 0;
let settledMb = 0;
await runPartition(
  {
    log,
    store: sqliteStore(db),
    registry: sqliteRegistry(db, Date.now),
    admission: admission(usualClockBounds, () => 0),
    processor: processor(usualClosing),
    partition: 0,
    nowMs: () => performance.now(),
    commitEveryMs: 1_000,
    commitEveryReadings: 200_000,
    onCommit: (done) => {
      committed += done.readings;
      if (warmedUp === 0 && committed >= Number(readings) / 4) {
        warmedUp = committed;
        before = process.cpuUsage();
        started = performance.now();
      }
      if (committed < Number(readings) || seconds > 0) return;
      seconds = (performance.now() - started) / 1_000;
      const used = process.cpuUsage(before);
      cpuS = (used.user + used.system) / 1e6;
      void settle();
    },
  },
  stop.signal,
);
await log.close();
db.close();

/** While all that processing remembers is still alive. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await sleep(200);
  }
  settledMb = process.memoryUsage().rss / 1024 / 1024;
  stop.abort();
}

const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({
    readings: committed - warmedUp,
    seconds,
    cpuS,
    settledMb,
    peakMb,
  } satisfies ProcessingFigures),
);
