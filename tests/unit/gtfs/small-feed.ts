import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { lakeInstance } from '#analytics/lake/lake-context.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import {
  type ImportOptions,
  type ImportResult,
  importTimetable,
} from '#analytics/timetable/import-timetable.ts';
import { createTimetableViews } from '#analytics/timetable/timetable-views.ts';
import { unpackFeed } from '#ingest/gtfs/unpack-feed.ts';

/** Files of a feed by name without ending; `undefined` leaves one out. */
export type FeedText = Record<string, string | Buffer | undefined>;

/**
 * One route along the equator: stops A, B, C, D 1,000 m apart (0.008993 degrees), trip t1 on weekdays of May 2024 at
 * 08:00, 08:02, 08:04, 08:06.
 */
export const smallFeed = {
  agency: 'agency_id,agency_name,agency_url,agency_timezone\na,Agency,http://x,Europe/Berlin\n',
  routes: 'route_id,agency_id,route_short_name,route_long_name,route_type\nr,a,1,One,3\n',
  stops:
    'stop_id,stop_name,stop_lat,stop_lon\nA,Alpha,0,1.000000\nB,Beta,0,1.008993\nC,Gamma,0,1.017986\nD,Delta,0,1.026980\n',
  trips: 'route_id,service_id,trip_id,direction_id,shape_id\nr,week,t1,0,s\n',
  stop_times:
    'trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,08:00:00,08:00:00,A,1\nt1,08:02:00,08:02:20,B,2\nt1,08:04:00,08:04:20,C,3\nt1,08:06:00,08:06:00,D,4\n',
  calendar:
    'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nweek,1,1,1,1,1,0,0,20240501,20240531\n',
  shapes: 'shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,1.000000,1\ns,0,1.026980,2\n',
};

export interface ImportedFeed {
  result: ImportResult;
  directory: string;
  /** A session with the timetable's views. */
  open(): Promise<DuckDBConnection>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** Findings as `severity code file count`. */
  findings(): string[];
}

const made: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headway-gtfs-'));
  made.push(folder);
  return folder;
}

export function removeTemporaryFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export async function importText(
  feed: FeedText,
  options: Partial<ImportOptions> = {},
): Promise<ImportedFeed> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(feed)) {
    if (text !== undefined) writeFileSync(join(folder, `${name}.txt`), text);
  }
  return importPath(folder, options);
}

export async function importPath(path: string, options: Partial<ImportOptions> = {}): Promise<ImportedFeed> {
  const directory = options.directory ?? join(temporaryFolder(), 'lake');
  mkdirSync(directory, { recursive: true });
  const feed = await unpackFeed(path, temporaryFolder());
  const result = await importTimetable(feed, { feed: 'city', source: 'test', now: 0, ...options, directory });
  const open = async () => {
    const db = await (await lakeInstance(directory)).connect();
    await db.run("SET TimeZone = 'UTC'");
    await createTimetableViews(db, directory, readManifest(directory).timetables);
    return db;
  };
  return {
    result,
    directory,
    open,
    rows: async (sql) => {
      const db = await open();
      const rows = await rowsOf(db, sql);
      db.closeSync();
      return rows;
    },
    findings: () =>
      (result.type === 'refused' ? result.findings : result.version.findings).map((f) =>
        [f.severity, f.code, f.file, f.count].join(' ').replace('  ', ' '),
      ),
  };
}
