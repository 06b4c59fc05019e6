import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the thread that follows the log tells what is of now, and others read it. */
export function livePath(data: { path: string }): string {
  return join(data.path, 'live');
}

export function liveVisitFile(path: string, date: string): string {
  return join(path, `stop-visits-${date}.ndjson`);
}

/** Files of the stop visits told so far, a service date each, ascending. */
export function liveVisitFiles(data: { path: string }): string[] {
  const path = livePath(data);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .map((name) => join(path, name));
}

export function forgetVisitsBefore(path: string, date: string): void {
  for (const name of readdirSync(path)) {
    if (/^stop-visits-.*\.ndjson$/.test(name) && name < `stop-visits-${date}`) rmSync(join(path, name));
  }
}

/** What is told anew as a whole, every few seconds. */
export type LiveSummary = 'feeds' | 'boardings';

/** Readers see the one before, or this one, and never a part. */
export function writeSummary(path: string, name: LiveSummary, summary: unknown): void {
  const file = join(path, `${name}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(summary));
  renameSync(`${file}.new`, file);
}

/** null where there is none. */
export function readSummary<T>(data: { path: string }, name: LiveSummary): T | null {
  const file = join(livePath(data), `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : null;
}
