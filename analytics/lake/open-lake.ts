import { type DuckDBConnection, DuckDBTimestampTZValue } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import { serveFeedDays } from '../feed-quality/feed-days.ts';
import { createFeedQualityViews } from '../feed-quality/feed-quality-views.ts';
import { createHealthViews } from '../health/health-views.ts';
import { filledWindowsSql } from '../imputation/imputed.ts';
import { createTimetableViews } from '../timetable/timetable-views.ts';
import { serveTransitRollups } from '../transit/transit-rollups.ts';
import { transitViewsSql } from '../transit/transit-views.ts';
import { createDerivedViews } from './derived-tables.ts';
import { lakeInstance, parquetRows, quoted } from './lake-context.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { defineViews, makeOnDemand } from './on-demand.ts';
import { readingFields, wholeColumns } from './reading-fields.ts';
import { rememberAnswers } from './remembered.ts';
import { serveRollups } from './rollups.ts';
import { sessionSql } from './session-sql.ts';

export interface City {
  name: string;
  /** IANA zone. */
  timezone: string;
}

export interface LakeOptions {
  /** DATA/lake */
  directory: string;
  registry: RegistryView;
  city: City;
}

/** So little that a whole process which answers, or renders a report, keeps below a gigabyte. Exports need more. */
const ANSWERS_LIMIT = '500MB';

/** A DuckDB session over the lake: the views of docs/lake.md, the macros and derived views on them. */
export async function openLake({ directory, registry, city }: LakeOptions): Promise<DuckDBConnection> {
  const db = await (await lakeInstance(directory)).connect();
  makeOnDemand(db);
  await db.run(`SET memory_limit = '${ANSWERS_LIMIT}'`);
  const manifest = readManifest(directory);
  await createLakeViews(db, directory, manifest, { registry, city });
  await serveRollups(db, directory, manifest, { registry, timezone: city.timezone });
  await serveTransitRollups(db, directory, manifest, city.timezone);
  await serveFeedDays(db, manifest, city.timezone);
  rememberAnswers(db);
  return db;
}

/** Gives a connection the views of a manifest's files. */
export async function createLakeViews(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  { registry, city }: Pick<LakeOptions, 'registry' | 'city'>,
): Promise<void> {
  await db.run(
    `SET TimeZone = 'UTC'; SET parquet_metadata_cache = true; SET VARIABLE city_tz = ${quoted(city.timezone)}`,
  );
  // A view is bound to its files each time one is made on it: one file of each has the same columns as all.
  await createFileViews(db, directory, manifest, 1);
  await createRegistryTables(db, registry);
  await db.run(
    `CREATE TEMP TABLE city AS SELECT ${quoted(city.name)} AS name, ${quoted(city.timezone)} AS timezone`,
  );
  await createTimetableViews(db, directory, manifest.timetables);
  await createDerivedViews(db, directory, manifest);
  await defineViews(db, sessionSql());
  await defineViews(db, filledWindowsSql());
  await createHealthViews(db);
  await defineViews(db, transitViewsSql());
  await createFeedQualityViews(db);
  await createFileViews(db, directory, manifest, Number.POSITIVE_INFINITY);
}

async function createFileViews(
  db: DuckDBConnection,
  directory: string,
  m: Manifest,
  mostFiles: number,
): Promise<void> {
  const views: [name: string, paths: string[], empty: string][] = [
    ['archive', m.archive.map((f) => f.path), archiveColumns],
    ['readings', m.readings.map((f) => f.path), readingColumns()],
    ['windows', Object.values(m.windows), windowColumns],
    ['hourly', Object.values(m.hourly), hourlyColumns],
    ['ledger', m.ledger ? [m.ledger] : [], ledgerColumns],
    [
      'door',
      m.door ? [m.door] : [],
      'reason VARCHAR, device_id VARCHAR, hour_received TIMESTAMPTZ, refused BIGINT',
    ],
  ];
  for (const [name, paths, empty] of views) {
    if (paths.length === 0) await db.run(`CREATE TEMP TABLE IF NOT EXISTS ${name} (${empty})`);
    else {
      const rows = parquetRows(directory, paths.slice(0, mostFiles));
      // Readings files have the columns of the kinds that are in them.
      if (name === 'readings') await db.run(`CREATE TEMP TABLE IF NOT EXISTS no_readings (${empty})`);
      await defineViews(
        db,
        `CREATE OR REPLACE TEMP VIEW ${name} AS ${name === 'readings' ? 'SELECT * FROM no_readings UNION ALL BY NAME ' : ''}SELECT * FROM ${rows}`,
      );
    }
  }
}

const archiveColumns =
  'partition INTEGER, position BIGINT, type VARCHAR, device_id VARCHAR, received_at TIMESTAMPTZ, domain VARCHAR, payload BLOB, payload_md5 VARCHAR';
const windowColumns = `kind VARCHAR, device_id VARCHAR, subject VARCHAR, site_id VARCHAR, direction VARCHAR, lane INTEGER,
  start_at TIMESTAMPTZ, window_s INTEGER, readings BIGINT, observed_s BIGINT, count BIGINT, count_s BIGINT,
  class_counts MAP(VARCHAR, BIGINT), occupancy_micro_s BIGINT, occupancy_s BIGINT, pace_micro_s BIGINT, pace_count BIGINT,
  speed_milli_s BIGINT, speed_s BIGINT, speed_histogram MAP(SMALLINT, BIGINT), histogram_basis VARCHAR, expected_s BIGINT,
  revision INTEGER, reason VARCHAR`;
const hourlyColumns = `kind VARCHAR, site_id VARCHAR, direction VARCHAR, lane INTEGER, hour_at TIMESTAMPTZ, windows BIGINT,
  readings BIGINT, observed_s BIGINT, count BIGINT, count_s BIGINT, occupancy_micro_s BIGINT, occupancy_s BIGINT,
  pace_micro_s BIGINT, pace_count BIGINT, speed_milli_s BIGINT, speed_s BIGINT, expected_s BIGINT`;
const ledgerColumns = `partition INTEGER, device_id VARCHAR, hour_received TIMESTAMPTZ, hour_observed TIMESTAMPTZ,
  outcome VARCHAR, reason VARCHAR, readings BIGINT, late BIGINT`;

function readingColumns(): string {
  const fields = readingFields
    .filter(([, column]) => column !== 'observed_at')
    .map(([, column, type]) => `${column} ${wholeColumns.includes(column) ? 'BIGINT' : type}`);
  return `partition INTEGER, position BIGINT, index INTEGER, device_id VARCHAR, received_at TIMESTAMPTZ, domain VARCHAR,
    outcome VARCHAR, reason VARCHAR, site_id VARCHAR, via BIGINT, observed_at TIMESTAMPTZ, ${fields.join(', ')}`;
}

type Cell = string | number | null | Date | number[] | string[];

async function createRegistryTables(db: DuckDBConnection, view: RegistryView): Promise<void> {
  const held = ({ validFrom, validTo }: { validFrom: Instant; validTo: Instant }): Cell[] => [
    new Date(validFrom),
    Number.isFinite(validTo) ? new Date(validTo) : null,
  ];
  const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  await fill(
    db,
    'sites',
    'site_id VARCHAR, name VARCHAR, lat DOUBLE, lon DOUBLE, road VARCHAR, direction VARCHAR, link_id VARCHAR, lanes INTEGER, speed_limit_kmh DOUBLE, length_km DOUBLE, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('site').map((h) => {
      const s = h.body;
      return [
        s.siteId,
        s.name ?? null,
        s.position?.lat ?? null,
        s.position?.lon ?? null,
        s.road ?? null,
        s.direction ?? null,
        s.linkId ?? null,
        s.lanes ?? null,
        s.speedLimitKmh ?? null,
        s.lengthKm ?? null,
        ...held(h),
      ];
    }),
  );
  await fill(
    db,
    'links',
    'link_id VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR, length_km DOUBLE, lanes INTEGER, speed_limit_kmh DOUBLE, line JSON, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('link').map((h) => {
      const l = h.body;
      return [
        l.linkId,
        l.name ?? null,
        l.road ?? null,
        l.direction ?? null,
        l.lengthKm,
        l.lanes ?? null,
        l.speedLimitKmh ?? null,
        text(l.line),
        ...held(h),
      ];
    }),
  );
  await fill(
    db,
    'zones',
    'zone_id VARCHAR, name VARCHAR, rings JSON, population DOUBLE, deprivation DOUBLE, people JSON, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('zone').map((h) => {
      const z = h.body;
      return [
        z.zoneId,
        z.name ?? null,
        text(z.rings),
        z.population ?? null,
        z.deprivation ?? null,
        text(z.people),
        ...held(h),
      ];
    }),
    '* REPLACE (people::MAP(VARCHAR, DOUBLE) AS people,',
  );
  await fill(
    db,
    'corridors',
    'corridor_id VARCHAR, name VARCHAR, road VARCHAR, position INTEGER, site_id VARCHAR, km DOUBLE, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view
      .history('corridor')
      .flatMap((h) =>
        h.body.sites.map((s, i) => [
          h.body.corridorId,
          h.body.name ?? null,
          h.body.road ?? null,
          i + 1,
          s.siteId,
          s.km,
          ...held(h),
        ]),
      ),
  );
  await fill(
    db,
    'calendar',
    'calendar_id VARCHAR, type VARCHAR, name VARCHAR, first_date VARCHAR, last_date VARCHAR, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('calendar').map((h) => {
      const c = h.body;
      return [c.calendarId, c.type, c.name ?? null, c.firstDate, c.lastDate, ...held(h)];
    }),
    '* REPLACE (first_date::DATE AS first_date, last_date::DATE AS last_date,',
  );
  await fill(
    db,
    'incidents',
    'incident_id VARCHAR, type VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR, site_ids VARCHAR, lat DOUBLE, lon DOUBLE, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('incident').map((h) => {
      const i = h.body;
      return [
        i.incidentId,
        i.type,
        i.name ?? null,
        i.road ?? null,
        i.direction ?? null,
        text(i.siteIds),
        i.position?.lat ?? null,
        i.position?.lon ?? null,
        new Date(i.from),
        new Date(i.to),
        ...held(h),
      ];
    }),
    `* REPLACE (from_json(site_ids, '["VARCHAR"]') AS site_ids,`,
  );
  await fill(
    db,
    'screenlines',
    'screenline_id VARCHAR, name VARCHAR, type VARCHAR, site_id VARCHAR, direction VARCHAR, sense VARCHAR, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view
      .history('screenline')
      .flatMap((h) =>
        h.body.crossings.map((c) => [
          h.body.screenlineId,
          h.body.name ?? null,
          h.body.type,
          c.siteId,
          c.direction ?? null,
          c.sense,
          ...held(h),
        ]),
      ),
  );
  await fill(
    db,
    'devices',
    'device_id VARCHAR, domain VARCHAR, role VARCHAR, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('device').map((h) => [h.body.deviceId, h.body.domain, h.body.role, ...held(h)]),
  );
  await fill(
    db,
    'installations',
    'device_id VARCHAR, site_id VARCHAR, period_s INTEGER, lanes VARCHAR, directions VARCHAR, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ',
    view.history('installation').map((h) => {
      const i = h.body;
      return [i.deviceId, i.siteId, i.periodS ?? null, text(i.lanes), text(i.directions), ...held(h)];
    }),
    `* REPLACE (from_json(lanes, '["INTEGER"]') AS lanes, from_json(directions, '["VARCHAR"]') AS directions,`,
  );
}

/** A table of the registry; an open end is 'infinity'. */
async function fill(
  db: DuckDBConnection,
  name: string,
  columns: string,
  rows: Cell[][],
  replace = '* REPLACE (',
): Promise<void> {
  await db.run(`CREATE TEMP TABLE ${name}_raw (${columns})`);
  const appender = await db.createAppender(`${name}_raw`);
  const types = columns.split(',').map((c) => c.trim().split(' ')[1]);
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      if (cell === null) appender.appendNull();
      else if (cell instanceof Date) {
        appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(cell.getTime()) * 1_000n));
      } else if (types[i] === 'INTEGER') appender.appendInteger(cell as number);
      else if (types[i] === 'DOUBLE') appender.appendDouble(cell as number);
      else appender.appendVarchar(cell as string);
    }
    appender.endRow();
  }
  appender.closeSync();
  await db.run(
    `CREATE TEMP TABLE ${name} AS SELECT ${replace} coalesce(valid_to, 'infinity'::TIMESTAMPTZ) AS valid_to) FROM ${name}_raw; DROP TABLE ${name}_raw`,
  );
}
