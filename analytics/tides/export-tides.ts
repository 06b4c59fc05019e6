import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { cityTime } from '#domain/city-time.ts';
import { HOUR_MS } from '#domain/instant.ts';
import { instantSql, quoted } from '../lake/lake-context.ts';
import { rowsOf } from '../measures/rows.ts';
import { serviceDayStart } from '../transit/service-time.ts';
import { routeTypeLabels } from './route-type-labels.ts';

export type TidesFormat = 'csv' | 'parquet';

/** The tables that are exported, in the order in which they are made; a file each for every service date but for `vehicles`. */
export type TidesTable =
  | 'trips_performed'
  | 'stop_visits'
  | 'passenger_events'
  | 'vehicle_locations'
  | 'vehicles';

const dailyTables: readonly [TidesTable, string][] = [
  ['trips_performed', 'trips-performed.sql'],
  ['stop_visits', 'stop-visits.sql'],
  ['passenger_events', 'passenger-events.sql'],
  ['vehicle_locations', 'vehicle-locations.sql'],
];

export interface TidesFile {
  table: TidesTable;
  /** Absent for a table that is of no one date. */
  serviceDate?: string;
  /** Relative to the folder. */
  path: string;
  rows: number;
}

export interface LeftOut {
  table: TidesTable;
  reason: string;
  rows: number;
}

export interface TidesExport {
  files: TidesFile[];
  leftOut: LeftOut[];
  /** Service dates with rows. */
  dates: string[];
}

export interface TidesOptions {
  /** Where the files go; it is made where it is not there. */
  folder: string;
  /** Service dates that have been matched, ascending. */
  dates: readonly string[];
  /** IANA zone of the city. */
  zone: string;
  format: TidesFormat;
  onDate?: (done: number, date: string) => void;
}

/** A service day's vehicles are out from some hours before its midnight to the morning after (as in matching). */
const BEFORE_MS = 3 * HOUR_MS;
const AFTER_MS = 33 * HOUR_MS;

/** Writes what was matched as TIDES 1.0, date by date. Needs a session of the lake. */
export async function exportTides(db: DuckDBConnection, options: TidesOptions): Promise<TidesExport> {
  const { folder, dates, zone, format } = options;
  const time = cityTime(zone);
  const files: TidesFile[] = [];
  const leftOut = new Map<string, LeftOut>();
  await db.run(`${routeTypeLabel}; CREATE OR REPLACE TEMP TABLE tides_vehicles (vehicle_id VARCHAR)`);
  for (const [done, date] of dates.entries()) {
    options.onDate?.(done, date);
    const start = serviceDayStart(time, date);
    await db.run(`SET VARIABLE service_date = DATE ${quoted(date)};
      SET VARIABLE span_from = ${instantSql(`${start - BEFORE_MS}`)}; SET VARIABLE span_to = ${instantSql(`${start + AFTER_MS}`)}`);
    for (const [, sql] of dailyTables) await db.run(sqlFile(sql));
    const [found] = await rowsOf(db, anyRows);
    if (found === undefined) continue;
    for (const [table] of dailyTables) {
      const path = `${table}/${table}_${date}.${format}`;
      const rows = await write(db, `tides_${table}`, join(folder, path), format);
      files.push({ table, serviceDate: date, path, rows });
      await db.run(`INSERT INTO tides_vehicles SELECT DISTINCT vehicle_id FROM tides_${table}`);
    }
    for (const { tides_table, reason, rows } of await rowsOf(db, sqlFile('left-out.sql'))) {
      const key = `${tides_table}/${reason}`;
      const so = leftOut.get(key)?.rows ?? 0;
      if (Number(rows) === 0) continue;
      leftOut.set(key, {
        table: tides_table as TidesTable,
        reason: reason as string,
        rows: so + Number(rows),
      });
    }
  }
  if (files.length > 0) {
    await db.run(allVehicles);
    const path = `vehicles.${format}`;
    const rows = await write(db, 'tides_all_vehicles', join(folder, path), format);
    files.push({ table: 'vehicles', path, rows });
  }
  const found = new Set(files.flatMap((f) => f.serviceDate ?? []));
  return {
    files,
    leftOut: [...leftOut.values()].sort((a, b) => b.rows - a.rows),
    dates: [...found],
  };
}

/** Service dates around those with readings have been looked at too, and hold nothing. */
const anyRows = `SELECT 1 FROM (${dailyTables.map(([table]) => `SELECT 1 FROM tides_${table}`).join(' UNION ALL ')}) LIMIT 1`;

const routeTypeLabel = `CREATE OR REPLACE TEMP MACRO route_type_label(route_type) AS CASE route_type ${Object.entries(
  routeTypeLabels,
)
  .map(([type, label]) => `WHEN ${type} THEN ${quoted(label)}`)
  .join(' ')} END`;

/** Nothing that Headway hears says more of a vehicle than its name. */
const allVehicles = `CREATE OR REPLACE TEMP TABLE tides_all_vehicles AS
  SELECT DISTINCT vehicle_id, NULL::TIMESTAMPTZ AS vehicle_start, NULL::TIMESTAMPTZ AS vehicle_end, NULL::VARCHAR AS model_name,
    NULL::VARCHAR AS facility_name, NULL::INTEGER AS capacity_seated, NULL::INTEGER AS capacity_wheelchair,
    NULL::INTEGER AS capacity_bike, NULL::BOOLEAN AS bike_rack, NULL::INTEGER AS capacity_standing
  FROM tides_vehicles ORDER BY 1`;

function sqlFile(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

/** Whole or not at all. A date-time of a Table Schema has whole seconds; Parquet has all that is known. */
async function write(
  db: DuckDBConnection,
  table: string,
  path: string,
  format: TidesFormat,
): Promise<number> {
  mkdirSync(dirname(path), { recursive: true });
  const moments = (await rowsOf(db, `DESCRIBE ${table}`))
    .filter((c) => c.column_type === 'TIMESTAMP WITH TIME ZONE')
    .map((c) => `strftime(${c.column_name}, '%Y-%m-%dT%H:%M:%SZ') AS ${c.column_name}`);
  const [query, as] =
    format === 'csv'
      ? [
          `SELECT *${moments.length === 0 ? '' : ` REPLACE (${moments.join(', ')})`} FROM ${table}`,
          'FORMAT csv, HEADER true',
        ]
      : [`SELECT * FROM ${table}`, 'FORMAT parquet, COMPRESSION zstd'];
  const [copied] = await rowsOf(db, `COPY (${query}) TO ${quoted(`${path}.tmp`)} (${as})`);
  renameSync(`${path}.tmp`, path);
  return Number(copied!.Count);
}
