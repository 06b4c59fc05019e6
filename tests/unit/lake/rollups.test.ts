import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { imputed } from '#analytics/imputation/imputed.ts';
import { writeDerived } from '#analytics/lake/derived-tables.ts';
import { exportLake } from '#analytics/lake/export.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import type { LogBatch } from '#domain/log.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { flow, registered, type SmallCity, START, smallCity } from '../processing/city.ts';

const berlin = { name: 'X', timezone: 'Europe/Berlin' };
const corridor = (ids: string[]) => ({
  kind: 'corridor' as const,
  id: 'c',
  validFrom: 0,
  body: { corridorId: 'c', sites: ids.map((id, i) => ({ siteId: `site of ${id}`, km: i })) },
});

let city: SmallCity;
let directory: string;
beforeEach(async () => {
  city = smallCity();
  directory = mkdtempSync(join(tmpdir(), 'headway-rollups-'));
  await city.register(registered('one'));
  await city.register(registered('two'));
  await city.register([corridor(['one', 'two'])]);
});
afterEach(() => {
  city.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Readings of both devices on these days after the start, at noon and by night. */
async function send(days: readonly number[], more: object = {}): Promise<void> {
  for (const day of days) {
    for (const device of ['one', 'two']) {
      for (const [hour, kmh, windows] of [
        [12, 30, 16],
        [15, 95, 8],
      ] as const) {
        const at = (day * DAY_MS) / 1_000 + hour * 3_600;
        const readings = Array.from({ length: windows }, (_, i) =>
          flow(at + i * 300, { speedKmh: kmh + i, ...more }),
        );
        city.send(device, readings, { receivedAt: START + day * DAY_MS + (hour + 1) * HOUR_MS });
      }
    }
  }
  await city.run();
}

async function exported(): Promise<void> {
  const log = {
    partitions: 1,
    async *read(partition: number, after: number): AsyncGenerator<LogBatch> {
      yield { partition, records: city.records.slice(after + 1), corrupt: [] };
    },
  };
  await exportLake({
    directory,
    log,
    source: sqliteExportSource(city.db),
    registry: city.registry,
    city: berlin,
  });
}

async function session(): Promise<DuckDBConnection> {
  return openLake({ directory, registry: await city.registry.view(), city: berlin });
}

const views = [
  'travel_bins',
  'site_hours',
  'device_days',
  'device_spans',
  'bottleneck_steps',
  'promised_dates',
  'site_day_speeds',
  'site_week_hours',
  'site_day_hours',
  'speed_dates',
  'promised_sum',
  'row_sites',
  'site_free_flow',
];

const questions: [measure: string, more: object][] = [
  ['vkt', { by: 'month' }],
  ['delay', { by: 'month' }],
  ['delay', { by: 'site' }],
  ['travel-time-index', {}],
  ['speed-by-hour-of-week', { corridor_id: 'c' }],
  ['slowest-sites', {}],
  ['flow-profile', {}],
  ['bottlenecks', {}],
  ['peak-hour', {}],
  ['aadt-hourly', {}],
  ['peak-spreading', {}],
  ['peak-spreading', { complete_share: 0.5 }],
  ['design-hour', { rank_hour: 2, complete_share: 0.5 }],
  ['peak-hour', { days: 'all' }],
  ['slow-outliers', {}],
  ['slow-sections', { freeway_kmh: 200 }],
  ['corridor-travel-time', { corridor_id: 'c' }],
];

const filledViews = [
  'travel_bins',
  'site_hours',
  'device_days',
  'promised_dates',
  'promised_sum',
  'site_days',
  'imputed_site_dates',
  'imputed_methods',
];

const filledQuestions: [measure: string, more: object][] = [
  ['vkt', { by: 'month' }],
  ['delay', { by: 'month' }],
  ['delay', { by: 'day' }],
  ['average-daily-traffic', {}],
  ['aadt-hourly', {}],
  ['travel-time-index', {}],
];

/** A night that holds all of the first device's day bad: a window in place of each of noon's, and an hour of more. */
async function impute(date: string): Promise<void> {
  const db = await session();
  const columns =
    'date, device_id, site_id, direction, lane, start_at, window_s, because, field, value, method, donors, spread';
  await writeDerived(
    db,
    directory,
    readManifest(directory),
    imputed,
    date,
    `SELECT ${columns} FROM (
       SELECT DATE '${date}' AS date, device_id, site_id, direction, lane, window_s, 'stuck' AS because, f AS field,
         TIMESTAMPTZ '${date} 11:00:00+00' + to_minutes(t * 5) AS start_at, v AS value, 'local' AS method,
         NULL::VARCHAR[] AS donors, 1::DOUBLE AS spread
       FROM (SELECT DISTINCT device_id, site_id, direction, lane, window_s FROM windows WHERE device_id = 'one'),
         range(24) t(t), (VALUES ('flow_veh_h', 777.0), ('speed_kmh', 61.5)) f(f, v))`,
    [],
  );
  db.closeSync();
}

/** What a view answers from roll-ups, and from windows. */
async function bothAnswers(db: DuckDBConnection, view: string): Promise<[unknown, unknown]> {
  const rows = async () => (await db.runAndReadAll(`SELECT * FROM ${view} ORDER BY ALL`)).getRowObjectsJson();
  const rolled = await rows();
  await db.run("SET VARIABLE kept = getvariable('rollup_tz'); RESET VARIABLE rollup_tz");
  const fromWindows = await rows();
  await db.run("SET VARIABLE rollup_tz = getvariable('kept')");
  return [rolled, fromWindows];
}

/** Sums of integers are exact in any order; what is multiplied by a length of road is so to its last digits. */
function rounded(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(12)) : value)),
  );
}

async function expectSame(): Promise<void> {
  const db = await session();
  expect((await db.runAndReadAll("SELECT getvariable('rollup_tz') AS z")).getRowObjectsJson()).toEqual([
    { z: 'Europe/Berlin' },
  ]);
  for (const view of views) {
    const [rolled, fromWindows] = await bothAnswers(db, view);
    expect(rolled, view).toEqual(fromWindows);
  }
  db.closeSync();
}

async function expectSameAnswer(db: DuckDBConnection, measure: string, more: object): Promise<void> {
  const whole = { from_at: Date.parse('2025-12-31T23:00Z'), to_at: Date.parse('2026-07-31T22:00Z') };
  const ask = () => runMeasure(db, measure, { ...whole, ...more });
  // The second time from what the session has kept of the first.
  const answers = [await ask(), await ask()];
  await db.run("SET VARIABLE kept = getvariable('rollup_tz'); RESET VARIABLE rollup_tz");
  const fromWindows = await ask();
  await db.run("SET VARIABLE rollup_tz = getvariable('kept')");
  expect(fromWindows.computable, measure).toBe(true);
  for (const rolled of answers) expect(rounded(rolled), measure).toEqual(rounded(fromWindows));
}

it('answer as windows do, day by day and joined to months', async () => {
  await send([0, 1, 2, 31, 32]);
  await exported();
  expect(Object.keys(readManifest(directory).rollups.site_hours!.months)).toHaveLength(1);
  await expectSame();
});

it('answer measures as windows do', async () => {
  await send([0, 1, 2, 31, 32]);
  await exported();
  const db = await session();
  for (const [measure, more] of questions) await expectSameAnswer(db, measure, more);
  db.closeSync();
});

it.each([
  ['where a month is over', [0, 1, 2, 31, 32]],
  ['within the first month', [0, 1, 2]],
])('answer with imputed values as windows do, %s', async (_, days) => {
  await send(days);
  await exported();
  await impute('2026-03-02');
  await exported();
  const db = await session();
  await db.run("SET VARIABLE values = 'filled'");
  expect((await db.runAndReadAll('SELECT has_filled() AS h')).getRowObjectsJson()).toEqual([{ h: true }]);
  for (const view of filledViews) {
    const [rolled, fromWindows] = await bothAnswers(db, view);
    expect(rolled, view).toEqual(fromWindows);
    expect(rolled, view).not.toEqual([]);
  }
  await db.run('RESET VARIABLE values');
  for (const [measure, more] of days.length > 3 ? filledQuestions : filledQuestions.slice(0, 1))
    await expectSameAnswer(db, measure, { ...more, values: 'filled' });
  db.closeSync();
});

it('are corrected with a revision, also in a month that is joined', async () => {
  await send([0, 1, 31]);
  await exported();
  const before = readManifest(directory).rollups.travel_bins!;
  await send([1], { count: 99 });
  await exported();
  const after = readManifest(directory).rollups.travel_bins!;
  const changed = Object.keys(after.parts).filter(
    (date) => after.parts[date]!.path !== before.parts[date]!.path,
  );
  expect(changed).toHaveLength(1);
  expect(after.months).not.toEqual(before.months);
  await expectSame();
});

it('are made anew when the network they rest on is another, and not used before', async () => {
  await send([0]);
  await exported();
  await city.register([corridor(['two', 'one'])]);
  const db = await session();
  const asked = await db.runAndReadAll("SELECT getvariable('rollup_network') AS fresh");
  expect(asked.getRowObjectsJson()).toEqual([{ fresh: false }]);
  db.closeSync();
  const before = readManifest(directory).rollups;
  await exported();
  const after = readManifest(directory).rollups;
  expect(after.bottleneck_steps!.parts).not.toEqual(before.bottleneck_steps!.parts);
  expect(after.site_hours!.parts).toEqual(before.site_hours!.parts);
});

it('are left alone when nothing changed', async () => {
  await send([0, 31]);
  await exported();
  const before = readManifest(directory).rollups;
  await exported();
  expect(readManifest(directory).rollups).toEqual(before);
});
