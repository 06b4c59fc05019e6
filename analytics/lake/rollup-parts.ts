import type { DuckDBConnection } from '@duckdb/node-api';
import { type LakeContext, parquetRows, writeParquet } from './lake-context.ts';
import type { Manifest } from './manifest.ts';

/** Rows of a month's file that are read together: some thirty sites of a month of hours. */
const ROW_GROUP_ROWS = 24_576;

/** Joins the days of each month that is over into one file, made anew when one of its days was. */
export async function joinMonths(
  { directory, manifest }: Pick<LakeContext, 'directory' | 'manifest'>,
  db: DuckDBConnection,
  { name, order }: { name: string; order: string },
): Promise<void> {
  const { parts, months } = manifest.rollups[name]!;
  const byMonth = Map.groupBy(Object.keys(parts).sort(), (date) => date.slice(0, 7));
  const latest = [...byMonth.keys()].at(-1);
  const toJoin = [...byMonth].filter(([month, dates]) => month !== latest && dates.length > 1);
  for (const month of Object.keys(months))
    if (!toJoin.some(([joined]) => joined === month)) delete months[month];
  for (const [month, dates] of toJoin) {
    const paths = dates.map((date) => parts[date]!.path);
    if (sameFiles(months[month]?.restsOn ?? [], paths)) continue;
    const path = await writeParquet(
      { directory, db },
      `rollups/${name}/${month}-g${manifest.generation}.parquet`,
      `SELECT * FROM ${parquetRows(directory, paths)} ORDER BY ${order}`,
      ROW_GROUP_ROWS,
    );
    months[month] = { path, madeWith: '', restsOn: paths };
  }
}

/** Paths of the months that are one file, and of the days of the others. */
export function filesOf(manifest: Manifest, name: string): string[] {
  const { parts, months } = manifest.rollups[name]!;
  return [
    ...Object.values(months).map((file) => file.path),
    ...Object.keys(parts)
      .filter((date) => !months[date.slice(0, 7)])
      .map((date) => parts[date]!.path),
  ];
}

/** Whether these are the same files, in any order. */
export function sameFiles(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((path) => other.includes(path));
}
