import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RangeFile {
  /** Relative to the lake's directory. */
  path: string;
  partition: number;
  from: number;
  to: number;
  /** Records or readings. */
  rows: number;
}

/** Which files the lake is made of: the only word on it. A file that it does not name is left over from a crash. */
export interface Manifest {
  /** Last exported position by partition; the list's index is the partition. */
  exportedTo: number[];
  archive: RangeFile[];
  readings: RangeFile[];
  /** Newest change number of the store whose windows are here. */
  windowsChange: number;
  /** Files of windows and hourly roll-ups by UTC day (ISO date). */
  windows: Record<string, string>;
  hourly: Record<string, string>;
  ledger: string | null;
  door: string | null;
  /** Readmissions already seen in `readings`. */
  readmissions: number;
  /** Counts up with each export, so that a file is never written over while it is read. */
  generation: number;
}

const emptyManifest: Manifest = {
  exportedTo: [],
  archive: [],
  readings: [],
  windowsChange: 0,
  windows: {},
  hourly: {},
  ledger: null,
  door: null,
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
  ];
}
