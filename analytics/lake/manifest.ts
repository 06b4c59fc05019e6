import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TimetableVersion } from '../timetable/timetable-version.ts';

export interface RangeFile {
  /** Relative to the lake's directory. */
  path: string;
  partition: number;
  from: number;
  to: number;
  /** Records or readings. */
  rows: number;
}

/** A file worked out from others of the lake. */
export interface DerivedFile {
  path: string;
  /** Of the formula it was made by. */
  version: number;
  /** Paths of the files it was made of: when one is no longer the lake's, this file is stale. */
  restsOn: string[];
  /** Absent in files of an earlier release. */
  rows?: number;
  /** Of `feed_days`: what the ledger said of the date's readings when the file was made. */
  ledger?: string;
  /** Of `trips_performed`: the first and the last moment (ms) at which a vehicle was seen on the date; absent where none was. */
  seen?: [first: number, last: number];
}

/** A part of a roll-up (`rollups.ts`, `transit-rollups.ts`), or its month. */
export interface RollupFile {
  path: string;
  /** Formula, zone and network it was made by. */
  madeWith: string;
  /** Paths of the files it was made of. */
  restsOn: string[];
}

/** Which files the lake is made of: the only word on it. A file that it does not name is left over from a crash. */
export interface Manifest {
  /** Last exported position by partition; the list's index is the partition. */
  exportedTo: number[];
  archive: RangeFile[];
  readings: RangeFile[];
  /** The store's own word for the changes of windows that are here; '' before the first. */
  windowsChange: string;
  /** Files of windows and hourly roll-ups by UTC day (ISO date). */
  windows: Record<string, string>;
  hourly: Record<string, string>;
  ledger: string | null;
  door: string | null;
  /** Files of derived tables (`derived-tables.ts`) by table and local date. */
  derived: Record<string, Record<string, DerivedFile>>;
  /** Roll-ups by name: their parts by UTC day (those of transit by service date), and the months that are over. */
  rollups: Record<string, { parts: Record<string, RollupFile>; months: Record<string, RollupFile> }>;
  /** Versions of static GTFS feeds. They come from nowhere else: the log can not make them again. */
  timetables: TimetableVersion[];
  /** Readmissions already seen in `readings`. */
  readmissions: number;
  /** Counts up with each export, so that a file is never written over while it is read. */
  generation: number;
}

const emptyManifest: Manifest = {
  exportedTo: [],
  archive: [],
  readings: [],
  windowsChange: '',
  windows: {},
  hourly: {},
  ledger: null,
  door: null,
  derived: {},
  rollups: {},
  timetables: [],
  readmissions: 0,
  generation: 0,
};

export function readManifest(directory: string): Manifest {
  const path = join(directory, 'manifest.json');
  if (!existsSync(path)) return structuredClone(emptyManifest);
  return { ...structuredClone(emptyManifest), ...JSON.parse(readFileSync(path, 'utf8')) };
}

export function writeManifest(directory: string, manifest: Manifest): void {
  const path = join(directory, 'manifest.json');
  writeFileSync(`${path}.tmp`, JSON.stringify(manifest));
  renameSync(`${path}.tmp`, path);
}

/** Every file the lake is made of. */
export function manifestFiles(m: Manifest): string[] {
  return [
    ...m.archive.map((f) => f.path),
    ...m.readings.map((f) => f.path),
    ...Object.values(m.windows),
    ...Object.values(m.hourly),
    ...(m.ledger ? [m.ledger] : []),
    ...(m.door ? [m.door] : []),
    ...Object.values(m.derived).flatMap((files) => Object.values(files).map((f) => f.path)),
    ...Object.values(m.rollups).flatMap(({ parts, months }) =>
      [...Object.values(parts), ...Object.values(months)].map((f) => f.path),
    ),
    ...m.timetables.flatMap((version) => Object.values(version.files)),
  ];
}
