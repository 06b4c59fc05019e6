import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processedToEnd } from '#apps/city-state.ts';
import { readConfig } from '#apps/config.ts';
import { type DataDirectory, openCity } from '#apps/data-directory.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { sensor } from '../system/recovery/run-pipeline.ts';
import { type RoleProcess, startRole } from '../system/scale-out/role-process.ts';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import { loadDevices, runLoad } from './run-load.ts';

const CONNECTIONS = 50;
const PARTITIONS = 4;

/** The whole path on local Azure endpoints: devices, gateway, processor, Event Hubs and Cosmos DB, blobs, a process each. */
export const azureLocalBench: Bench = {
  name: 'azure-local',
  missing: () =>
    existsSync(join(import.meta.dirname, '../../infra/local/node_modules'))
      ? undefined
      : 'the local endpoints are not installed: `node setup.mjs --with infra/local`',
  run: async (scale) => {
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    const endpoints = fork(new URL('./azure-services-process.ts', import.meta.url), [
      directory,
      String(PARTITIONS),
    ]);
    const ended: (() => unknown)[] = [];
    try {
      const [settings] = (await once(endpoints, 'message')) as [Record<string, string>];
      return await measure(directory, endpoints, settings, scale, ended);
    } finally {
      for (const end of ended.reverse()) await end();
      endpoints.disconnect();
      await once(endpoints, 'exit');
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(
  directory: string,
  endpoints: ChildProcess,
  services: Record<string, string>,
  scale: Scale,
  ended: (() => unknown)[],
): Promise<BenchRow[]> {
  const settings = {
    ...services,
    HEADWAY_BALANCE_INTERVAL_S: '1',
    HEADWAY_BALANCE_EXPIRY_S: '20',
    HEADWAY_GATEWAY_MQTT_PORT: '0',
    HEADWAY_GATEWAY_MQTTS_PORT: '0',
  };
  mkdirSync(join(directory, 'own'));
  const data = await openCity(join(directory, 'own'), readConfig(undefined, settings));
  ended.push(data.close);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  await data.registry.change(loadDevices(CONNECTIONS).flatMap(sensor));
  const start = async (role: 'gateway' | 'processor'): Promise<RoleProcess> => {
    const started = await startRole(role, directory, settings);
    ended.push(() => started.drain());
    return started;
  };
  const gateway = await start('gateway');
  const processor = await start('processor');
  const azurite = Number(
    readFileSync(`/proc/${endpoints.pid}/task/${endpoints.pid}/children`, 'utf8').split(' ')[0],
  );
  const cpuS = (): Record<string, number> => ({
    devices: waitedChildrenS(),
    gateway: cpuOf(gateway.pid),
    processor: cpuOf(processor.pid),
    'Event Hubs and Cosmos DB': cpuOf(endpoints.pid!),
    'Blob Storage': cpuOf(azurite),
  });

  const before = cpuS();
  const started = performance.now();
  const load = await runLoad({
    port: gateway.mqttPort(),
    connections: CONNECTIONS,
    warmUpS: scale === 'full' ? 3 : 1,
    seconds: scale === 'full' ? 15 : 3,
    window: 40,
  });
  await processed(data);
  const seconds = (performance.now() - started) / 1_000;
  const after = cpuS();
  const { counted, received } = await ledgerSum(data);
  if (counted !== load.sent || received !== load.sent)
    throw new Error(`sent ${load.sent} readings, ${received} were received and ${counted} counted`);
  const spent = Object.keys(before).map((name) => [name, after[name]! - before[name]!] as const);
  const all = spent.reduce((sum, [, s]) => sum + s, 0);
  return [
    {
      name: 'local Azure endpoints, until the last window is committed',
      value: load.sent / seconds,
      unit: 'readings/s',
      atLeast: 10_000,
    },
    { name: 'the same, acknowledged at the door', value: load.ackedPerS, unit: 'readings/s' },
    { name: 'the same, CPU of all', value: (all / load.sent) * 1e6, unit: 'us a reading' },
    ...spent.map(([name, s]) => ({ name: `of that, ${name}`, value: (100 * s) / all, unit: '%' })),
  ];
}

async function processed(data: DataDirectory): Promise<void> {
  const log = (await data.readLog())!;
  try {
    await processedToEnd(data, log);
  } finally {
    await log.close();
  }
}

const TICKS_A_SECOND = 100;

/** User and system time of a process, in seconds. */
function cpuOf(pid: number): number {
  const [user, system] = timesOf(pid, 11);
  return user + system;
}

/** The same of our children that have ended: the load's. */
function waitedChildrenS(): number {
  const [user, system] = timesOf('self', 13);
  return user + system;
}

/** Two neighbouring fields of /proc/PID/stat after the command's name. */
function timesOf(pid: number | 'self', at: number): [number, number] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return [Number(fields[at]) / TICKS_A_SECOND, Number(fields[at + 1]) / TICKS_A_SECOND];
}

if (import.meta.main)
  console.table(await azureLocalBench.run(process.argv[2] === 'short' ? 'short' : 'full'));
