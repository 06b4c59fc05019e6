import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, type TestContext } from 'vitest';
import { openDataDirectory } from '#apps/data-directory.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { recording } from '../../shared-data.ts';
import { headway, headwayJson, type Ran } from '../cli/headway.ts';

export interface ReplayedCity {
  /** Its data directory. */
  path: string;
  /** Path of the recording itself. */
  recorded: string;
  replay: Ran;
  run(...args: readonly string[]): Promise<Ran>;
  json<T = Record<string, unknown>[]>(...args: readonly string[]): Promise<T>;
  /** Rows of a query over the lake, in which the raw recording can be read too. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

export interface ReplayedRecording {
  /** Below the shared data. */
  path: string;
  format: string;
  options?: readonly string[];
  /** So many lines of the file from its start, instead of all. */
  lines?: number;
}

/** A recording replayed once by the command line, for all tests of a file; skips them where it is not there. */
export function replayedCity({ path, format, options = [], lines }: ReplayedRecording) {
  let made: Promise<ReplayedCity> | undefined;
  let directory: string | undefined;
  afterAll(() => {
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  const make = async (whole: string): Promise<ReplayedCity> => {
    directory = mkdtempSync(join(tmpdir(), 'headway-'));
    const data = join(directory, 'city');
    const recorded = lines === undefined ? whole : join(directory, basename(path));
    if (lines !== undefined) {
      writeFileSync(recorded, readFileSync(whole, 'utf8').split('\n').slice(0, lines).join('\n'));
    }
    return {
      path: data,
      recorded,
      replay: await headway(data, 'replay', format, recorded, '--speed', 'max', ...options),
      run: (...args) => headway(data, ...args),
      json: (...args) => headwayJson(data, ...args),
      rows: (sql) => lakeRows(data, sql),
    };
  };

  return async (context: TestContext): Promise<ReplayedCity> => {
    const recorded = recording(context, path);
    made ??= make(recorded);
    return made;
  };
}

async function lakeRows(directory: string, sql: string): Promise<Record<string, unknown>[]> {
  const data = openDataDirectory(directory);
  try {
    const lake = await lakeSession(data);
    const rows = (await lake.runAndReadAll(sql)).getRowObjectsJson();
    lake.closeSync();
    return rows;
  } finally {
    data.close();
  }
}

/** The ledger as the command line prints it: readings by outcome or reason. */
export async function ledgerOf(city: ReplayedCity): Promise<Record<string, number>> {
  const rows = await city.json<{ name: string; readings: number }[]>(
    'query',
    "SELECT if(reason = '', outcome, reason) AS name, sum(readings) AS readings FROM ledger GROUP BY ALL",
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.readings]));
}
