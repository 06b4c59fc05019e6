import { mkdirSync } from 'node:fs';
import { type Published, publishRecording } from '#ingest/recordings/publish-recording.ts';
import type { Recording } from '#ingest/recordings/recording.ts';
import { processedToEnd } from './city-state.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { type Pipeline, startPipeline } from './pipeline.ts';
import { recordingChanges } from './register-recording.ts';

export interface ReplayOptions {
  config: Config;
  data: DataDirectory;
  recording: Recording;
  /** 'max', or so many times as fast as it was recorded. */
  pace: 'max' | number;
  onProgress?: (messages: number, readings: number) => void;
  signal?: AbortSignal;
}

/**
 * Sends a recording through the MQTT door of the pipeline that runs on this directory, or of one started for the
 * time it takes. Resolves when everything is processed and stored.
 */
export async function replay(options: ReplayOptions): Promise<Published> {
  const { config, data, recording } = options;
  mkdirSync(data.path, { recursive: true });
  await data.setCity({
    name: config.city.name ?? recording.city,
    timezone: config.city.timezone ?? recording.timezone,
  });
  const { changes, recorder } = recordingChanges(
    await data.registry.view(),
    recording.name,
    recording.registry,
  );
  if (changes.length > 0) await data.registry.change(changes);
  const running = data.running();
  if (running?.ephemeral) throw busy(data, running.pid);
  const pipeline = running ? undefined : await startPipeline(config, data, { ephemeral: true });
  try {
    // The running door looks at the registry four times a second.
    if (running && changes.length > 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
    const published = await publishRecording({
      messages: recording.messages(),
      host: running?.host ?? config.gateway.host,
      port: running?.mqttPort ?? pipeline!.gateway.port,
      recorderId: recorder.recorderId,
      key: recorder.key,
      pace: options.pace,
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    await processed(data, pipeline);
    return published;
  } finally {
    await pipeline?.stop();
  }
}

function busy(data: DataDirectory, pid: number): OperatorFault {
  return new OperatorFault(
    `another Headway writes to ${data.path}`,
    `process ${pid} replays a recording, or judges dead letters again`,
    'wait until it has ended; `headway up` is a pipeline that many may use',
    3,
  );
}

/** Resolves when what was acknowledged before is processed, here or by the pipeline of another process. */
async function processed(data: DataDirectory, pipeline: Pipeline | undefined): Promise<void> {
  if (pipeline) return pipeline.processed();
  const log = await data.readLog();
  if (!log) throw gone(data);
  try {
    await processedToEnd(data, log, () => {
      if (!data.running()) throw gone(data);
    });
  } finally {
    await log.close();
  }
}

function gone(data: DataDirectory): OperatorFault {
  return new OperatorFault(
    `the pipeline on ${data.path} ended before it had processed everything`,
    'all that was sent is in its log',
    'start it again: it goes on where it was',
    3,
  );
}
