import { readManifest } from '#analytics/lake/manifest.ts';
import { DAY_MS } from '#domain/instant.ts';
import type { WrittenLog } from './city-state.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { refreshLake } from './lake-session.ts';
import { nightlyWork } from './nights.ts';

/** Exports to the lake every so often, does the nightly work, and lets exported log segments go in their time. */
export function startExportLoop(
  config: Config,
  data: DataDirectory,
  log: WrittenLog,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const nights = nightlyWork(data, Date.now);
  const turn = async (): Promise<void> => {
    try {
      await refreshLake(data);
      await log.expire?.({
        before: Date.now() - config.log.retentionDays * DAY_MS,
        upTo: readManifest(data.lakePath).exportedTo,
      });
      await nights.turn();
    } catch (error) {
      onError(error);
    } finally {
      running = undefined;
    }
  };
  const timer = setInterval(() => {
    running ??= turn();
  }, config.lake.exportEveryS * 1_000);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
