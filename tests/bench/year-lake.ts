import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { detectorDays } from '#analytics/health/detector-days.ts';
import { imputed } from '#analytics/imputation/imputed.ts';
import { type DerivedTable, writeDerived } from '#analytics/lake/derived-tables.ts';
import { lakeInstance, parquetRows, quoted, writeParquet } from '#analytics/lake/lake-context.ts';
import { type Manifest, readManifest, writeManifest } from '#analytics/lake/manifest.ts';
import { createLakeViews } from '#analytics/lake/open-lake.ts';
import { exportRollups, rollupsAreFresh } from '#analytics/lake/rollups.ts';
import type { City } from '#device-sim/city/city.ts';
import { cityRegistry } from '#device-sim/city/city-registry.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { DAY_MS, parseInstant } from '#domain/instant.ts';
import { ALWAYS, type RegistryView, registryView } from '#domain/registry/registry.ts';
import { simulatedLake } from '../simulation/analytics/simulated-lake.ts';
import { hourlySql } from './nightly-lake.ts';

export interface YearLake {
  directory: string;
  city: { name: string; timezone: string };
  registry: RegistryView;
  corridorId: string;
}

export const FIRST = Date.parse('2025-01-01T00:00:00Z');

/** The city, as it is known without its data. */
export function yearCity(directory: string, sensors: number): YearLake & { made: City } {
  const made = simulatedCity({ seed: 1, sensors, incidentsPer100KmDay: 0 });
  const changes = cityRegistry(made, { validFrom: ALWAYS, domain: 'recording:year' });
  const registry = registryView(changes.map((c, i) => ({ ...c, version: i + 1, changedAt: 0 })));
  const corridors = registry.history('corridor').map((h) => h.body);
  const longest = corridors.reduce((a, b) => (b.sites.length > a.sites.length ? b : a));
  const city = { name: made.name, timezone: made.timezone };
  return { directory, city, registry, corridorId: longest.corridorId, made };
}

/**
 * Makes what is missing of a lake of so many sensors and days of five-minute windows: a simulated Thursday and Saturday,
 * repeated by SQL through the year with a share of chance for each site, day and window; with hourly sums, a ledger of a
 * reading a minute, verdicts and imputed values of each night, and roll-ups. Returns the seconds that roll-ups took for a
 * day of data, when they were last made.
 */
export async function makeYearLake(directory: string, sensors: number, days: number): Promise<number> {
  const { made, registry, city } = yearCity(directory, sensors);
  mkdirSync(directory, { recursive: true });
  const manifest = readManifest(directory);
  manifest.generation = Math.max(1, manifest.generation);
  const dates = Array.from({ length: days }, (_, d) =>
    new Date(FIRST + d * DAY_MS).toISOString().slice(0, 10),
  );
  const db = await (await lakeInstance(directory)).connect();
  await db.run("SET TimeZone = 'UTC'");
  if (dates.some((date) => !manifest.windows[date])) await makeProfiles(directory, made);
  for (const [i, date] of dates.entries()) {
    manifest.windows[date] ??= await writeDay(db, directory, date);
    manifest.hourly[date] ??= await writeParquet(
      { db, directory },
      `hourly/month=${date.slice(0, 7)}/${date}-g1.parquet`,
      hourlySql(join(directory, manifest.windows[date]), 0),
    );
    if (i % 10 === 9) writeManifest(directory, manifest);
  }
  manifest.ledger ??= await writeParquet(
    { db, directory },
    'ledger/ledger-g1.parquet',
    ledgerSql(directory, manifest),
  );
  writeManifest(directory, manifest);
  await makeNights(db, directory, dates);
  db.closeSync();
  return rollUp(directory, { registry, city }, days);
}

async function makeProfiles(directory: string, city: City): Promise<void> {
  for (const [name, day] of [
    ['weekday', '2026-01-15'],
    ['weekend', '2026-01-17'],
  ] as const) {
    const path = join(directory, `profile-${name}.parquet`);
    if (existsSync(path)) continue;
    const from = parseInstant(`${day}T00:00:00Z`)!;
    const lake = await simulatedLake(city, { from, to: from + DAY_MS });
    await lake.run(
      `COPY (FROM windows ORDER BY site_id, start_at, direction, lane, device_id) TO ${quoted(path)} (FORMAT parquet)`,
    );
    lake.closeSync();
  }
}

function writeDay(db: DuckDBConnection, directory: string, date: string): Promise<string> {
  const day = Date.parse(date);
  const weekday = new Date(day).getUTCDay();
  const source = join(directory, `profile-${weekday === 0 || weekday === 6 ? 'weekend' : 'weekday'}.parquet`);
  return writeParquet(
    { db, directory },
    `windows/month=${date.slice(0, 7)}/${date}-g1.parquet`,
    `SELECT * EXCLUDE (busy, slow) REPLACE (round(count * busy)::BIGINT AS count, round(count * busy)::BIGINT AS pace_count,
       CASE WHEN count > 0 THEN round(pace_micro_s / count * round(count * busy) * slow)::BIGINT ELSE 0 END AS pace_micro_s)
     FROM (
       SELECT * REPLACE (TIMESTAMPTZ '${date} 00:00:00+00' + (start_at - date_trunc('day', start_at)) AS start_at),
         0.85 + 0.3 * (hash(site_id, ${day}) % 1000) / 1000 AS busy,
         0.97 + 0.06 * (hash(device_id, start_at, ${day}) % 1000) / 1000 AS slow
       FROM ${quoted(source)}
     )`,
  );
}

/** A device's hours, as the day's hours in which it has windows. */
function ledgerSql(directory: string, manifest: Manifest): string {
  return `SELECT hash(device_id) % 4 AS partition, device_id, hour AS hour_received, hour AS hour_observed,
      'counted' AS outcome, '' AS reason, 60::BIGINT AS readings, 0::BIGINT AS late
    FROM (SELECT DISTINCT device_id, date_trunc('hour', start_at) AS hour
      FROM ${parquetRows(directory, Object.values(manifest.windows))})
    ORDER BY device_id, hour_received, hour_observed`;
}

/** One detector in fifty is silent on each day, and imputed. */
async function makeNights(db: DuckDBConnection, directory: string, dates: readonly string[]): Promise<void> {
  const done = readManifest(directory).derived[imputed.name] ?? {};
  if (dates.every((date) => done[date])) return;
  const windows = quoted(join(directory, readManifest(directory).windows[dates[0]!]!));
  await db.run(
    `CREATE OR REPLACE TEMP TABLE detectors AS SELECT DISTINCT device_id, site_id, direction, lane FROM ${windows}`,
  );
  for (const date of dates) {
    if (done[date]) continue;
    const ill = `hash(device_id, DATE '${date}') % 50 = 0`;
    const verdict: Record<string, string> = {
      verdict: `CASE WHEN ${ill} THEN 'bad' ELSE 'healthy' END`,
      cause: `CASE WHEN ${ill} THEN 'silent' ELSE '' END`,
      detail: `CASE WHEN ${ill} THEN 'nothing came' ELSE '' END`,
      since: `DATE '${date}'`,
      repair: `CASE WHEN ${ill} THEN device_id ELSE '' END`,
      expected_s: '86400',
      observed_share: `CASE WHEN ${ill} THEN 0 ELSE 1 END`,
      vehicles: '10000',
      usual_vehicles: '10000',
      length_km: '0.8',
    };
    await writeNight(db, directory, detectorDays, date, 'FROM detectors', verdict);
    await writeNight(
      db,
      directory,
      imputed,
      date,
      `FROM detectors, range(288) t(t), (VALUES ('flow_veh_h'), ('speed_kmh')) f(f) WHERE ${ill}`,
      {
        start_at: `TIMESTAMPTZ '${date} 00:00:00+00' + to_minutes(t * 5)`,
        window_s: '300',
        because: "'silent'",
        field: 'f',
        value: '50',
        method: "'local'",
        spread: '5',
      },
    );
  }
}

function writeNight(
  db: DuckDBConnection,
  directory: string,
  table: DerivedTable,
  date: string,
  from: string,
  known: Record<string, string>,
): Promise<string> {
  const detector = {
    date: `DATE '${date}'`,
    device_id: 'device_id',
    site_id: 'site_id',
    direction: 'direction',
    lane: 'lane',
  };
  const values: Record<string, string> = { ...detector, ...known };
  const columns = table.columns.split(/,(?![^(]*\))/).map((column) => {
    const [name, type] = column.trim().split(' ');
    return `(${values[name!] ?? 'NULL'})::${type} AS ${name}`;
  });
  return writeDerived(
    db,
    directory,
    readManifest(directory),
    table,
    date,
    `SELECT ${columns.join(', ')} ${from}`,
    [],
  );
}

async function rollUp(
  directory: string,
  { registry, city }: Pick<YearLake, 'registry' | 'city'>,
  days: number,
): Promise<number> {
  const manifest = readManifest(directory);
  const circumstances = { registry, timezone: city.timezone };
  const took = join(directory, 'roll-ups-took-s');
  if (rollupsAreFresh(manifest, circumstances)) return Number(readFileSync(took, 'utf8'));
  const started = performance.now();
  const dates = Object.keys(manifest.windows).sort();
  // A month after the other, as the stream would bring them; what is done stays, should this be broken off.
  for (const last of dates.filter((date, i) => date.slice(0, 7) !== dates[i + 1]?.slice(0, 7))) {
    const made = manifest.rollups.site_hours?.parts ?? {};
    const soFar = {
      ...manifest,
      windows: Object.fromEntries(
        dates.filter((d) => d <= last || made[d]).map((d) => [d, manifest.windows[d]!]),
      ),
    };
    const db = await (await lakeInstance(directory)).connect();
    await createLakeViews(db, directory, soFar, { registry, city });
    await exportRollups({ directory, manifest: soFar, db }, circumstances);
    db.closeSync();
    writeManifest(directory, manifest);
  }
  writeFileSync(took, String((performance.now() - started) / 1_000 / days));
  return rollUp(directory, { registry, city }, days);
}
