import type { DuckDBConnection } from '@duckdb/node-api';
import { filledWindowsSql, imputed } from '../imputation/imputed.ts';
import { windowsOfDay } from './derived-tables.ts';
import { type LakeContext, parquetRows, quoted, writeParquet } from './lake-context.ts';
import type { Manifest } from './manifest.ts';
import { defineViews } from './on-demand.ts';
import { rowsOf, shortHash, sumsOf } from './rollup-months.ts';
import { filesOf, joinMonths, sameFiles } from './rollup-parts.ts';
import { formulaOf } from './session-sql.ts';

/**
 * What imputed values change about a roll-up, by local date: the sums of filled windows less those of observed ones, at the
 * sites that have imputed values that day. Added to the roll-up they make the filled one.
 */
interface Change {
  /** The view of windows that it changes. */
  of: string;
  keys: string;
  sums: string;
  /** Of filled windows alone: sums can be taken away, extremes can not. */
  extremes: string;
  /** The rows in question: only traffic is ever filled. */
  where?: string;
}

const changes: readonly Change[] = [
  {
    of: 'travel_bins',
    keys: 'site_id direction date by_night little_occupied long bin_kmh',
    sums: 'windows counted_windows floored_windows count floored_pace_us samples sample_milli_kmh',
    extremes: '',
  },
  {
    of: 'site_hours',
    keys: 'site_id direction hour_at',
    sums: 'windows count count_s occupancy_s pace_micro_s pace_count speed_milli_s speed_s veh_windows veh_floored veh_weight veh_pace_us time_windows time_floored time_weight time_pace_us',
    extremes: '',
  },
  {
    of: 'device_days',
    keys: 'kind device_id site_id direction lane date',
    sums: 'windows kept_s count count_s hourly_count_s speed_windows occupancy_s by_vehicles_windows by_time_windows class_windows drivers_windows interval_windows',
    extremes: 'min:first_at max:last_at max:longest_count_s',
    where: " WHERE kind = 'traffic-flow'",
  },
];

/** How long, and how often by which method, imputed values stand in at a site. */
const imputedSums = {
  imputed_site_dates: `SELECT site_id, date, sum(window_s)::BIGINT AS imputed_s FROM (
      SELECT DISTINCT date, device_id, site_id, direction, lane, start_at, window_s FROM imputed_here WHERE value IS NOT NULL)
    GROUP BY ALL`,
  imputed_methods: 'SELECT site_id, date, method, count(*) AS estimates FROM imputed_here GROUP BY ALL',
};
const names = [...changes.map(({ of }) => `filled_${of}`), ...Object.keys(imputedSums)];

const list = (words: string): string => words.split(' ').join(', ');
const extremesOf = (words: string): string =>
  words
    .split(' ')
    .filter(Boolean)
    .map((word) => word.split(':'))
    .map(([of, name]) => `, ${of}(${name}) AS ${name}`)
    .join('');

const bare = (extremes: string): string => (extremes ? `, ${list(extremes.replaceAll(/\w+:/g, ''))}` : '');

/** Another text of what they are made by is another version. */
const formula = shortHash(
  [
    JSON.stringify([changes, imputedSums]),
    filledWindowsSql(),
    ...changes.map(({ of }) => formulaOf(`window_${of}`)),
  ].join(),
);

/**
 * Brings them up to the imputed values and windows there are, by the zone of the session's city. `db` is a session of the
 * lake that may be bent to single days.
 */
export async function exportFilledRollups(
  context: Pick<LakeContext, 'directory' | 'manifest'> & { db: DuckDBConnection },
): Promise<void> {
  const { db, manifest } = context;
  const [zone] = (await db.runAndReadAll("SELECT getvariable('city_tz')::VARCHAR AS zone")).getRowObjectsJS();
  const dates = datesOf(manifest);
  for (const name of names) {
    manifest.rollups[name] ??= { parts: {}, months: {} };
    for (const date of Object.keys(manifest.rollups[name].parts)) {
      if (!dates.includes(date)) delete manifest.rollups[name].parts[date];
    }
  }
  const due = dates.filter((date) => !isFresh(manifest, date, zone!.zone as string));
  // Together, because a statement on so many views takes longer to be planned than to be run.
  for (const together of Map.groupBy(due, (date) => date.slice(0, 7)).values()) {
    await writeDates(context, together, zone!.zone as string);
  }
  for (const name of names) await joinMonths(context, db, { name, order: 'site_id' });
}

/** Whether there is nothing to do. */
export function filledIsFresh(manifest: Manifest, zone: string): boolean {
  return datesOf(manifest).every((date) => isFresh(manifest, date, zone));
}

function datesOf(manifest: Manifest): string[] {
  const dates = Object.keys(manifest.derived[imputed.name] ?? {}).sort();
  return dates.filter((date) => windowsOfDay(manifest, date).length > 0);
}

function sourcesOf(manifest: Manifest, date: string): string[] {
  return [manifest.derived[imputed.name]![date]!.path, ...windowsOfDay(manifest, date)];
}

function isFresh(manifest: Manifest, date: string, zone: string): boolean {
  const sources = sourcesOf(manifest, date);
  return names.every((name) => {
    const part = manifest.rollups[name]?.parts[date];
    return part?.madeWith === `${formula} ${zone}` && sameFiles(part.restsOn, sources);
  });
}

async function writeDates(
  { db, directory, manifest }: Pick<LakeContext, 'directory' | 'manifest'> & { db: DuckDBConnection },
  dates: readonly string[],
  zone: string,
): Promise<void> {
  const made = dates.map((date) => manifest.derived[imputed.name]![date]!.path);
  const windows = [...new Set(dates.flatMap((date) => windowsOfDay(manifest, date)))];
  // Windows of the days and sites that have imputed values, and nothing else.
  await db.run(`
    SET VARIABLE from_at = city_moment(DATE ${quoted(dates[0]!)}); SET VARIABLE to_at = city_moment(DATE ${quoted(dates.at(-1)!)} + 1);
    CREATE OR REPLACE TEMP TABLE imputed_here AS FROM ${parquetRows(directory, made)};
    CREATE OR REPLACE TEMP TABLE windows_here AS
    SELECT w.* FROM ${parquetRows(directory, windows)} w
    SEMI JOIN (SELECT DISTINCT site_id, date FROM imputed_here) i ON i.site_id = w.site_id AND i.date = city_time(w.start_at)::DATE
    WHERE w.kind = 'traffic-flow' AND w.start_at >= asked_from() AND w.start_at < asked_to();
    CREATE OR REPLACE TEMP VIEW imputed AS SELECT * FROM imputed_here;
    CREATE OR REPLACE TEMP VIEW windows AS SELECT * FROM windows_here;
    CREATE OR REPLACE TEMP VIEW rollup_site_windows AS SELECT * FROM site_windows`);
  for (const values of ['observed', 'filled']) {
    await db.run(`SET VARIABLE values = '${values}'`);
    for (const { of } of changes) {
      await db.run(`CREATE OR REPLACE TEMP TABLE ${values}_${of} AS SELECT * FROM window_${of}`);
    }
  }
  await db.run('RESET VARIABLE values');
  for (const { of, keys, sums, extremes } of changes) {
    const less = sums
      .split(' ')
      .map((name) => `-${name} AS ${name}`)
      .join(', ');
    const none = extremesOf(extremes).replaceAll(/(min|max)\(\w+\)/g, 'NULL');
    await writeParts(
      `filled_${of}`,
      `SELECT ${list(keys)}, ${sumsOf(sums)}${extremesOf(extremes)} FROM (
         SELECT * FROM filled_${of} UNION ALL BY NAME SELECT ${list(keys)}, ${less}${none} FROM observed_${of})
       GROUP BY ${list(keys)}`,
      keys,
    );
  }
  for (const [name, query] of Object.entries(imputedSums)) await writeParts(name, query, 'site_id');

  async function writeParts(name: string, query: string, order: string): Promise<void> {
    await db.run(`CREATE OR REPLACE TEMP TABLE parts_here AS ${query}`);
    const dateOf = order.includes('hour_at') ? 'city_time(hour_at)::DATE' : 'date';
    for (const date of dates) {
      const path = await writeParquet(
        { db, directory },
        `rollups/${name}/month=${date.slice(0, 7)}/${date}-g${manifest.generation}.parquet`,
        `SELECT * FROM parts_here WHERE ${dateOf} = DATE ${quoted(date)} ORDER BY ${list(order)}`,
      );
      const restsOn = sourcesOf(manifest, date);
      manifest.rollups[name]!.parts[date] = { path, madeWith: `${formula} ${zone}`, restsOn };
    }
  }
}

/**
 * Lets a session, whose roll-ups are served, answer filled questions from them too, where all of them are fresh. `months`
 * tells whether those of whole months are among them.
 */
export async function serveFilled(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  { zone, months }: { zone: string; months: boolean },
): Promise<void> {
  if (datesOf(manifest).length === 0 || !filledIsFresh(manifest, zone)) return;
  for (const name of names) {
    const rows = rowsOf(directory, filesOf(manifest, name));
    await defineViews(db, `CREATE OR REPLACE TEMP VIEW changed_${name} AS SELECT * FROM ${rows}`);
  }
  for (const { of, keys, sums, extremes, where } of changes) {
    await defineViews(
      db,
      `CREATE OR REPLACE TEMP VIEW rolled_filled_${of} AS
      SELECT ${list(keys)}, ${sumsOf(sums)}${extremesOf(extremes)}
      FROM (SELECT * FROM rolled_${of}${where ?? ''} UNION ALL BY NAME SELECT * FROM changed_filled_${of})
      GROUP BY ${list(keys)} HAVING sum(windows) > 0`,
    );
  }
  // By months, where the date does not matter.
  const byMonths = [
    ['travel_months', changes[0]!],
    ['device_months', changes[2]!],
  ] as const;
  for (const [month, day] of months ? byMonths : []) {
    const byMonth = list(day.keys).replace('date', "date_trunc('month', date)::DATE AS date");
    await defineViews(
      db,
      `CREATE OR REPLACE TEMP VIEW rolled_filled_${month} AS
      SELECT ${list(day.keys)}, ${sumsOf(day.sums)}${extremesOf(day.extremes)}
      FROM (SELECT ${list(day.keys)}, ${list(day.sums)}${bare(day.extremes)} FROM rolled_${month}${day.where ?? ''} UNION ALL BY NAME
        SELECT ${byMonth}, ${list(day.sums)}${bare(day.extremes)}
        FROM changed_filled_${day.of})
      GROUP BY ${list(day.keys)} HAVING sum(windows) > 0`,
    );
  }
  await db.run('SET VARIABLE rollup_filled = true');
}
