import { readManifest } from '#analytics/lake/manifest.ts';
import { DAY_MS } from '#domain/instant.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { refreshLake } from './lake-session.ts';
import type { Pipeline } from './pipeline.ts';

/** Exports to the lake every so often, and lets exported log segments go when their time is up. */
export function startExportLoop(
  config: Config,
  data: DataDirectory,
  pipeline: Pipeline,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    try {
      await refreshLake(data);
      await pipeline.log.expire({
        before: Date.now() - config.log.retentionDays * DAY_MS,
        upTo: readManifest(data.lakePath).exportedTo,
      });
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
