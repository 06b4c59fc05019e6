import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { processedToEnd } from '#apps/city-state.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { firstMinute } from '../recovery/load-reading.ts';
import { sensor } from '../recovery/run-pipeline.ts';
import { type LocalServices, localServices } from './local-services.ts';
import { type Owners, watchOwners } from './owners.ts';
import { type RememberingLoad, rememberingLoad } from './remembering-load.ts';
import { clockAhead, type RoleProcess, startRole } from './role-process.ts';
import { judge, type Verdict } from './verdict.ts';

export const PARTITIONS = 8;
const DEVICES = 8;

/** A city on local services: a gateway and processors in processes of their own, and devices that send. */
export interface ScaledOutCity {
  services: LocalServices;
  gateway: RoleProcess;
  processors: RoleProcess[];
  owners: Owners;
  load: RememberingLoad;
  startProcessor(): Promise<RoleProcess>;
  /** Resolves when everything in the log is processed and stored. @throws where that takes longer than `atMostMs`. */
  processed(atMostMs: number): Promise<void>;
  /** Lets the devices go, everything be processed and every process end in order; then compares. */
  finish(): Promise<Verdict>;
  /** Whatever still runs. */
  close(): Promise<void>;
}

export interface ScaledOutOptions {
  directory: string;
  processors: number;
  intervalS: number;
  expiryS: number;
  /** How far each processor's clock is ahead, one after another; none: they are right. */
  clocksAheadMs?: readonly number[];
}

export async function scaledOutCity(options: ScaledOutOptions): Promise<ScaledOutCity> {
  const { directory } = options;
  const services = await localServices(directory, PARTITIONS);
  const settings: Record<string, string> = {
    ...services.settings,
    HEADWAY_BALANCE_INTERVAL_S: String(options.intervalS),
    HEADWAY_BALANCE_EXPIRY_S: String(options.expiryS),
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '300',
    HEADWAY_GATEWAY_MQTT_PORT: '0',
    HEADWAY_GATEWAY_MQTTS_PORT: '0',
  };
  const config = readConfig(undefined, settings);
  const deviceIds = Array.from({ length: DEVICES }, (_, i) => `loop-${i}`);
  const data = await openCity(join(directory, 'own'), config);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  await data.registry.change(deviceIds.flatMap(sensor));
  const started: RoleProcess[] = [];
  const clocks = [...(options.clocksAheadMs ?? [])];
  let places = 0;
  const start = async (role: 'gateway' | 'processor'): Promise<RoleProcess> => {
    const place = join(directory, `${role}-${places++}`);
    mkdirSync(place);
    const aheadMs = role === 'processor' ? clocks.shift() : undefined;
    const made = await startRole(role, place, { ...settings, ...(aheadMs ? clockAhead(aheadMs) : {}) });
    started.push(made);
    return made;
  };
  const close = async (): Promise<void> => {
    for (const one of started) if (one.isAlive()) await one.kill();
    data.close();
    await services.close();
  };
  try {
    const [gateway, ...processors] = await Promise.all([
      start('gateway'),
      ...Array.from({ length: options.processors }, () => start('processor')),
    ]);
    const owners = await watchOwners(settings.HEADWAY_BLOB_CONNECTION_STRING!, PARTITIONS);
    const first = firstMinute(Date.now());
    const load = await rememberingLoad(deviceIds, gateway!.mqttPort(), first);
    const processed = async (atMostMs: number): Promise<void> => {
      const log = (await data.readLog())!;
      try {
        const giveUpAt = performance.now() + atMostMs;
        await processedToEnd(data, log, () => {
          if (performance.now() > giveUpAt) throw new Error(`not processed after ${atMostMs} ms`);
        });
      } finally {
        await log.close();
      }
    };
    return {
      services,
      gateway: gateway!,
      processors,
      owners,
      load,
      startProcessor: () => start('processor'),
      processed,
      finish: async () => {
        await load.settle();
        await load.vanish();
        const faults: string[] = [];
        const gatewayCode = await gateway!.drain();
        if (gatewayCode !== 0)
          faults.push(`the gateway ended with ${gatewayCode}: ${gateway!.said().slice(-500)}`);
        await processed(60_000);
        for (const one of started.filter((p) => p !== gateway && p.isAlive())) {
          const code = await one.drain();
          if (code !== 0) faults.push(`a processor ended with ${code}: ${one.said().slice(-500)}`);
        }
        const verdict = await judge(join(directory, 'own'), settings, load.records, first);
        return { ...verdict, faults: [...faults, ...verdict.faults] };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
