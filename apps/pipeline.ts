import { Worker } from 'node:worker_threads';
import type { EventLog } from '#domain/log.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteDoorCounts } from '#infra/sqlite/door-counts.ts';
import { holderOf, takeExclusiveLock } from '#infra/sqlite/exclusive-lock.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { type Gateway, startGateway } from '#ingest/gateway/gateway.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { followRegistry } from './device-directory.ts';
import type { ProcessingWorkerData } from './processing-worker.ts';

export interface Pipeline {
  gateway: Gateway;
  log: EventLog & { expire: Awaited<ReturnType<typeof openSegmentLog>>['expire'] };
  /** Registered devices are known to the door from here on. */
  refreshDevices(): Promise<void>;
  /** Resolves when everything now in the log is processed and stored. */
  processed(): Promise<void>;
  /** Door first, then processing to the end of the log, then the log. */
  stop(): Promise<void>;
  /** Rejects when processing has died. */
  failed: Promise<never>;
}

/** The embedded pipeline: door, log and processing in one process. @throws OperatorFault when the directory is in use. */
export async function startPipeline(
  config: Config,
  data: DataDirectory,
  options: { ephemeral?: boolean } = {},
): Promise<Pipeline> {
  const lock = takeExclusiveLock(data.writerLockPath, 0);
  if (!lock) {
    throw new OperatorFault(
      `another Headway writes to ${data.path}`,
      holderOf(data.writerLockPath),
      'stop it first, or choose another directory with --data',
      3,
    );
  }
  const opened: (() => unknown)[] = [() => lock.release()];
  try {
    return await open(config, data, options.ephemeral ?? false, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

/** `opened` gets how each part is closed, in the order in which they were opened. */
async function open(
  config: Config,
  data: DataDirectory,
  ephemeral: boolean,
  opened: (() => unknown)[],
): Promise<Pipeline> {
  const city = data.city();
  if (!city) throw new Error('a pipeline needs a city: setCity first');
  const log = await openSegmentLog({ directory: data.logPath, partitions: config.log.partitions }).catch(
    (error: Error) => {
      throw new OperatorFault(
        `could not open the log of ${data.path}`,
        error.message,
        '`headway config check` shows what is in force; nothing in the log was changed',
        3,
      );
    },
  );
  opened.push(() => log.close());
  const worker = startWorker(data, city.timezone, config);
  opened.push(() => worker.stop());
  const devices = await followRegistry(data.registry, 250);
  opened.push(() => devices.stop());
  // A connection of its own that hardly waits: the door never stands still for processing's commit.
  const doorDb = openDatabase(data.storePath, { durable: false, waitMs: 20 });
  const door = sqliteDoorCounts(doorDb, Date.now);
  const flush = setInterval(() => door.flush(), 1_000);
  opened.push(() => {
    clearInterval(flush);
    // Each try waits a little; a store that is busy for longer than a second keeps its own counts.
    for (let tries = 0; tries < 50 && !door.flush(); tries++);
    doorDb.close();
  });
  const { host, mqttPort, mqttsPort, hubName } = config.gateway;
  const tls = ephemeral ? undefined : await developmentCertificates(data.certificatesPath);
  const gateway = await startGateway({
    log,
    devices,
    door,
    host,
    port: ephemeral ? 0 : mqttPort,
    ...(tls ? { tls, tlsPort: mqttsPort } : {}),
    clock: Date.now,
    hubName,
  }).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorFault(
      `could not listen for devices on ${host}`,
      error.message,
      'is another broker running? choose ports with HEADWAY_GATEWAY_MQTT_PORT and HEADWAY_GATEWAY_MQTTS_PORT',
      3,
    );
  });
  data.setRunning({
    pid: process.pid,
    host,
    mqttPort: gateway.port,
    mqttsPort: gateway.tlsPort,
    apiUrl: undefined,
    ephemeral,
  });
  opened.push(() => data.setRunning(undefined));

  const processed = async (): Promise<void> => {
    const ends = await log.ends();
    await Promise.race([worker.reached(ends), worker.failed]);
  };
  return {
    gateway,
    log,
    refreshDevices: devices.refresh,
    processed,
    failed: worker.failed,
    stop: async () => {
      await gateway.close();
      await processed().catch(() => {});
      for (const close of opened.reverse()) await close();
    },
  };
}

function startWorker(data: DataDirectory, timezone: string, config: Config) {
  const workerData: ProcessingWorkerData = {
    logPath: data.logPath,
    storePath: data.storePath,
    timezone,
    processing: config.processing,
  };
  const worker = new Worker(new URL('./processing-worker.ts', import.meta.url), {
    workerData,
    // A larger nursery costs memory and saves no time: measured.
    resourceLimits: { maxYoungGenerationSizeMb: 24 },
  });
  const checkpoints = data.db.prepare('SELECT partition, position FROM checkpoints').all();
  const positions = new Map(checkpoints.map((c) => [c.partition as number, c.position as number]));
  const waiting = new Set<{ ends: readonly number[]; resolve: () => void }>();
  let stopping = false;
  worker.on('message', ({ partition, position }: { partition: number; position: number }) => {
    positions.set(partition, position);
    for (const w of waiting) {
      if (!isReached(w.ends)) continue;
      waiting.delete(w);
      w.resolve();
    }
  });
  const exited = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (!stopping) reject(new Error(`processing ended by itself with code ${code}`));
    });
  });
  failed.catch(() => {});
  const isReached = (ends: readonly number[]) => ends.every((end, p) => (positions.get(p) ?? -1) >= end);
  return {
    failed,
    reached: (ends: readonly number[]) =>
      new Promise<void>((resolve) => {
        if (isReached(ends)) resolve();
        else waiting.add({ ends, resolve });
      }),
    stop: async () => {
      stopping = true;
      worker.postMessage('stop');
      await exited;
    },
  };
}
