import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { createFeedQualityViews } from '#analytics/feed-quality/feed-quality-views.ts';
import { filledWindowsSql, imputed } from '#analytics/imputation/imputed.ts';
import { defineViews, makeOnDemand } from '#analytics/lake/on-demand.ts';
import { readingFields, wholeColumns } from '#analytics/lake/reading-fields.ts';
import { sessionSql } from '#analytics/lake/session-sql.ts';
import { createTimetableViews } from '#analytics/timetable/timetable-views.ts';
import {
  passengerCountsTable,
  stopVisitsTable,
  tripsPerformedTable,
} from '#analytics/transit/transit-tables.ts';
import { transitViewsSql } from '#analytics/transit/transit-views.ts';

type Cell = string | number | null | readonly (string | number)[] | { pairs: [string | number, number][] };

export interface SmallLake {
  timezone?: string;
  sites?: {
    site: string;
    km?: number;
    lanes?: number;
    limit?: number;
    road?: string;
    direction?: string;
    lat?: number;
    lon?: number;
  }[];
  /** Sites with their km, in driving order, by corridor. */
  corridors?: Record<string, [site: string, km: number][]>;
  devices?: {
    device: string;
    site: string;
    domain?: string;
    periodS?: number | null;
    lanes?: number[];
    directions?: string[];
    from?: string;
    to?: string;
  }[];
  calendar?: { type: string; first: string; last?: string; name?: string }[];
  incidents?: { incident: string; type?: string; sites: string[]; from: string; to: string; name?: string }[];
  /** Crossings by screenline. */
  screenlines?: Record<string, { site: string; direction?: string; sense?: 'in' | 'out'; type?: string }[]>;
  /** Squares around their centres. */
  zones?: LakeZone[];
  windows?: LakeWindow[];
  /** What nights made of gaps and bad days: also the local dates that were worked. */
  imputed?: { nights: string[]; values: ImputedValue[] };
}

export interface LakeZone {
  zone: string;
  lat: number;
  lon: number;
  /** Of the square, in degrees; 0.002 where it is not said. */
  side?: number;
  population?: number;
  deprivation?: number;
  people?: Record<string, number>;
}

export interface ImputedValue {
  at: string;
  site?: string;
  device?: string;
  windowS?: number;
  field?: 'flow_veh_h' | 'occupancy' | 'speed_kmh';
  value: number | null;
  method?: string;
  because?: string;
}

/** What one five-minute window (or `windowS`) holds, as a person would say it; speeds are means of the window. */
export interface LakeWindow {
  at: string;
  site?: string;
  device?: string;
  kind?: 'traffic-flow' | 'signal-event';
  direction?: string;
  lane?: number;
  windowS?: number;
  observedS?: number;
  count?: number;
  countS?: number;
  speedKmh?: number;
  occupancy?: number;
  classes?: Record<string, number>;
  /** Drivers by km/h. */
  drivers?: [kmh: number, drivers: number][];
}

const ALWAYS = '1970-01-01T00:00:00Z';

/** A prepared in-memory session whose tables have the names and columns of docs/lake.md, and these rows. */
export async function smallLake(lake: SmallLake): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET TimeZone = 'UTC'; ${tables}`);
  makeOnDemand(connection);
  await defineViews(connection, sessionSql());
  await defineViews(connection, filledWindowsSql());
  await withoutTransit(connection);
  await fillLake(connection, lake);
  return connection;
}

/** Puts these rows in place of all that a prepared session held. */
export async function fillLake(connection: DuckDBConnection, lake: SmallLake): Promise<void> {
  await connection.run(
    [...tables.matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => `DELETE FROM ${name};`).join('\n'),
  );
  const insert = async (table: string, columns: string, rows: Cell[][]) => {
    const sql = rows.map((row) => `(${row.map(sqlOf).join(', ')})`).join(',\n');
    if (rows.length > 0) await connection.run(`INSERT INTO ${table} (${columns}) VALUES ${sql}`);
  };
  await insert('city', 'name, timezone', [['Testville', lake.timezone ?? 'UTC']]);
  await insert(
    'sites',
    'site_id, name, lat, lon, road, direction, lanes, speed_limit_kmh, length_km, valid_from, valid_to',
    (lake.sites ?? []).map((s) => [
      s.site,
      `Site ${s.site}`,
      s.lat ?? null,
      s.lon ?? null,
      s.road ?? null,
      s.direction ?? null,
      s.lanes ?? null,
      s.limit ?? null,
      s.km ?? null,
      ALWAYS,
      'infinity',
    ]),
  );
  await insert(
    'corridors',
    'corridor_id, position, site_id, km, valid_from, valid_to',
    Object.entries(lake.corridors ?? {}).flatMap(([id, sites]) =>
      sites.map(([site, km], i) => [id, i + 1, site, km, ALWAYS, 'infinity']),
    ),
  );
  const devices = lake.devices ?? [];
  await insert(
    'devices',
    'device_id, domain, role, valid_from, valid_to',
    devices.map((d) => [d.device, d.domain ?? 'recording:test', 'sensor', ALWAYS, 'infinity']),
  );
  await insert(
    'installations',
    'device_id, site_id, period_s, lanes, directions, valid_from, valid_to',
    devices.map((d) => [
      d.device,
      d.site,
      d.periodS === undefined ? 300 : d.periodS,
      d.lanes ?? [],
      d.directions ?? [],
      d.from ?? ALWAYS,
      d.to ?? 'infinity',
    ]),
  );
  await insert(
    'calendar',
    'calendar_id, type, name, first_date, last_date, valid_from, valid_to',
    (lake.calendar ?? []).map((c) => [
      `${c.type}/${c.first}`,
      c.type,
      c.name ?? null,
      c.first,
      c.last ?? c.first,
      ALWAYS,
      'infinity',
    ]),
  );
  await insert(
    'incidents',
    'incident_id, type, name, site_ids, from_at, to_at, valid_from, valid_to',
    (lake.incidents ?? []).map((i) => [
      i.incident,
      i.type ?? 'incident',
      i.name ?? null,
      i.sites,
      i.from,
      i.to,
      ALWAYS,
      'infinity',
    ]),
  );
  await insert(
    'screenlines',
    'screenline_id, name, type, site_id, direction, sense, valid_from, valid_to',
    Object.entries(lake.screenlines ?? {}).flatMap(([id, crossings]) =>
      crossings.map((c) => [
        id,
        `Line ${id}`,
        c.type ?? 'screenline',
        c.site,
        c.direction ?? null,
        c.sense ?? 'in',
        ALWAYS,
        'infinity',
      ]),
    ),
  );
  await fillZones(connection, lake.zones ?? []);
  await fillWindows(connection, lake.windows ?? []);
  await insert(
    'derived_days',
    'name, date, version, stale',
    (lake.imputed?.nights ?? []).map((date) => ['imputed', date, imputed.version, 'false']),
  );
  await insert(
    'imputed',
    'date, device_id, site_id, direction, lane, start_at, window_s, because, field, value, method, donors',
    (lake.imputed?.values ?? []).map((v) => [
      v.at.slice(0, 10),
      v.device ?? `d-${v.site ?? 'a'}`,
      v.site ?? 'a',
      '',
      0,
      v.at,
      v.windowS ?? 300,
      v.because ?? 'missing',
      v.field ?? 'flow_veh_h',
      v.value,
      v.method ?? 'local',
      [],
    ]),
  );
}

/** The tables and views of transit, with nothing in them. */
async function withoutTransit(connection: DuckDBConnection): Promise<void> {
  await createTimetableViews(connection, '', []);
  await connection.run(`CREATE TEMP TABLE stop_visits (${stopVisitsTable.columns});
    CREATE TEMP TABLE trips_performed (${tripsPerformedTable.columns});
    CREATE TEMP TABLE passenger_counts (${passengerCountsTable.columns})`);
  await defineViews(connection, transitViewsSql());
  await createFeedQualityViews(connection);
}

/** Puts these zones in place of those that were there. */
export async function fillZones(connection: DuckDBConnection, zones: readonly LakeZone[]): Promise<void> {
  await connection.run('DELETE FROM zones');
  const rows = zones.map(({ zone, lat, lon, side = 0.002, population, deprivation, people }) => {
    const [south, north, west, east] = [lat - side / 2, lat + side / 2, lon - side / 2, lon + side / 2];
    const ring = [west, east, east, west, west].map((x, i) => [x, [south, south, north, north, south][i]]);
    const named = people ? { pairs: Object.entries(people) } : null;
    const cells = [zone, JSON.stringify([ring]), population ?? null, deprivation ?? null, named];
    return `(${[...cells, ALWAYS, 'infinity'].map(sqlOf).join(', ')})`;
  });
  if (rows.length === 0) return;
  await connection.run(
    `INSERT INTO zones (zone_id, rings, population, deprivation, people, valid_from, valid_to) VALUES ${rows.join(',\n')}`,
  );
}

/** Puts these windows, and the hourly table of them, in place of those that were there. */
export async function fillWindows(
  connection: DuckDBConnection,
  windows: readonly LakeWindow[],
): Promise<void> {
  await connection.run('DELETE FROM windows; DELETE FROM hourly;');
  for (let i = 0; i < windows.length; i += 2_000) {
    const rows = windows.slice(i, i + 2_000).map((w) => `(${windowRow(w).map(sqlOf).join(', ')})`);
    await connection.run(`INSERT INTO windows (${windowColumns}) VALUES ${rows.join(',\n')}`);
  }
  await connection.run(`
    INSERT INTO hourly
    SELECT kind, site_id, direction, lane, date_trunc('hour', start_at), count(*), sum(readings), sum(observed_s),
      sum(count), sum(count_s), sum(occupancy_micro_s), sum(occupancy_s), sum(pace_micro_s), sum(pace_count),
      sum(speed_milli_s), sum(speed_s), sum(expected_s)
    FROM windows WHERE window_s <= 3600 GROUP BY ALL`);
}

/** Windows of one length, one after another from a start. */
export function series(start: string, each: readonly Omit<LakeWindow, 'at'>[], windowS = 300): LakeWindow[] {
  const first = Date.parse(start);
  return each.map((window, i) => ({
    ...window,
    windowS,
    at: new Date(first + i * windowS * 1_000).toISOString(),
  }));
}

const windowColumns =
  'kind, device_id, subject, site_id, direction, lane, start_at, window_s, readings, observed_s, count, count_s, ' +
  'occupancy_micro_s, occupancy_s, pace_micro_s, pace_count, speed_milli_s, speed_s, revision, reason, class_counts, ' +
  'speed_histogram, histogram_basis';

/** The sums that docs and domain/window.ts define, from the words of the test. */
function windowRow(w: LakeWindow): Cell[] {
  const windowS = w.windowS ?? 300;
  const counted = w.count !== undefined;
  const isEvent = w.kind === 'signal-event';
  const observedS = isEvent ? 0 : (w.observedS ?? windowS);
  const withPace = counted && w.speedKmh !== undefined && w.count! > 0;
  const timed = !counted && w.speedKmh !== undefined;
  return [
    w.kind ?? 'traffic-flow',
    w.device ?? `d-${w.site ?? 'a'}`,
    '',
    w.site ?? 'a',
    w.direction ?? '',
    w.lane ?? 0,
    w.at,
    windowS,
    1,
    observedS,
    w.count ?? null,
    counted && !isEvent ? (w.countS ?? observedS) : 0,
    w.occupancy === undefined ? 0 : Math.round(w.occupancy * 1e6) * observedS,
    w.occupancy === undefined ? 0 : observedS,
    withPace ? Math.round((w.count! * 3.6e9) / w.speedKmh!) : 0,
    withPace ? w.count! : 0,
    timed ? Math.round(w.speedKmh! * 1_000) * observedS : 0,
    timed ? observedS : 0,
    0,
    'published',
    w.classes ? { pairs: Object.entries(w.classes) } : null,
    w.drivers ? { pairs: w.drivers } : null,
    w.drivers ? 'drivers' : null,
  ];
}

function sqlOf(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'string') return `'${cell.replaceAll("'", "''")}'`;
  if ('pairs' in cell) return `MAP {${cell.pairs.map(([k, v]) => `${sqlOf(k)}: ${v}`).join(', ')}}`;
  return `[${cell.map(sqlOf).join(', ')}]`;
}

const held = 'valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ';

const tables = `
CREATE TABLE windows (kind VARCHAR, device_id VARCHAR, subject VARCHAR, site_id VARCHAR, direction VARCHAR, lane SMALLINT,
  start_at TIMESTAMPTZ, window_s INTEGER, readings BIGINT, observed_s BIGINT, count BIGINT, count_s BIGINT,
  class_counts MAP(VARCHAR, BIGINT), occupancy_micro_s BIGINT, occupancy_s BIGINT, pace_micro_s BIGINT,
  pace_count BIGINT, speed_milli_s BIGINT, speed_s BIGINT, speed_histogram MAP(SMALLINT, BIGINT),
  histogram_basis VARCHAR, expected_s BIGINT, revision INTEGER, reason VARCHAR);
CREATE TABLE hourly (kind VARCHAR, site_id VARCHAR, direction VARCHAR, lane SMALLINT, hour_at TIMESTAMPTZ,
  windows BIGINT, readings BIGINT, observed_s BIGINT, count BIGINT, count_s BIGINT, occupancy_micro_s BIGINT,
  occupancy_s BIGINT, pace_micro_s BIGINT, pace_count BIGINT, speed_milli_s BIGINT, speed_s BIGINT, expected_s BIGINT);
CREATE TABLE sites (site_id VARCHAR, name VARCHAR, lat DOUBLE, lon DOUBLE, road VARCHAR, direction VARCHAR,
  link_id VARCHAR, lanes INTEGER, speed_limit_kmh DOUBLE, length_km DOUBLE, ${held});
CREATE TABLE links (link_id VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR, length_km DOUBLE, lanes INTEGER,
  speed_limit_kmh DOUBLE, line JSON, ${held});
CREATE TABLE zones (zone_id VARCHAR, name VARCHAR, rings JSON, population DOUBLE, deprivation DOUBLE,
  people MAP(VARCHAR, DOUBLE), ${held});
CREATE TABLE corridors (corridor_id VARCHAR, name VARCHAR, road VARCHAR, position INTEGER, site_id VARCHAR, km DOUBLE,
  ${held});
CREATE TABLE devices (device_id VARCHAR, domain VARCHAR, role VARCHAR, ${held});
CREATE TABLE installations (device_id VARCHAR, site_id VARCHAR, period_s INTEGER, lanes INTEGER[],
  directions VARCHAR[], ${held});
CREATE TABLE calendar (calendar_id VARCHAR, type VARCHAR, name VARCHAR, first_date DATE, last_date DATE, ${held});
CREATE TABLE incidents (incident_id VARCHAR, type VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR,
  site_ids VARCHAR[], lat DOUBLE, lon DOUBLE, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ, ${held});
CREATE TABLE screenlines (screenline_id VARCHAR, name VARCHAR, type VARCHAR, site_id VARCHAR, direction VARCHAR,
  sense VARCHAR, ${held});
CREATE TABLE readings (partition INTEGER, position BIGINT, index INTEGER, device_id VARCHAR, received_at TIMESTAMPTZ,
  outcome VARCHAR, reason VARCHAR, via BIGINT, observed_at TIMESTAMPTZ,
  ${readingFields
    .filter(([wire]) => wire !== 'observedAt')
    .map(([, column, type]) => `${column} ${wholeColumns.includes(column) ? 'BIGINT' : type}`)
    .join(', ')});
CREATE TABLE city (name VARCHAR, timezone VARCHAR);
CREATE TABLE derived_days (name VARCHAR, date DATE, version INTEGER, stale BOOLEAN);
CREATE TABLE imputed (${imputed.columns}, formula_version INTEGER, stale BOOLEAN);
`;
