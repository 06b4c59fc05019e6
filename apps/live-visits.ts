import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readManifest } from '#analytics/lake/manifest.ts';
import { SECOND_MS } from '#domain/instant.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import type { LiveVisitsWorkerData } from './live-visits-worker.ts';

/** Whether a first timetable has come is looked at this often. */
const LOOKS_EVERY_MS = 10 * SECOND_MS;

/**
 * Tells stop visits as they happen, in a thread of its own that begins once there is a timetable: a city of roads alone has none.
 * When it dies the city lives on without.
 */
export function startLiveVisits(
  config: Config,
  data: DataDirectory,
  timezone: string,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let worker: Worker | undefined;
  let exited: Promise<void> | undefined;
  const begin = () => {
    if (readManifest(data.lakePath).timetables.length === 0) return;
    clearInterval(looking);
    worker = new Worker(new URL('./live-visits-worker.ts', import.meta.url), {
      workerData: {
        logPath: data.logPath,
        storePath: data.storePath,
        lakePath: data.lakePath,
        livePath: livePath(data),
        timezone,
        processing: config.processing,
      } satisfies LiveVisitsWorkerData,
    });
    exited = new Promise((resolve) => worker!.on('exit', () => resolve()));
    worker.on('error', onError);
  };
  const looking = setInterval(begin, LOOKS_EVERY_MS);
  begin();
  return {
    stop: async () => {
      clearInterval(looking);
      worker?.postMessage('stop');
      await exited;
    },
  };
}

/** Files of the stop visits told so far, a service date each, ascending. */
export function liveVisitFiles(data: Pick<DataDirectory, 'path'>): string[] {
  const path = livePath(data);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .map((name) => join(path, name));
}

function livePath(data: Pick<DataDirectory, 'path'>): string {
  return join(data.path, 'live');
}
