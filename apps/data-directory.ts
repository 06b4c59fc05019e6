import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '#infra/sqlite/database.ts';
import type { CityState } from './city-state.ts';
import { type Config, OperatorFault } from './config.ts';
import { embeddedCity } from './embedded-city.ts';
import { livesOnAzure } from './lives-on-azure.ts';

/** One city: what its parts share (here or on Azure), and the directory in which this machine keeps everything of it. */
export interface DataDirectory extends CityState {
  path: string;
  logPath: string;
  lakePath: string;
  reportsPath: string;
  certificatesPath: string;
  storePath: string;
  /** Twins and messages that wait for devices. */
  deviceStatePath: string;
  writerLockPath: string;
  lakeLockPath: string;
  db: DatabaseSync;
  /** Doors of the pipeline that runs on this directory, if one does. */
  running(): RunningDoors | undefined;
  setRunning(doors: RunningDoors | undefined): void;
}

export interface RunningDoors {
  pid: number;
  host: string;
  mqttPort: number;
  mqttsPort: number | undefined;
  apiUrl: string | undefined;
  /** There only for the time some work takes: nobody else's to send through. */
  ephemeral?: boolean;
}

export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new OperatorFault(
      `could not make the data directory ${path}`,
      error instanceof Error ? error.message : String(error),
      'choose another with --data or HEADWAY_DATA',
      3,
    );
  }
  const db = openDatabase(join(path, 'store.db'), { durable: true });
  const runningPath = join(path, 'running.json');
  const paths = {
    path,
    logPath: join(path, 'log'),
    storePath: join(path, 'store.db'),
    writerLockPath: join(path, 'writer.lock'),
  };
  return {
    ...embeddedCity(db, paths),
    ...paths,
    lakePath: join(path, 'lake'),
    reportsPath: join(path, 'reports'),
    certificatesPath: join(path, 'certificates'),
    deviceStatePath: join(path, 'device-twins.db'),
    lakeLockPath: join(path, 'lake.lock'),
    db,
    running: () => {
      if (!existsSync(runningPath)) return undefined;
      const doors = JSON.parse(readFileSync(runningPath, 'utf8')) as RunningDoors;
      return isAlive(doors.pid) ? doors : undefined;
    },
    setRunning: (doors) => {
      if (doors) writeFileSync(runningPath, JSON.stringify(doors));
      else rmSync(runningPath, { force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The city that the configuration names: in the directory, or on Azure with the directory for what is this machine's. */
export async function openCity(directory: string, config: Config): Promise<DataDirectory> {
  const embedded = openDataDirectory(directory);
  try {
    if (!livesOnAzure(config)) return embedded;
    const { azureCity } = await import('./azure-city.ts');
    const { copyLakeToStore } = await import('./lake-copy.ts');
    const shared = await azureCity(config, embedded.lakePath);
    const copied = async (): Promise<void> => {
      const city = shared.city();
      if (city) await copyLakeToStore(embedded.db, embedded.lakePath, await shared.registry.view(), city);
    };
    return {
      ...embedded,
      ...shared,
      withSharedLake: async (work) => {
        const done = await shared.withSharedLake(work);
        await copied();
        return done;
      },
      fetchLake: async () => {
        await shared.fetchLake();
        await copied();
      },
      close: () => {
        shared.close();
        embedded.close();
      },
    };
  } catch (error) {
    embedded.close();
    throw error;
  }
}
