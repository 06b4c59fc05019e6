import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import { exportFilledRollups, filledIsFresh, serveFilled } from './filled-rollups.ts';
import { type LakeContext, parquetRows, quoted, writeParquet } from './lake-context.ts';
import type { Manifest, RollupFile } from './manifest.ts';
import { defineViews } from './on-demand.ts';
import { quarterRollupsSql } from './quarter-counts.ts';
import { monthsAreSummed, rowsOf, serveMonths, shortHash, sumMonths } from './rollup-months.ts';
import { filesOf, joinMonths, sameFiles } from './rollup-parts.ts';
import { formulaOf } from './session-sql.ts';
import { filesBySite, joinWindows, monthsToJoin } from './windows-by-site.ts';

/** What many windows add up to, kept by days of UTC, and by months once a later month has begun. */
interface Rollup {
  name: string;
  order: string;
  /** Windows themselves; windows summed up by site; by quarters of an hour; or by stretch of a corridor, which depends on corridors and sites too. */
  madeOf: 'windows' | 'sites' | 'quarters' | 'network';
  /** Whether it looks at an hour of the days beside its own. */
  looksBeside?: true;
  /** Whether it depends on which devices share a lane. */
  ofStreams?: true;
}

const rollups: readonly Rollup[] = [
  { name: 'site_hours', order: 'site_id, direction, hour_at', madeOf: 'sites' },
  { name: 'travel_bins', order: 'site_id, direction, date, bin_kmh', madeOf: 'sites' },
  { name: 'speed_hours', order: 'site_id, direction, date, of_hour, bin_kmh', madeOf: 'sites' },
  { name: 'device_days', order: 'site_id, device_id, direction, lane, date', madeOf: 'windows' },
  { name: 'quarter_days', order: 'site_id, device_id, direction, lane, date', madeOf: 'quarters' },
  { name: 'day_peaks', order: 'site_id, direction, date, quarter', madeOf: 'quarters', ofStreams: true },
  { name: 'bottleneck_steps', order: 'corridor_id, position, step', madeOf: 'network', looksBeside: true },
  { name: 'corridor_walks', order: 'corridor_id, step', madeOf: 'network' },
  { name: 'slow_nights', order: 'corridor_id, position, date', madeOf: 'network' },
];

export interface RollupCircumstances {
  registry: RegistryView;
  timezone: string;
}

/**
 * Brings the roll-ups up to the manifest's windows: makes those of days whose windows changed, of other formulas, of
 * another zone or network; then the months. `db` is a session of the lake that may be bent to single days.
 */
export async function exportRollups(
  context: Pick<LakeContext, 'directory' | 'manifest' | 'onProgress'> & { db: DuckDBConnection },
  circumstances: RollupCircumstances,
): Promise<void> {
  const { db, manifest } = context;
  const due = Object.keys(manifest.windows)
    .sort()
    .map((date) => ({ date, rollups: rollups.filter((r) => !isFresh(manifest, r, date, circumstances)) }))
    .filter((day) => day.rollups.length > 0);
  if (due.length > 0) await defineViews(db, quarterRollupsSql());
  for (const [done, day] of due.entries()) {
    await writeParts(context, db, day.rollups, day.date, circumstances);
    context.onProgress?.('roll-ups', done + 1, due.length);
  }
  for (const rollup of rollups) {
    dropForgotten(manifest, rollup);
    await joinMonths(context, db, rollup);
  }
  await sumMonths(context, db);
  await joinWindows(context, db);
  await exportFilledRollups(context);
}

/** Whether there is nothing to do. */
export function rollupsAreFresh(manifest: Manifest, circumstances: RollupCircumstances): boolean {
  return (
    monthsAreSummed(manifest) &&
    monthsToJoin(manifest).length === 0 &&
    filledIsFresh(manifest, circumstances.timezone) &&
    Object.keys(manifest.windows).every((date) =>
      rollups.every((rollup) => isFresh(manifest, rollup, date, circumstances)),
    )
  );
}

function partsOf(manifest: Manifest, { name }: Rollup): Record<string, RollupFile> {
  manifest.rollups[name] ??= { parts: {}, months: {} };
  return manifest.rollups[name].parts;
}

/** Whether a day's part was made from the windows there are, by the formula, zone and network in force. */
function isFresh(
  manifest: Manifest,
  rollup: Rollup,
  date: string,
  circumstances: RollupCircumstances,
): boolean {
  const part = partsOf(manifest, rollup)[date];
  const files = windowsFor(manifest, rollup, date);
  return (
    part !== undefined &&
    part.madeWith === makings(rollup, date, circumstances) &&
    sameFiles(part.restsOn, files)
  );
}

function windowsFor(manifest: Manifest, rollup: Rollup, date: string): string[] {
  const shifts = { windows: [0], sites: [0], quarters: [0, 1], network: [-1, 0, 1] }[rollup.madeOf];
  return shifts.flatMap((shift) => manifest.windows[dateOf(Date.parse(date) + shift * DAY_MS)] ?? []);
}

const formulas = new Map(rollups.map(({ name }) => [name, shortHash(formulaOf(`window_${name}`))]));

const networkHashes = new WeakMap<RegistryView, string>();

function makings(rollup: Rollup, date: string, { registry, timezone }: RollupCircumstances): string {
  const formula = formulas.get(rollup.name)!;
  if (rollup.ofStreams) return `${formula} ${timezone} ${devicesTogether(registry, date)}`;
  if (rollup.madeOf !== 'network') return `${formula} ${timezone}`;
  let hash = networkHashes.get(registry);
  if (hash === undefined) {
    const places = registry.history('site').map((h) => [h.id, h.validFrom, h.body.direction ?? '']);
    const text = JSON.stringify([registry.history('corridor'), places]);
    hash = shortHash(text);
    networkHashes.set(registry, hash);
  }
  return `${formula} ${timezone} ${hash}`;
}

const sharedSites = new WeakMap<RegistryView, ReturnType<typeof installationsOf>[]>();

const installationsOf = (registry: RegistryView) => registry.history('installation');

/** Names the installations of a day at sites that have several of them; '' on most days. */
function devicesTogether(registry: RegistryView, date: string): string {
  let sites = sharedSites.get(registry);
  if (sites === undefined) {
    const bySite = Map.groupBy(installationsOf(registry), (h) => h.body.siteId);
    sites = [...bySite.values()].filter((there) => there.length > 1);
    sharedSites.set(registry, sites);
  }
  const from = Date.parse(date);
  const together = sites
    .map((there) => there.filter((h) => h.validFrom < from + 2 * DAY_MS && h.validTo > from))
    .filter((there) => there.length > 1);
  return together.length === 0 ? '' : shortHash(JSON.stringify(together));
}

async function writeParts(
  context: Pick<LakeContext, 'directory' | 'manifest'>,
  db: DuckDBConnection,
  due: readonly Rollup[],
  date: string,
  circumstances: RollupCircumstances,
): Promise<void> {
  for (const madeOf of ['windows', 'sites', 'quarters', 'network'] as const) {
    const alike = due.filter((rollup) => rollup.madeOf === madeOf);
    if (alike.length === 0) continue;
    await lookAt(context, db, alike[0]!, date);
    // What several are made of is worked out once.
    const kept = {
      windows: undefined,
      sites: 'site_windows',
      quarters: 'quarter_counts',
      network: 'driven_steps',
    }[madeOf];
    // Without a corridor there is nothing to ask.
    let isEmpty = madeOf === 'network' && circumstances.registry.history('corridor').length === 0;
    if (kept !== undefined && !isEmpty) {
      await askDay(db, date, madeOf === 'network' || madeOf === 'quarters' ? HOUR_MS : 0);
      isEmpty = await keepFor(db, kept);
    }
    for (const rollup of alike) {
      await askDay(db, date, rollup.looksBeside ? HOUR_MS : 0);
      await writePart(context, db, rollup, date, circumstances, isEmpty);
    }
  }
}

/** Bends the session to a day and to the windows that a roll-up of it rests on. */
async function lookAt(
  { directory, manifest }: Pick<LakeContext, 'directory' | 'manifest'>,
  db: DuckDBConnection,
  rollup: Rollup,
  date: string,
): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP VIEW windows AS SELECT * FROM ${parquetRows(directory, windowsFor(manifest, rollup, date))}`,
  );
  await askDay(db, date, 0);
}

async function askDay(db: DuckDBConnection, date: string, marginMs: number): Promise<void> {
  const start = Date.parse(date);
  await db.run(
    `SET VARIABLE from_at = ${instant(start - marginMs)}; SET VARIABLE to_at = ${instant(start + DAY_MS + marginMs)}`,
  );
}

/** Tells whether there is nothing in it. */
async function keepFor(db: DuckDBConnection, view: string): Promise<boolean> {
  await db.run(`
    CREATE OR REPLACE TEMP TABLE kept_${view} AS SELECT * FROM ${view};
    CREATE OR REPLACE TEMP VIEW rollup_${view} AS SELECT * FROM kept_${view}`);
  const rows = await db.runAndReadAll(`SELECT count(*)::DOUBLE FROM kept_${view}`);
  return rows.getRows()[0]![0] === 0;
}

async function writePart(
  context: Pick<LakeContext, 'directory' | 'manifest'>,
  db: DuckDBConnection,
  rollup: Rollup,
  date: string,
  circumstances: RollupCircumstances,
  isEmpty: boolean,
): Promise<void> {
  const { directory, manifest } = context;
  const start = Date.parse(date);
  const own = rollup.looksBeside
    ? `WHERE step >= ${start / 300_000} AND step < ${(start + DAY_MS) / 300_000}`
    : '';
  const path = await writeParquet(
    { directory, db },
    `rollups/${rollup.name}/month=${date.slice(0, 7)}/${date}-g${manifest.generation}.parquet`,
    // To plan the sums of nothing takes as long as of much.
    isEmpty
      ? `FROM rolled_${rollup.name} LIMIT 0`
      : `SELECT * FROM window_${rollup.name} ${own} ORDER BY ${rollup.order}`,
  );
  const restsOn = windowsFor(manifest, rollup, date);
  partsOf(manifest, rollup)[date] = { path, madeWith: makings(rollup, date, circumstances), restsOn };
}

function instant(ms: number): string {
  return `TIMESTAMPTZ ${quoted(new Date(ms).toISOString())}`;
}

/** Days whose windows are gone. */
function dropForgotten(manifest: Manifest, rollup: Rollup): void {
  const parts = partsOf(manifest, rollup);
  for (const date of Object.keys(parts)) if (!manifest.windows[date]) delete parts[date];
}

/**
 * Lets a session answer from roll-ups, those of them that are wholly of the newest windows; without them its views
 * answer from windows.
 */
export async function serveRollups(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  circumstances: RollupCircumstances,
): Promise<void> {
  const dates = Object.keys(manifest.windows);
  if (dates.length > 0) {
    await defineViews(
      db,
      `CREATE OR REPLACE TEMP VIEW windows_by_site AS SELECT * FROM ${parquetRows(directory, filesBySite(manifest))}`,
    );
    await db.run('SET VARIABLE rollup_by_site = true');
  }
  const fresh = rollups.filter(
    (rollup) => dates.length > 0 && dates.every((date) => isFresh(manifest, rollup, date, circumstances)),
  );
  for (const rollup of fresh) {
    const rows = rowsOf(directory, filesOf(manifest, rollup.name));
    await defineViews(db, `CREATE OR REPLACE TEMP VIEW rolled_${rollup.name} AS SELECT * FROM ${rows}`);
  }
  const isServed = (madeOfNetwork: boolean) =>
    rollups.every((rollup) => (rollup.madeOf === 'network') !== madeOfNetwork || fresh.includes(rollup));
  if (isServed(false)) {
    await db.run(`SET VARIABLE rollup_tz = ${quoted(circumstances.timezone)}`);
    const months = await serveMonths(db, directory, manifest);
    await serveFilled(db, directory, manifest, { zone: circumstances.timezone, months });
  }
  await db.run(`SET VARIABLE rollup_network = ${isServed(true)}`);
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
