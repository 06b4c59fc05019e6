import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { cityTime } from '#domain/city-time.ts';
import type { Instant } from '#domain/instant.ts';
import { lakeInstance, quoted, writeParquet } from '../lake/lake-context.ts';
import { type Manifest, readManifest, writeManifest } from '../lake/manifest.ts';
import { rowsOf } from '../measures/rows.ts';
import { makeShape, type Shape } from '../transit/shape.ts';
import { tripsPerformedTable } from '../transit/transit-tables.ts';
import type { Finding } from './finding.ts';
import { neededFiles } from './gtfs-files.ts';
import { loadFiles } from './load-files.ts';
import { placeStops } from './place-stops.ts';
import { rules } from './rules.ts';
import { type TimetableTable, type TimetableVersion, timetableTables } from './timetable-version.ts';
import { type Validity, validityOf } from './validity.ts';

/** A feed's text files, as they were unpacked. */
export interface FeedFiles {
  /** Path by name, `stop_times.txt`. */
  files: ReadonlyMap<string, string>;
  fingerprint: string;
  findings: readonly { code: string; file: string; detail: string }[];
}

export interface ImportOptions {
  /** DATA/lake */
  directory: string;
  /** Name of the operator's feed. */
  feed: string;
  /** What the feed came as, to be shown. */
  source: string;
  /**
   * First service date on which it holds; else what feed_info.txt says, else its first date of service, but no date that
   * has passed under another version (`validity.ts`).
   */
  validFrom?: string;
  now: Instant;
}

export type ImportResult =
  | { type: 'imported'; version: TimetableVersion; validity: Validity }
  | { type: 'unchanged'; version: TimetableVersion }
  | { type: 'refused'; findings: Finding[] };

/**
 * Reads a feed, judges it, and keeps it as a new version of the timetable. A feed without trips, stops or dates is
 * refused; whatever else is wrong with it is named, and the rest is taken. The caller holds the lake's lock.
 */
export async function importTimetable(feed: FeedFiles, options: ImportOptions): Promise<ImportResult> {
  const { directory } = options;
  const manifest = readManifest(directory);
  const ofFeed = manifest.timetables.filter((v) => v.feed === options.feed);
  const same = ofFeed.find(
    (v) =>
      v.fingerprint === feed.fingerprint &&
      (options.validFrom === undefined || options.validFrom === v.validFrom),
  );
  if (same) return { type: 'unchanged', version: same };
  const missing = missingFiles(feed);
  if (missing.some((f) => f.severity === 'error')) return { type: 'refused', findings: missing };

  const db = await (await lakeInstance(directory)).connect();
  const written: string[] = [];
  try {
    await db.run("SET TimeZone = 'UTC'");
    const findings = [...missing, ...containerFindings(feed), ...(await loadFiles(db, feed.files))];
    await db.run(sql('typed-tables.sql'));
    await placePatterns(db);
    await db.run(sql('placed-tables.sql'));
    findings.push(...(await judge(db)));
    const facts = await feedFacts(db);
    const unusable = unusableBecause(facts);
    if (unusable) return { type: 'refused', findings: [unusable, ...findings] };

    const version = 1 + Math.max(0, ...ofFeed.map((v) => v.version));
    const files: Record<string, string> = {};
    for (const table of Object.keys(timetableTables) as TimetableTable[]) {
      const path = `timetables/${options.feed}-${version}-g${manifest.generation + 1}/${table}.parquet`;
      const named = quoted(`${options.feed}/${version}`);
      written.push(path);
      files[table] = await writeParquet(
        { db, directory },
        path,
        `SELECT ${named} AS timetable, * FROM (${rowsToKeep[table]})`,
      );
    }
    const validity = validityOf(
      { startDate: facts.startDate ?? facts.firstDate!, lastDate: facts.lastDate! },
      options.validFrom,
      {
        standing: ofFeed,
        today: cityTime(facts.timezone!).dateOf(options.now),
        matchedDates: datesWithTrips(manifest),
      },
    );
    const entry: TimetableVersion = {
      feed: options.feed,
      version,
      validFrom: validity.validFrom,
      importedAt: options.now,
      fingerprint: feed.fingerprint,
      source: options.source,
      timezone: facts.timezone!,
      firstDate: facts.firstDate!,
      lastDate: facts.lastDate!,
      counts: facts.counts,
      findings,
      files,
    };
    manifest.generation += 1;
    manifest.timetables.push(entry);
    writeManifest(directory, manifest);
    return { type: 'imported', version: entry, validity };
  } catch (error) {
    for (const path of written) rmSync(join(directory, path), { force: true });
    throw error;
  } finally {
    db.closeSync();
  }
}

/** Service dates whose vehicles were matched to the timetable that held. */
function datesWithTrips({ derived }: Manifest): string[] {
  const files = Object.entries(derived[tripsPerformedTable.name] ?? {});
  return files.filter(([, { rows }]) => rows !== 0).map(([date]) => date);
}

function sql(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}

function missingFiles({ files }: FeedFiles): Finding[] {
  const finding = (file: string, severity: Finding['severity'], detail: string): Finding => ({
    code: 'missing-file',
    severity,
    file,
    count: 1,
    examples: [],
    detail,
  });
  const lacks = (file: string) => !files.has(`${file}.txt`);
  const found = neededFiles
    .filter(lacks)
    .map((file) => finding(file, 'error', 'without it there is no timetable'));
  if (lacks('calendar') && lacks('calendar_dates'))
    found.push(
      finding('calendar', 'error', 'neither calendar.txt nor calendar_dates.txt: no day has service'),
    );
  else if (lacks('calendar'))
    found.push(finding('calendar', 'note', 'service is by calendar_dates.txt alone'));
  if (lacks('shapes')) found.push(finding('shapes', 'warning', 'straight lines from stop to stop stand in'));
  return found;
}

function containerFindings({ findings }: FeedFiles): Finding[] {
  return findings.map(({ code, file, detail }) => ({
    code,
    severity: 'warning',
    file: file.replace('.txt', ''),
    count: 1,
    examples: [],
    detail,
  }));
}

async function judge(db: DuckDBConnection): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { code, severity, file, detail, ids } of rules) {
    const [row] = await rowsOf(
      db,
      `SELECT count(*) AS n, to_json(list(DISTINCT id ORDER BY id)[:5])::VARCHAR AS examples FROM (${ids})`,
    );
    const count = Number(row!.n);
    if (count > 0) {
      findings.push({ code, severity, file, count, examples: JSON.parse(row!.examples as string), detail });
    }
  }
  return findings;
}

/** Places the stops of each pattern along its shape: tables `patterns` and `pattern_stops`. */
async function placePatterns(db: DuckDBConnection): Promise<void> {
  await db.run(`CREATE TEMP TABLE patterns (${timetableTables.patterns});
    CREATE TEMP TABLE pattern_stops (${timetableTables.pattern_stops})`);
  const positions = new Map<string, { lat: number; lon: number }>();
  for (const s of await rowsOf(db, 'SELECT stop_id, lat, lon FROM stops')) {
    positions.set(s.stop_id as string, { lat: Number(s.lat), lon: Number(s.lon) });
  }
  const shapes = new Map<string, Shape>();
  const reader = await db.runAndReadAll(
    'SELECT shape_id, list(lat ORDER BY position) AS lats, list(lon ORDER BY position) AS lons FROM shapes SEMI JOIN pattern_ways USING (shape_id) GROUP BY 1',
  );
  for (const row of reader.getRowObjectsJS()) {
    const lons = row.lons as number[];
    const points = (row.lats as number[]).map((lat, i) => ({ lat, lon: lons[i]! }));
    shapes.set(row.shape_id as string, makeShape(points));
  }
  const patterns = await db.createAppender('patterns');
  const patternStops = await db.createAppender('pattern_stops');
  const ways = await db.runAndReadAll(
    'SELECT * EXCLUDE (stop_ids), trips::DOUBLE AS n, stop_ids FROM pattern_ways ORDER BY pattern_id',
  );
  for (const row of ways.getRowObjectsJS()) {
    const stopIds = row.stop_ids as string[];
    const patternId = row.pattern_id as string;
    const placed = placeStops(
      stopIds.map((id) => positions.get(id)!),
      shapes.get(row.shape_id as string),
    );
    patterns.appendVarchar(patternId);
    patterns.appendVarchar(row.route_id as string);
    if (row.direction_id === null) patterns.appendNull();
    else patterns.appendInteger(row.direction_id as number);
    if (row.shape_id === null) patterns.appendNull();
    else patterns.appendVarchar(row.shape_id as string);
    patterns.appendInteger(stopIds.length);
    patterns.appendBigInt(BigInt(row.n as number));
    patterns.appendDouble(placed.lengthM);
    patterns.appendVarchar(placed.basis);
    patterns.appendDouble(placed.farthestM);
    patterns.endRow();
    for (const [i, stopId] of stopIds.entries()) {
      patternStops.appendVarchar(patternId);
      patternStops.appendSmallInt(i + 1);
      patternStops.appendVarchar(stopId);
      patternStops.appendDouble(placed.alongM[i]!);
      patternStops.endRow();
    }
  }
  patterns.closeSync();
  patternStops.closeSync();
}

interface FeedFacts {
  timezone: string | undefined;
  startDate: string | undefined;
  firstDate: string | undefined;
  lastDate: string | undefined;
  counts: TimetableVersion['counts'];
}

async function feedFacts(db: DuckDBConnection): Promise<FeedFacts> {
  const [row] = await rowsOf(
    db,
    `SELECT (SELECT agency_timezone FROM raw_agency LIMIT 1) AS timezone,
      (SELECT gtfs_date(feed_start_date) FROM raw_feed_info LIMIT 1) AS start_date, min(date) AS first_date, max(date) AS last_date,
      (SELECT count(*) FROM routes) AS routes, (SELECT count(*) FROM stops) AS stops, (SELECT count(*) FROM trips) AS trips,
      (SELECT count(*) FROM patterns) AS patterns, (SELECT count(*) FROM timed_calls) AS calls
     FROM service_dates SEMI JOIN trips USING (service_id)`,
  );
  const text = (value: unknown) => (value === null ? undefined : (value as string));
  return {
    timezone: text(row!.timezone),
    startDate: text(row!.start_date),
    firstDate: text(row!.first_date),
    lastDate: text(row!.last_date),
    counts: {
      routes: Number(row!.routes),
      stops: Number(row!.stops),
      trips: Number(row!.trips),
      patterns: Number(row!.patterns),
      stopTimes: Number(row!.calls),
    },
  };
}

function unusableBecause({ timezone, firstDate, counts }: FeedFacts): Finding | undefined {
  const because = (code: string, file: string, detail: string): Finding => ({
    code,
    severity: 'error',
    file,
    count: 1,
    examples: [],
    detail,
  });
  if (counts.trips === 0) return because('no-trips', 'trips', 'no trip can be used');
  if (firstDate === undefined) return because('no-service', 'calendar', 'no trip runs on any date');
  if (timezone === undefined || !isTimezone(timezone)) {
    return because(
      'no-timezone',
      'agency',
      `agency_timezone is ${timezone ?? 'missing'}: times mean nothing`,
    );
  }
  return undefined;
}

function isTimezone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

const rowsToKeep: Record<TimetableTable, string> = {
  routes: 'FROM routes ORDER BY route_id',
  stops: 'FROM stops ORDER BY stop_id',
  service_dates: 'FROM service_dates SEMI JOIN trips USING (service_id) ORDER BY date, service_id',
  trips: `SELECT ${namesOf('trips')} FROM trips ORDER BY trip_id`,
  stop_times: `SELECT trip_id AS times_id, position, stop_sequence, stop_id, arrival_s, departure_s, timepoint, interpolated, along_m
    FROM timed_calls WHERE arrival_s IS NOT NULL ORDER BY trip_id, position`,
  patterns: 'FROM patterns ORDER BY pattern_id',
  pattern_stops: 'FROM pattern_stops ORDER BY pattern_id, position',
  shapes: 'FROM shapes SEMI JOIN base_trips USING (shape_id) ORDER BY shape_id, position',
  transfers: `SELECT from_stop_id, to_stop_id, try_cast(transfer_type AS INTEGER) AS transfer_type,
    try_cast(min_transfer_time AS INTEGER) AS min_transfer_s FROM raw_transfers`,
};

function namesOf(table: TimetableTable): string {
  return timetableTables[table]
    .split(', ')
    .map((column) => column.split(' ')[0])
    .join(', ');
}
