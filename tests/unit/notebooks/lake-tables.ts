import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { detectorDays } from '#analytics/health/detector-days.ts';
import { createHealthViews } from '#analytics/health/health-views.ts';
import { filledWindowsSql, imputed } from '#analytics/imputation/imputed.ts';
import { defineViews, makeOnDemand } from '#analytics/lake/on-demand.ts';
import { sessionSql } from '#analytics/lake/session-sql.ts';

/** The views of docs/lake.md as empty tables, with the lake's own macros and views over them. */
const tables = `
CREATE TABLE archive ("partition" INT, position BIGINT, type VARCHAR, device_id VARCHAR, received_at TIMESTAMPTZ,
  domain VARCHAR, payload BLOB, payload_md5 VARCHAR);
CREATE TABLE readings ("partition" INT, position BIGINT, index INT, device_id VARCHAR, received_at TIMESTAMPTZ,
  domain VARCHAR, outcome VARCHAR, reason VARCHAR, site_id VARCHAR, kind VARCHAR, observed_at TIMESTAMPTZ);
CREATE TABLE windows (kind VARCHAR, device_id VARCHAR, subject VARCHAR DEFAULT '', site_id VARCHAR,
  direction VARCHAR DEFAULT '', lane SMALLINT DEFAULT 0, start_at TIMESTAMPTZ, window_s INT, readings BIGINT,
  observed_s BIGINT, count BIGINT, count_s BIGINT DEFAULT 0, class_counts MAP(VARCHAR, BIGINT),
  occupancy_micro_s BIGINT DEFAULT 0, occupancy_s BIGINT DEFAULT 0, pace_micro_s BIGINT DEFAULT 0,
  pace_count BIGINT DEFAULT 0, speed_milli_s BIGINT DEFAULT 0, speed_s BIGINT DEFAULT 0,
  speed_histogram MAP(SMALLINT, BIGINT), histogram_basis VARCHAR, expected_s BIGINT, revision INT DEFAULT 0,
  reason VARCHAR DEFAULT 'published');
CREATE VIEW hourly AS
  SELECT kind, site_id, direction, lane, date_trunc('hour', start_at) AS hour_at, count(*) AS windows,
    sum(readings)::BIGINT AS readings, sum(observed_s)::BIGINT AS observed_s, sum(count)::BIGINT AS count,
    sum(count_s)::BIGINT AS count_s, sum(occupancy_micro_s)::BIGINT AS occupancy_micro_s,
    sum(occupancy_s)::BIGINT AS occupancy_s, sum(pace_micro_s)::BIGINT AS pace_micro_s,
    sum(pace_count)::BIGINT AS pace_count, sum(speed_milli_s)::BIGINT AS speed_milli_s,
    sum(speed_s)::BIGINT AS speed_s, sum(expected_s)::BIGINT AS expected_s
  FROM windows GROUP BY ALL;
CREATE TABLE ledger ("partition" INT, device_id VARCHAR, hour_received TIMESTAMPTZ, hour_observed TIMESTAMPTZ,
  outcome VARCHAR, reason VARCHAR DEFAULT '', readings BIGINT, late BIGINT DEFAULT 0);
CREATE TABLE door (reason VARCHAR, device_id VARCHAR, hour_received TIMESTAMPTZ, refused BIGINT);
CREATE TABLE sites (site_id VARCHAR, name VARCHAR, lat DOUBLE, lon DOUBLE, road VARCHAR, direction VARCHAR,
  link_id VARCHAR, lanes INT, speed_limit_kmh DOUBLE, length_km DOUBLE,
  valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE links (link_id VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR, length_km DOUBLE, lanes INT,
  speed_limit_kmh DOUBLE, line JSON, valid_from TIMESTAMPTZ DEFAULT '1970-01-01',
  valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE zones (zone_id VARCHAR, name VARCHAR, rings JSON, population DOUBLE, deprivation DOUBLE,
  people MAP(VARCHAR, DOUBLE), valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ);
CREATE TABLE corridors (corridor_id VARCHAR, name VARCHAR, road VARCHAR, position INT, site_id VARCHAR, km DOUBLE,
  valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE devices (device_id VARCHAR, domain VARCHAR, role VARCHAR DEFAULT 'sensor',
  valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE installations (device_id VARCHAR, site_id VARCHAR, period_s INT, lanes INT[], directions VARCHAR[],
  valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE calendar (calendar_id VARCHAR, type VARCHAR, name VARCHAR, first_date DATE, last_date DATE, valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE incidents (incident_id VARCHAR, type VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR,
  site_ids VARCHAR[], lat DOUBLE, lon DOUBLE, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ, valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE screenlines (screenline_id VARCHAR, name VARCHAR, type VARCHAR, site_id VARCHAR, direction VARCHAR,
  sense VARCHAR, valid_from TIMESTAMPTZ DEFAULT '1970-01-01', valid_to TIMESTAMPTZ DEFAULT 'infinity');
CREATE TABLE city (name VARCHAR, timezone VARCHAR);
CREATE TABLE detector_days (${detectorDays.columns}, formula_version INT, stale BOOLEAN);
CREATE TABLE imputed (${imputed.columns}, formula_version INT, stale BOOLEAN);
CREATE TABLE derived_days (name VARCHAR, date DATE, version INT, stale BOOLEAN);
`;

export interface City {
  name: string;
  timezone: string;
}

export async function emptyLake(city: City, path = ':memory:'): Promise<DuckDBConnection> {
  const connection = await lakeSession(path, city.timezone, tables);
  await connection.run('INSERT INTO city VALUES ($name, $timezone)', { ...city });
  return connection;
}

/** A session on tables that are there, or on those that `first` makes. */
export async function lakeSession(path: string, timezone: string, first = ''): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(path)).connect();
  await connection.run(
    `SET TimeZone = 'UTC'; SET threads = 2; SET VARIABLE city_tz = '${timezone}'; ${first}`,
  );
  makeOnDemand(connection);
  await defineViews(connection, sessionSql());
  await defineViews(connection, filledWindowsSql());
  await createHealthViews(connection);
  return connection;
}
