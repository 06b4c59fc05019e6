import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { detectorDays } from '#analytics/health/detector-days.ts';
import { writeDerived } from '#analytics/lake/derived-tables.ts';
import { quoted, writeParquet } from '#analytics/lake/lake-context.ts';
import { readManifest, writeManifest } from '#analytics/lake/manifest.ts';
import type { City } from '#device-sim/city/city.ts';
import { cityRegistry } from '#device-sim/city/city-registry.ts';
import { DAY_MS } from '#domain/instant.ts';
import { ALWAYS, type RegistryView, registryView } from '#domain/registry/registry.ts';

/** Windows of so many days, and the hourly table of so many, up to the day that is to be worked on. */
const WINDOW_DAYS = 8;
const HOURLY_DAYS = 28;

export function benchRegistry(city: City): RegistryView {
  const changes = cityRegistry(city, { validFrom: ALWAYS, domain: 'live' });
  return registryView(changes.map((c, i) => ({ ...c, version: i + 1, changedAt: 0 })));
}

/**
 * A lake as `last` (ISO) ends, its Parquet made by SQL: a smooth day for each road, chance on every value; one detector
 * in twenty is silent from 10:00 on. Readings of that day alone, one a minute.
 */
export async function makeNightlyLake(directory: string, city: City, last: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: join(directory, 'spill') });
  const db = await instance.connect();
  const manifest = readManifest(directory);
  await db.run(`SET TimeZone = 'UTC'; CREATE TABLE detectors (n INTEGER, device_id VARCHAR, site_id VARCHAR,
    direction VARCHAR, lane INTEGER, peak DOUBLE, phase DOUBLE, lanes INTEGER, speed BOOLEAN, occupancy BOOLEAN)`);
  const appender = await db.createAppender('detectors');
  for (const point of city.points) {
    const sensor = city.sensors[point.sensor]!;
    const freeway = point.watches.type === 'freeway';
    appender.appendInteger(point.index);
    appender.appendVarchar(sensor.deviceId);
    appender.appendVarchar(sensor.siteId);
    appender.appendVarchar(point.direction);
    appender.appendInteger(point.lane);
    appender.appendDouble(freeway ? 90 * point.lanes * 0.33 : 12);
    appender.appendDouble(/^(south|west)/.test(point.direction || sensor.direction) ? 8 : 17);
    appender.appendInteger(point.lanes);
    appender.appendBoolean(sensor.type === 'dual-loop' || sensor.type === 'radar');
    appender.appendBoolean(sensor.type.endsWith('loop'));
    appender.endRow();
  }
  appender.closeSync();
  const end = Date.parse(last) + DAY_MS;
  for (let back = WINDOW_DAYS; back >= 1; back--) {
    const day = new Date(end - back * DAY_MS).toISOString().slice(0, 10);
    const path = await writeParquet(
      { db, directory },
      `windows/month=${day.slice(0, 7)}/${day}-g1.parquet`,
      windowsSql(day, back === 1),
    );
    manifest.windows[day] = path;
  }
  const anyDay = Object.values(manifest.windows)[0]!;
  for (let back = HOURLY_DAYS; back >= 1; back--) {
    const day = new Date(end - back * DAY_MS).toISOString().slice(0, 10);
    const shift = Math.round((Date.parse(day) - Date.parse(anyDay.slice(-21, -11))) / DAY_MS);
    manifest.hourly[day] = await writeParquet(
      { db, directory },
      `hourly/month=${day.slice(0, 7)}/${day}-g1.parquet`,
      hourlySql(join(directory, manifest.windows[day] ?? anyDay), manifest.windows[day] ? 0 : shift),
    );
  }
  for (const partition of [0, 1, 2, 3]) {
    const path = await writeParquet(
      { db, directory },
      `readings/p${partition}.parquet`,
      readingsSql(last, partition),
    );
    manifest.readings.push({ path, partition, from: 0, to: 1, rows: 1 });
  }
  manifest.ledger = await writeParquet({ db, directory }, 'ledger/ledger-g1.parquet', ledgerSql(last));
  manifest.generation = 1;
  writeManifest(directory, manifest);
  for (let back = HOURLY_DAYS; back >= 2; back--) {
    const day = new Date(end - back * DAY_MS).toISOString().slice(0, 10);
    const known: Record<string, string> = {
      date: `DATE '${day}'`,
      device_id: 'device_id',
      site_id: 'site_id',
      direction: 'direction',
      lane: 'lane',
      verdict: "'healthy'",
      cause: "''",
      since: `DATE '${day}'`,
      expected_s: '86400',
      observed_share: '1',
      vehicles: '(peak * 2500)::BIGINT',
    };
    const columns = detectorDays.columns.split(/,(?![^(]*\))/).map((column) => {
      const [name, type] = column.trim().split(' ');
      return `(${known[name!] ?? 'NULL'})::${type} AS ${name}`;
    });
    await writeDerived(
      db,
      directory,
      readManifest(directory),
      detectorDays,
      day,
      `SELECT ${columns.join(', ')} FROM detectors`,
      [],
    );
  }
  db.closeSync();
}

/** Vehicles of a detector in so many minutes, at an hour of the day: about as many as by chance, by detector and time. */
function vehicles(minutes: number, hour: string, salt: string): string {
  const mean = `(${minutes} * peak * (0.05 + 0.5 / (1 + exp(-(${hour} - 6))) / (1 + exp(${hour} - 20))
    + 0.45 * exp(-pow((${hour} - phase) / 1.2, 2))))`;
  return `round(greatest(0, ${mean} + sqrt(${mean}) * 3.46 * ((hash(n, ${salt}) % 1000) / 1000 - 0.5)))::BIGINT`;
}

function windowsSql(day: string, silent: boolean): string {
  return `
    SELECT 'traffic-flow' AS kind, device_id, '' AS subject, site_id, direction, lane, start_at, 300 AS window_s,
      5::BIGINT AS readings, 300::BIGINT AS observed_s, c AS count, 300::BIGINT AS count_s, MAP {}::MAP(VARCHAR, BIGINT) AS class_counts,
      CASE WHEN occupancy THEN (c * 6.7 / 28 / 300 / lanes * 1e6)::BIGINT * 300 ELSE 0 END AS occupancy_micro_s,
      CASE WHEN occupancy THEN 300 ELSE 0 END::BIGINT AS occupancy_s,
      CASE WHEN speed THEN (c * 3.6e9 / v)::BIGINT ELSE 0 END AS pace_micro_s, CASE WHEN speed THEN c ELSE 0 END AS pace_count,
      0::BIGINT AS speed_milli_s, 0::BIGINT AS speed_s, MAP {}::MAP(SMALLINT, BIGINT) AS speed_histogram,
      NULL::VARCHAR AS histogram_basis, 300::BIGINT AS expected_s, 0 AS revision, 'published' AS reason
    FROM (
      SELECT *, ${vehicles(5, 't * 5 / 60', `t, '${day}'`)} AS c, 100 - (hash(n, t, '${day}', 1) % 80) / 10 AS v,
        TIMESTAMPTZ '${day} 00:00:00+00' + to_minutes(t * 5) AS start_at
      FROM detectors, (SELECT unnest(range(288)) AS t)
      ${silent ? 'WHERE n % 20 <> 7 OR t < 120' : ''}
    )
    ORDER BY site_id, start_at, direction, lane, device_id`;
}

export function hourlySql(path: string, shiftDays: number): string {
  const sums = [
    'readings',
    'observed_s',
    'count',
    'count_s',
    'occupancy_micro_s',
    'occupancy_s',
    'pace_micro_s',
    'pace_count',
    'speed_milli_s',
    'speed_s',
    'expected_s',
  ];
  return `SELECT kind, site_id, direction, lane, date_trunc('hour', start_at) + to_days(${shiftDays}) AS hour_at,
      count(*)::BIGINT AS windows, ${sums.map((s) => `sum(${s})::BIGINT AS ${s}`).join(', ')}
    FROM read_parquet(${quoted(path)}, hive_partitioning = false) GROUP BY ALL ORDER BY site_id, hour_at, direction, lane`;
}

function readingsSql(day: string, partition: number): string {
  return `
    SELECT ${partition} AS partition, (n * 1440 + t)::BIGINT AS position, 0 AS index, device_id,
      TIMESTAMPTZ '${day} 00:00:00+00' + to_seconds(t * 60 + 62 + n % 40) AS received_at, 'live' AS domain,
      'counted' AS outcome, '' AS reason, site_id, NULL::BIGINT AS via,
      TIMESTAMPTZ '${day} 00:00:00+00' + to_minutes(t) AS observed_at, 'traffic-flow' AS kind, 60::BIGINT AS period_s,
      nullif(direction, '') AS direction, nullif(lane, 0)::BIGINT AS lane, c AS count,
      CASE WHEN speed AND c > 0 THEN 100.0 END AS speed_kmh,
      CASE WHEN occupancy THEN round(c * 6.7 / 28 / 60 / lanes * (0.9 + (hash(n, t, 2) % 200) / 1000), 4) END AS occupancy
    FROM (
      SELECT *, ${vehicles(1, 't / 60', 't')} AS c FROM detectors, (SELECT unnest(range(1440)) AS t)
      WHERE n % 4 = ${partition} AND (n % 20 <> 7 OR t < 600)
    )
    ORDER BY t, n`;
}

function ledgerSql(day: string): string {
  return `
    SELECT n % 4 AS partition, device_id, TIMESTAMPTZ '${day} 00:00:00+00' + to_hours(h) AS hour_received,
      TIMESTAMPTZ '${day} 00:00:00+00' + to_hours(h) AS hour_observed, 'counted' AS outcome, '' AS reason,
      60::BIGINT AS readings, 0::BIGINT AS late
    FROM detectors, (SELECT unnest(range(24))::INTEGER AS h) WHERE n % 20 <> 7 OR h < 10
    ORDER BY device_id, hour_received`;
}
