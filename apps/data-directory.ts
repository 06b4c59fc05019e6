import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { City } from '#analytics/lake/open-lake.ts';
import type { Registry } from '#domain/registry/registry.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { OperatorFault } from './config.ts';

/** One city's state: everything Headway keeps of it is in this directory. */
export interface DataDirectory {
  path: string;
  logPath: string;
  lakePath: string;
  reportsPath: string;
  certificatesPath: string;
  storePath: string;
  writerLockPath: string;
  lakeLockPath: string;
  db: DatabaseSync;
  registry: Registry;
  /** The one city; undefined before the first import, recording or start has named it. */
  city(): City | undefined;
  /** @throws OperatorFault when the directory already belongs to a city in another time zone. */
  setCity(city: City): void;
  /** Doors of the pipeline that runs on this directory, if one does. */
  running(): RunningDoors | undefined;
  setRunning(doors: RunningDoors | undefined): void;
  close(): void;
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
  const city = (): City | undefined => {
    const row = db.prepare("SELECT value FROM meta WHERE name = 'city'").get() as
      | { value: string }
      | undefined;
    return row && JSON.parse(row.value);
  };
  return {
    path,
    logPath: join(path, 'log'),
    lakePath: join(path, 'lake'),
    reportsPath: join(path, 'reports'),
    certificatesPath: join(path, 'certificates'),
    storePath: join(path, 'store.db'),
    writerLockPath: join(path, 'writer.lock'),
    lakeLockPath: join(path, 'lake.lock'),
    db,
    registry: sqliteRegistry(db, Date.now),
    city,
    setCity: (named) => {
      const known = city();
      if (known && known.timezone !== named.timezone) {
        throw new OperatorFault(
          `${path} holds the city ${known.name}, whose clocks follow ${known.timezone}`,
          `what was to be added follows ${named.timezone}; a city has one time zone`,
          'keep each city in a directory of its own: --data DIR',
        );
      }
      if (!known) db.prepare("INSERT INTO meta VALUES ('city', ?)").run(JSON.stringify(named));
    },
    running: () => {
      if (!existsSync(runningPath)) return undefined;
      const doors = JSON.parse(readFileSync(runningPath, 'utf8')) as RunningDoors;
      return isAlive(doors.pid) ? doors : undefined;
    },
    setRunning: (doors) => {
      if (doors) writeFileSync(runningPath, JSON.stringify(doors));
      else rmSync(runningPath, { force: true });
    },
    close: () => db.close(),
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
