import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

/** Keeps the lake of this machine the one that the exporter, another process, publishes. */
export function followLake(
  config: Config,
  data: DataDirectory,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const turn = (): void => {
    running ??= data
      .fetchLake?.()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
  turn();
  const timer = setInterval(turn, config.lake.exportEveryS * 1_000);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
