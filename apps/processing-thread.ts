import { type MessagePort, Worker } from 'node:worker_threads';
import type { Committed } from '#processing/runner.ts';
import type { Processing } from './city-state.ts';

/** What the thread tells of itself: that it turns, and what it has stored. */
type Told = 'turns' | Committed;

const TURNS_EVERY_MS = 1_000;

/** To be called in the thread, once it has all that it needs; `committed` is then told of each commit. */
export function tellProcessing(port: MessagePort): { committed(done: Committed): void } {
  const tell = (told: Told): void => port.postMessage(told);
  tell('turns');
  setInterval(() => tell('turns'), TURNS_EVERY_MS).unref();
  return { committed: tell };
}

/** Runs a worker module that calls `tellProcessing`, and ends when it is told 'stop'. */
export function processingThread(module: URL, workerData: unknown): Processing {
  const worker = new Worker(module, {
    workerData,
    // A larger nursery costs memory and saves no time: measured. Below 2 GB, V8 lets the heap double before it collects
    // all of it; above, grow to four times what lives: 120 MB more with 10,000 sensors, for 3 % of the time.
    resourceLimits: { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 1_900 },
  });
  let stopping = false;
  const sum = { readings: 0, refused: 0 };
  let turnedMs: number | undefined;
  worker.on('message', (told: Told) => {
    turnedMs = performance.now();
    if (told === 'turns') return;
    sum.readings += told.readings;
    sum.refused += told.refused;
  });
  const exited = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (!stopping) reject(new Error(`processing ended by itself with code ${code}`));
    });
  });
  failed.catch(() => {});
  return {
    failed,
    stored: () => ({ ...sum }),
    silentMs: () => (turnedMs === undefined ? undefined : performance.now() - turnedMs),
    stop: async () => {
      stopping = true;
      worker.postMessage('stop');
      await exited;
    },
  };
}
