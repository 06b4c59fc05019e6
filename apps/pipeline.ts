import type { Gateway } from '#ingest/gateway/gateway.ts';
import { type Processing, processedToEnd, type WrittenLog } from './city-state.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { type Door, startDoor } from './door.ts';

/** Door, log and processing, as far as this process has them. */
export interface Parts {
  log: WrittenLog;
  gateway: Gateway | undefined;
  processing: Processing | undefined;
  /** Registered devices are known to the door from here on. */
  refreshDevices(): Promise<void>;
  /** Resolves when everything now in the log is processed and stored, by whichever process. */
  processed(): Promise<void>;
  /** Door first, then processing (here, where there was a door, to the end of the log), then the log. */
  stop(): Promise<void>;
  /** Rejects when processing has died. */
  failed: Promise<never>;
}

export interface Pipeline extends Parts {
  gateway: Gateway;
}

/** Door, log and processing in one process. @throws OperatorFault, when the directory is in use for one. */
export async function startPipeline(
  config: Config,
  data: DataDirectory,
  { ephemeral = false }: { ephemeral?: boolean } = {},
): Promise<Pipeline> {
  return withDoor(await startParts(config, data, { gateway: true, processor: true, ephemeral }));
}

/** For parts that were started with a gateway. */
export function withDoor(parts: Parts): Pipeline {
  if (!parts.gateway) throw new Error('these parts have no door');
  return { ...parts, gateway: parts.gateway };
}

/** @throws OperatorFault */
export async function startParts(
  config: Config,
  data: DataDirectory,
  wanted: { gateway: boolean; processor: boolean; ephemeral?: boolean },
): Promise<Parts> {
  const city = data.city();
  if (!city) throw new Error('a pipeline needs a city: setCity first');
  const log = await data.openLog(config);
  let processing: Processing | undefined;
  let door: Door | undefined;
  try {
    processing = wanted.processor ? data.startProcessing(config, city.timezone) : undefined;
    door = wanted.gateway ? await startDoor(config, data, log, wanted.ephemeral ?? false) : undefined;
  } catch (error) {
    await processing?.stop();
    await log.close();
    throw error;
  }
  const failed = processing?.failed ?? new Promise<never>(() => {});
  const processed = (): Promise<void> => Promise.race([processedToEnd(data, log), failed]);
  return {
    log,
    gateway: door?.gateway,
    processing,
    refreshDevices: async () => door?.refreshDevices(),
    processed,
    failed,
    stop: async () => {
      await door?.gateway.close();
      if (door && processing) await processed().catch(() => {});
      await processing?.stop();
      await log.close();
      await door?.close();
    },
  };
}
