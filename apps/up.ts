import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { startExportLoop } from './export-loop.ts';
import { type Pipeline, startPipeline } from './pipeline.ts';

export interface Up {
  pipeline: Pipeline;
  apiUrl: string;
  /** Resolves when the signal has come and everything is stored; rejects when a part has died. */
  done: Promise<void>;
}

/** The pipeline with its page and its exports, until the signal aborts. */
export async function up(
  config: Config,
  data: DataDirectory,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Up> {
  const pipeline = await startPipeline(config, data);
  const { startApi } = await import('./api/start-api.ts');
  const api = await startApi({ data, pipeline, config }).catch(async (error: unknown) => {
    await pipeline.stop();
    throw error;
  });
  const exports = startExportLoop(config, data, pipeline, (error) =>
    say(`export failed, will try again: ${error instanceof Error ? error.message : String(error)}`),
  );
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const done = Promise.race([stopped, pipeline.failed]).finally(async () => {
    await api.close();
    await exports.stop();
    await pipeline.stop();
  });
  return { pipeline, apiUrl: api.url, done };
}
