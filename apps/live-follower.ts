import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { readManifest } from '#analytics/lake/manifest.ts';
import { SECOND_MS } from '#domain/instant.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import type { LiveFollowerWorkerData } from './live-follower-worker.ts';

/** Whether there is anything to follow yet is looked at this often. */
const LOOKS_EVERY_MS = 10 * SECOND_MS;

/**
 * Tells stop visits, boardings and the quality of feeds as they happen, in a thread of its own that begins once there is a
 * timetable or something speaks like a feed: in a city of roads alone neither is. When it dies the city lives on without.
 */
export function startLiveFollower(
  config: Config,
  data: DataDirectory,
  timezone: string,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let worker: Worker | undefined;
  let exited: Promise<void> | undefined;
  const hasFeed = feedsHeard(data.db);
  const begin = () => {
    if (!hasFeed() && readManifest(data.lakePath).timetables.length === 0) return;
    clearInterval(looking);
    worker = new Worker(new URL('./live-follower-worker.ts', import.meta.url), {
      workerData: {
        logPath: data.logPath,
        storePath: data.storePath,
        lakePath: data.lakePath,
        path: data.path,
        timezone,
        processing: config.processing,
      } satisfies LiveFollowerWorkerData,
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

/**
 * Whether processing has stored a first window of a feed (some six minutes after it was first heard): looks through all series
 * once, and then at the new ones alone.
 */
function feedsHeard(db: DatabaseSync): () => boolean {
  const newest = db.prepare('SELECT coalesce(max(id), 0) AS id FROM series');
  const found = db.prepare(
    "SELECT 1 FROM series WHERE id > ? AND kind IN ('feed-status', 'vehicle-position', 'trip-update', 'service-alert') LIMIT 1",
  );
  let looked = 0;
  return () => {
    const { id } = newest.get() as { id: number };
    const isThere = id > looked && found.get(looked) !== undefined;
    looked = id;
    return isThere;
  };
}
