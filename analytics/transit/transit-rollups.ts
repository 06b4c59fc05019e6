import type { DuckDBConnection } from '@duckdb/node-api';
import { askedFor } from '../lake/asked-for.ts';
import { parquetRows, quoted, writeParquet } from '../lake/lake-context.ts';
import type { Manifest, RollupFile } from '../lake/manifest.ts';
import { defineViews } from '../lake/on-demand.ts';
import { remembered } from '../lake/remembered.ts';
import { shortHash } from '../lake/rollup-months.ts';
import { sameFiles } from '../lake/rollup-parts.ts';
import { formulaOf, sessionSql } from '../lake/session-sql.ts';
import { versionsOn } from '../timetable/timetable-version.ts';
import { scheduledViewsSql } from '../timetable/timetable-views.ts';
import { stopVisitsTable, tripsPerformedTable } from './transit-tables.ts';
import { transitViewsSql } from './transit-views.ts';
import { type Watched, watchedSpan, watchedWhole } from './watched.ts';

/** What the visits of a service date add up to (`transit-sums.sql`), a part a date: view `worked_NAME`, read as `summed_NAME`. */
const rollups = [
  { name: 'call_hours', order: 'route_id, direction_id, hour_at' },
  { name: 'call_seconds', order: 'route_id, direction_id, date, late_s' },
  { name: 'headway_hours', order: 'route_id, direction_id, stop_id, hour_at' },
  { name: 'ridden_hours', order: 'route_id, direction_id, stop_id, hour_at' },
  { name: 'run_seconds', order: 'route_id, direction_id, from_stop, to_stop, date, run_s' },
  { name: 'hour_runs', order: 'route_id, direction_id, from_stop, to_stop, hour_at' },
  { name: 'trips', order: 'route_id, start_at' },
] as const;

type RollupName = (typeof rollups)[number]['name'];

type Lake = { db: DuckDBConnection; directory: string; manifest: Manifest };

/** Makes the parts that are missing, or were made of other files, by another formula or clock. `db` is a session of the lake. */
export async function exportTransitRollups(
  { db, directory, manifest }: Lake,
  timezone: string,
  onProgress?: (stage: string, done: number, total: number) => void,
): Promise<void> {
  await db.run(watchedSql(watchedSpan(manifest)));
  const due = datesDue(manifest, timezone);
  for (const [done, date] of due.entries()) {
    await makeParts({ db, directory, manifest }, timezone, date);
    onProgress?.('transit roll-ups', done + 1, due.length);
  }
  for (const { name } of rollups) {
    const parts = partsOf(manifest, name);
    for (const date of Object.keys(parts)) if (!hasVisits(manifest, date)) delete parts[date];
  }
}

export function transitRollupsAreFresh(manifest: Manifest, timezone: string): boolean {
  return datesDue(manifest, timezone).length === 0;
}

function datesDue(manifest: Manifest, timezone: string): string[] {
  const watched = watchedSpan(manifest);
  return visitDates(manifest).filter((date) => !isFresh(manifest, date, timezone, watched));
}

function visitDates(manifest: Manifest): string[] {
  return Object.keys(manifest.derived[stopVisitsTable.name] ?? {})
    .filter((date) => hasVisits(manifest, date))
    .sort();
}

/** A city without buses has its nights matched too. */
function hasVisits(manifest: Manifest, date: string): boolean {
  const file = manifest.derived[stopVisitsTable.name]?.[date];
  return file !== undefined && (file.rows !== 0 || manifest.timetables.length > 0);
}

function partsOf(manifest: Manifest, name: string): Record<string, RollupFile> {
  manifest.rollups[`transit_${name}`] ??= { parts: {}, months: {} };
  return manifest.rollups[`transit_${name}`]!.parts;
}

function isFresh(manifest: Manifest, date: string, timezone: string, watched: Watched | undefined): boolean {
  const files = restsOn(manifest, date);
  return rollups.every(({ name }) => {
    const part = partsOf(manifest, name)[date];
    return part?.madeWith === makings(name, date, timezone, watched) && sameFiles(part.restsOn, files);
  });
}

/** Of a date that reaches beyond what was watched, up to where that was. */
function makings(name: RollupName, date: string, timezone: string, watched: Watched | undefined): string {
  const made = `${formulas.get(name)} ${timezone}`;
  return !watched || watchedWhole(watched, date, timezone) ? made : `${made} ${watched.from} ${watched.to}`;
}

function watchedSql(watched: Watched | undefined): string {
  const moment = (ms: number | undefined) => (ms === undefined ? 'NULL' : `make_timestamptz(${ms} * 1000)`);
  return `SET VARIABLE transit_watched_from = ${moment(watched?.from)}; SET VARIABLE transit_watched_to = ${moment(watched?.to)}`;
}

function restsOn(manifest: Manifest, date: string): string[] {
  return [
    ...[stopVisitsTable, tripsPerformedTable].flatMap(
      ({ name }) => manifest.derived[name]?.[date]?.path ?? [],
    ),
    ...versionsOn(manifest.timetables, date).flatMap((v) => Object.values(v.files)),
  ];
}

/** Where rows are looked for, which is no part of what is made of them. */
const ofLayout = ['is_kept', 'transit_asked_text', 'transit_summed'];
const viewsSql = [sessionSql(), scheduledViewsSql(), transitViewsSql()].join('\n');
const formulas = new Map(
  rollups.map(({ name }) => [name, shortHash(formulaOf(`worked_${name}`, viewsSql, ofLayout))]),
);

async function makeParts({ db, directory, manifest }: Lake, timezone: string, date: string): Promise<void> {
  const watched = watchedSpan(manifest);
  await ofServiceDate(db, date, async () => {
    for (const { name, order } of rollups) {
      const path = await writeParquet(
        { directory, db },
        `rollups/transit_${name}/month=${date.slice(0, 7)}/${date}-g${manifest.generation}.parquet`,
        `SELECT * FROM worked_${name} ORDER BY ${order}`,
      );
      const madeWith = makings(name, date, timezone, watched);
      partsOf(manifest, name)[date] = { path, madeWith, restsOn: restsOn(manifest, date) };
    }
  });
}

/** What the sums of a service date are made of, in order. */
const kept = ['visits', 'calls', 'headways', 'segments'];
const asked = ['from_at', 'to_at', 'route', 'stop', 'within_s', 'lines'];

/** Bends the session to all of one service date, with what its sums are made of worked out once. */
async function ofServiceDate(db: DuckDBConnection, date: string, work: () => Promise<void>): Promise<void> {
  await askedFor(db, asked, async () => {
    await db.run(`SET VARIABLE service_date = DATE ${quoted(date)}`);
    try {
      for (const name of kept) await keepTable(db, name);
      await work();
    } finally {
      await db.run(
        `${kept.map((name) => `DROP TABLE IF EXISTS kept_${name}; RESET VARIABLE kept_${name}`).join('; ')};
         RESET VARIABLE service_date`,
      );
    }
  });
}

async function keepTable(db: DuckDBConnection, name: string): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE kept_${name} AS FROM worked_${name}; SET VARIABLE kept_${name} = transit_asked_text()`,
  );
}

/** Lets a session answer from the roll-ups, and names the service dates that have none or none that holds. */
export async function serveTransitRollups(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  timezone: string,
): Promise<void> {
  const watched = watchedSpan(manifest);
  await db.run(watchedSql(watched));
  const dates = visitDates(manifest);
  const fresh = dates.filter((date) => isFresh(manifest, date, timezone, watched));
  if (fresh.length === 0) return;
  for (const { name } of rollups) {
    const paths = fresh.map((date) => partsOf(manifest, name)[date]!.path);
    const rows = (of: string[]) => `SELECT * FROM ${parquetRows(directory, of)}`;
    await defineViews(
      db,
      `CREATE OR REPLACE TEMP TABLE session_${name} AS ${rows(paths.slice(0, 1))} LIMIT 0;
      CREATE OR REPLACE TEMP VIEW summed_${name} AS ${rows(paths)} UNION ALL BY NAME FROM session_${name}`,
    );
  }
  const list = (of: readonly string[]) => `[${of.map((date) => `DATE ${quoted(date)}`).join(', ')}]::DATE[]`;
  await db.run(`
    SET VARIABLE transit_sums_tz = ${quoted(timezone)};
    SET VARIABLE unsummed_visits = ${list(dates.filter((date) => !fresh.includes(date)))};
    SET VARIABLE unsummed_service = (SELECT coalesce(list(DISTINCT s.date), []) FROM timetable_service_dates s JOIN timetables t USING (timetable)
      WHERE s.date >= t.valid_from AND s.date < t.valid_to AND NOT list_contains(${list(dates)}, s.date))`);
}

/** Service dates of the asked period without a roll-up, few enough, are summed up in the session. */
const MOST_DATES_IN_SESSION = 2;

const summedSql = `
  SELECT getvariable('transit_sums_tz') IS NOT NULL AS served, transit_summed() AS summed,
    list_transform(transit_unsummed(), lambda d: d::VARCHAR) AS unsummed`;

const keptSql = `
  SELECT getvariable('route') IS NOT NULL OR getvariable('stop') IS NOT NULL AS narrow,
    getvariable('lines')::VARCHAR = 'together' AS together, transit_asked_text() AS asked, losses_asked_text() AS losses_asked,
    ${[...kept, 'passings', 'losses'].map((name) => `getvariable('kept_${name}')::VARCHAR AS ${name}`).join(', ')}`;

/**
 * Of a lake whose files no session sees change, works out once what every measure of a route, a stop or the roads asks for
 * again, and sums up the newest service date, which no night has. The session's variables are set; `sql` is what will be asked.
 */
export async function keepTransit(db: DuckDBConnection, sql: string): Promise<void> {
  const wants = (...views: string[]) => views.some((view) => new RegExp(`\\b${view}\\b`).test(sql));
  const ofCalls = wants('call_visits', 'stop_headways', 'headway_hours', 'wait_hours', 'ridden_calls');
  const ofRuns = wants('run_segments', 'run_seconds', 'segment_runs', 'slow_zones');
  const ofLosses = wants('segment_losses');
  const ofPassings = wants('seen_headways');
  const isOfTransit =
    ofCalls ||
    ofPassings ||
    ofRuns ||
    ofLosses ||
    wants('delivered_trips', 'ridden_hours', 'trip_visits', 'near_visits');
  if (!isOfTransit) return;
  const { served, summed, unsummed } = await remembered(db, summedSql, async () => {
    const reader = await db.runAndReadAll(summedSql);
    return reader.getRowObjectsJson()[0] as { served: boolean; summed: boolean; unsummed: string[] };
  });
  if (!served) return;
  const sumsUp = !summed && unsummed.length > 0 && unsummed.length <= MOST_DATES_IN_SESSION;
  if (sumsUp) for (const date of unsummed) await sumInSession(db, date);
  const isSummed = summed || sumsUp;
  const state = (await db.runAndReadAll(keptSql)).getRowObjectsJson()[0]!;
  const keep = async (name: string) => {
    if (state.narrow && state[name] !== state.asked) await keepTable(db, name);
  };
  if (ofCalls || ofPassings || ofRuns || wants('trip_visits', 'near_visits')) await keep('visits');
  if (ofCalls) await keep('calls');
  if (wants('stop_headways')) await keep('headways');
  if (ofPassings && !state.together) await keep('passings');
  // Sums of runs come from roll-ups, where there are any.
  if (ofRuns && (!isSummed || wants('run_segments'))) await keep('segments');
  if (ofLosses && state.losses !== state.losses_asked) {
    await db.run(
      'CREATE OR REPLACE TEMP TABLE kept_losses AS FROM worked_losses; SET VARIABLE kept_losses = losses_asked_text()',
    );
  }
}

async function sumInSession(db: DuckDBConnection, date: string): Promise<void> {
  await ofServiceDate(db, date, async () => {
    for (const { name } of rollups) await db.run(`INSERT INTO session_${name} BY NAME FROM worked_${name}`);
  });
  for (const list of ['unsummed_visits', 'unsummed_service']) {
    await db.run(
      `SET VARIABLE ${list} = list_filter(getvariable('${list}')::DATE[], lambda d: d <> DATE ${quoted(date)})`,
    );
  }
}
