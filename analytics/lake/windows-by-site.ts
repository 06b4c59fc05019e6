import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '#domain/instant.ts';
import { type LakeContext, parquetRows, quoted, writeParquet } from './lake-context.ts';
import type { Manifest, RollupFile } from './manifest.ts';
import { sameFiles } from './rollup-parts.ts';

/**
 * Windows of months that are over, once more and by site: whoever asks for a site or a corridor over months reads its rows
 * alone, where the files of days would all be opened. Kept in the manifest as the roll-up `windows`.
 */
const NAME = 'windows';

/** A month is joined when late readings can not reach it any more; one that is corrected after that is joined anew. */
const LATE_DAYS = 8;

/** Some three site-months of five-minute windows. */
const ROW_GROUP_ROWS = 24_576;
const FILE_ROWS = 2_000_000;

export async function joinWindows(
  { directory, manifest }: Pick<LakeContext, 'directory' | 'manifest'>,
  db: DuckDBConnection,
): Promise<void> {
  const byMonth = daysByMonth(manifest);
  manifest.rollups[NAME] ??= { parts: {}, months: {} };
  const { months } = manifest.rollups[NAME];
  for (const key of Object.keys(months)) if (!byMonth.has(key.slice(0, 7))) delete months[key];
  for (const month of monthsToJoin(manifest)) {
    for (const key of Object.keys(months)) if (key.startsWith(month)) delete months[key];
    const paths = byMonth.get(month)!;
    const rows = parquetRows(directory, paths);
    for (const [n, range] of (await siteRanges(db, rows)).entries()) {
      const path = await writeParquet(
        { directory, db },
        `rollups/${NAME}/${month}-${n}-g${manifest.generation}.parquet`,
        `SELECT * FROM ${rows} WHERE ${range} ORDER BY site_id, start_at, direction, lane, device_id`,
        ROW_GROUP_ROWS,
      );
      months[`${month}-${n}`] = { path, madeWith: '', restsOn: paths };
    }
  }
}

/** Conditions that part a month's rows by site into files small enough to be sorted in memory. */
async function siteRanges(db: DuckDBConnection, rows: string): Promise<string[]> {
  const result = await db.runAndReadAll(`
    SELECT max(site_id) AS last FROM (
      SELECT site_id, (sum(count(*)) OVER (ORDER BY site_id) - 1) // ${FILE_ROWS} AS file FROM ${rows} GROUP BY site_id)
    GROUP BY file ORDER BY file`);
  const lasts = result.getRowObjectsJS().map((row) => quoted(row.last as string));
  return lasts.map((last, i) => {
    const after = i === 0 ? 'true' : `site_id > ${lasts[i - 1]}`;
    return i === lasts.length - 1 ? after : `${after} AND site_id <= ${last}`;
  });
}

/** Months that are over and not joined, or were corrected since. */
export function monthsToJoin(manifest: Manifest): string[] {
  const newest = Object.keys(manifest.windows).sort().at(-1);
  if (newest === undefined) return [];
  const settled = new Date(Date.parse(newest) - LATE_DAYS * DAY_MS).toISOString().slice(0, 7);
  return [...daysByMonth(manifest)]
    .filter(([month, paths]) => month < settled && !isJoined(manifest, month, paths))
    .map(([month]) => month);
}

/** Files that hold every window once: months by site, and the days of the others. */
export function filesBySite(manifest: Manifest): string[] {
  return [...daysByMonth(manifest)].flatMap(([month, paths]) =>
    isJoined(manifest, month, paths) ? joinedFiles(manifest, month).map((file) => file.path) : paths,
  );
}

function isJoined(manifest: Manifest, month: string, paths: readonly string[]): boolean {
  const files = joinedFiles(manifest, month);
  return files.length > 0 && files.every(({ restsOn }) => sameFiles(restsOn, paths));
}

function joinedFiles(manifest: Manifest, month: string): RollupFile[] {
  const months = manifest.rollups[NAME]?.months ?? {};
  return Object.keys(months)
    .filter((key) => key.startsWith(month))
    .map((key) => months[key]!);
}

function daysByMonth({ windows }: Manifest): Map<string, string[]> {
  const byMonth = Map.groupBy(Object.keys(windows).sort(), (date) => date.slice(0, 7));
  return new Map([...byMonth].map(([month, dates]) => [month, dates.map((date) => windows[date]!)]));
}
