import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type LakeContext, quoted, writeParquet } from './lake-context.ts';
import type { Manifest } from './manifest.ts';
import { defineViews } from './on-demand.ts';

/** What a month that is over adds up to without its dates: a tenth of the rows, for whoever asks for a year. */
interface MonthSums {
  name: string;
  /** The roll-up whose joined months it is made of. */
  of: string;
  order: string;
  /** The sums of these rows, `date` the first of the local month. */
  sql(rows: string): string;
}

/** A column of whole-number sums for each of these names. */
export const sumsOf = (names: string): string =>
  names
    .split(' ')
    .map((name) => `sum(${name})::BIGINT AS ${name}`)
    .join(', ');

/** Bit n - 1 is set where it held on the n-th of the month. */
const daysOn = (day: string, condition: string): string =>
  `bit_or(CASE WHEN ${condition} THEN 1::BIGINT << (day(${day}) - 1) ELSE 0 END)`;

const keptByDay = Array.from(
  { length: 31 },
  (_, i) => `coalesce(sum(kept_s) FILTER (day(date) = ${i + 1}), 0)::BIGINT AS kept_${i + 1}`,
);

const hourSums = sumsOf(
  'pace_micro_s pace_count speed_milli_s speed_s count count_s veh_windows veh_floored veh_weight veh_pace_us time_windows time_floored time_weight time_pace_us',
);

const withClock = (rows: string): string =>
  `(FROM ${rows} JOIN (SELECT hour_at, city_time(hour_at) AS local_at FROM (SELECT DISTINCT hour_at FROM ${rows})) USING (hour_at))`;

const monthSums: readonly MonthSums[] = [
  {
    name: 'travel_months',
    of: 'travel_bins',
    order: 'site_id, direction, date, bin_kmh',
    sql: (
      rows,
    ) => `SELECT site_id, direction, date_trunc('month', date)::DATE AS date, by_night, little_occupied, long, bin_kmh,
      ${sumsOf('windows counted_windows floored_windows count floored_pace_us samples sample_milli_kmh')}
      FROM ${rows} GROUP BY ALL`,
  },
  {
    name: 'speed_months',
    of: 'speed_hours',
    order: 'site_id, direction, date, of_hour, bin_kmh',
    sql: (rows) => `SELECT site_id, direction, date_trunc('month', date)::DATE AS date, of_hour, bin_kmh,
      ${sumsOf('veh_windows time_windows')}
      FROM ${rows} GROUP BY ALL`,
  },
  {
    name: 'device_months',
    of: 'device_days',
    order: 'site_id, device_id, direction, lane, date',
    sql: (rows) => `SELECT kind, device_id, site_id, direction, lane, date_trunc('month', date)::DATE AS date,
      min(first_at) AS first_at, max(last_at) AS last_at,
      ${sumsOf('windows kept_s count count_s hourly_count_s speed_windows occupancy_s by_vehicles_windows by_time_windows class_windows drivers_windows interval_windows')},
      max(longest_count_s) AS longest_count_s,
      ${daysOn('date', 'speed_windows > 0')} AS speed_days, ${keptByDay.join(', ')}
      FROM ${rows} GROUP BY ALL`,
  },
  {
    name: 'week_hours',
    of: 'site_hours',
    order: 'site_id, direction, date, hour_of_week',
    sql: (
      rows,
    ) => `SELECT site_id, direction, date_trunc('month', local_at)::DATE AS date, hour_of_week(local_at) AS hour_of_week,
      ${hourSums}, ${daysOn('local_at', 'pace_count > 0 OR speed_s > 0')} AS speed_days,
      count(*) FILTER (count_s > 0) AS counted_hours, min(count_s) FILTER (count_s > 0) AS least_count_s,
      min(day(local_at)) FILTER (count_s > 0) AS first_day, max(day(local_at)) FILTER (count_s > 0) AS last_day
      FROM ${withClock(rows)} GROUP BY ALL`,
  },
  {
    name: 'day_hours',
    of: 'site_hours',
    order: 'site_id, direction, date, of_hour',
    sql: (
      rows,
    ) => `SELECT site_id, direction, date_trunc('month', local_at)::DATE AS date, hour(local_at)::SMALLINT AS of_hour,
      ${hourSums}
      FROM ${withClock(rows)} GROUP BY ALL`,
  },
];

/** Sums up the months that `rollups.ts` has joined. `db` is a session of the lake. */
export async function sumMonths(
  { directory, manifest }: Pick<LakeContext, 'directory' | 'manifest'>,
  db: DuckDBConnection,
): Promise<void> {
  for (const sums of monthSums) {
    const { name, of, order, sql } = sums;
    const joined = manifest.rollups[of]?.months ?? {};
    manifest.rollups[name] ??= { parts: {}, months: {} };
    const { months } = manifest.rollups[name];
    const madeWith = madeBy(sums);
    for (const month of Object.keys(months)) if (!joined[month]) delete months[month];
    for (const [month, file] of Object.entries(joined)) {
      const made = months[month];
      if (made?.madeWith === madeWith && made.restsOn[0] === file.path) continue;
      const path = await writeParquet(
        { directory, db },
        `rollups/${name}/${month}-g${manifest.generation}.parquet`,
        `${sql(rowsOf(directory, [file.path]))} ORDER BY ${order}`,
      );
      months[month] = { path, madeWith, restsOn: [file.path] };
    }
  }
}

/**
 * Lets a session, whose views rolled_... are those of the roll-ups, answer whole months from their sums; months that are
 * not joined are summed up when they are asked for. False where no month is joined yet.
 */
export async function serveMonths(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
): Promise<boolean> {
  const last = joinedMonths(manifest).at(-1);
  if (last === undefined || !monthsAreSummed(manifest)) return false;
  for (const { name, of, sql } of monthSums) {
    const { parts, months } = manifest.rollups[of]!;
    const days = Object.keys(parts).filter((date) => !months[date.slice(0, 7)]);
    const summed = rowsOf(
      directory,
      Object.values(manifest.rollups[name]!.months).map((file) => file.path),
    );
    const rest = rowsOf(
      directory,
      days.map((date) => parts[date]!.path),
    );
    await defineViews(
      db,
      `CREATE OR REPLACE TEMP VIEW rolled_${name} AS SELECT * FROM ${summed}${days.length > 0 ? ` UNION ALL ${sql(rest)}` : ''}`,
    );
  }
  await db.run(`SET VARIABLE rollup_joined_to = (DATE ${quoted(`${last}-01`)} + INTERVAL 1 month)::DATE`);
  return true;
}

/** Whether every joined month has the sums of its rows, by the formulas in force. */
export function monthsAreSummed(manifest: Manifest): boolean {
  const joined = joinedMonths(manifest);
  return monthSums.every((sums) => {
    const months = manifest.rollups[sums.of]?.months ?? {};
    const summed = manifest.rollups[sums.name]?.months ?? {};
    return (
      Object.keys(months).length === joined.length &&
      joined.every(
        (month) =>
          months[month] !== undefined &&
          summed[month]?.madeWith === madeBy(sums) &&
          summed[month].restsOn[0] === months[month].path,
      )
    );
  });
}

function joinedMonths(manifest: Manifest): string[] {
  return Object.keys(manifest.rollups[monthSums[0]!.of]?.months ?? {}).sort();
}

/** Names the sums as they are written: another text is another version. */
function madeBy({ sql }: MonthSums): string {
  return shortHash(sql(''));
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Files of one formula have the same columns: only the first is asked for them. */
export function rowsOf(directory: string, paths: readonly string[]): string {
  const list = paths.map((path) => quoted(join(directory, path))).join(', ');
  return `read_parquet([${list}], hive_partitioning = false)`;
}
