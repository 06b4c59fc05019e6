import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feedDayIsDue, keepFeedDays, sumFeedDay } from '#analytics/feed-quality/feed-days.ts';
import { createDerivedViews, writeDerived } from '#analytics/lake/derived-tables.ts';
import { quoted, writeParquet } from '#analytics/lake/lake-context.ts';
import { readManifest, writeManifest } from '#analytics/lake/manifest.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import { matchDate } from '#analytics/transit/match-date.ts';
import { tripsPerformedTable } from '#analytics/transit/transit-tables.ts';
import { gtfsFiles } from '#device-sim/transit/gtfs-files.ts';
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import { registryView } from '#domain/registry/registry.ts';
import { importText, removeTemporaryFolders, temporaryFolder } from '../../unit/gtfs/small-feed.ts';
import { logReadings, simulatedBuses } from './simulated-transit-lake.ts';

// London: its midnights are 23:00 UTC; the clock goes back on the 25th.
const dates = ['2026-10-23', '2026-10-24', '2026-10-25'] as const;
const MIDNIGHT = Date.parse('2026-10-23T23:00:00Z');
const NEXT_MIDNIGHT = MIDNIGHT + 24 * HOUR_MS;
const sums = ['feed_quality', 'feed_found', 'feed_checks', 'feed_totals', 'feed_vehicles'];

let directory: string;
let zone: string;
beforeAll(async () => {
  const buses = simulatedBuses(dates[0]);
  zone = buses.city.timezone;
  const files = [...gtfsFiles(buses.network, dates[0], dates[2])];
  ({ directory } = await importText(
    Object.fromEntries(files.map(([name, text]) => [name.replace('.txt', ''), text])),
  ));
  const made = await buses.lake();
  for (const midnight of [MIDNIGHT, NEXT_MIDNIGHT]) {
    const span = { from: midnight - 75 * MINUTE_MS, to: midnight + 75 * MINUTE_MS };
    await logReadings(made, temporaryFolder(), buses.reports(20, span));
  }
  await plantFaults(made);
  await keepInLake(made);
  made.closeSync();
  for (const date of dates) await night(date);
}, 120_000);
afterAll(removeTemporaryFolders);

describe('what nights add up of feeds', () => {
  it('is what the readings say, over three dates at once and over each', async () => {
    const [walked, summed] = [await session(), await session()];
    await walked.run('RESET VARIABLE feed_sums_tz');
    for (const [from, to] of [
      [0, 3],
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      for (const db of [walked, summed]) await ask(db, from, to);
      expect(
        await rowsOf(summed, 'SELECT feed_summed() AS summed, len(feed_unsummed()) AS unsummed'),
      ).toEqual([{ summed: true, unsummed: 0 }]);
      expect(await rowsOf(walked, 'FROM kept_feed_days ORDER BY ALL')).toEqual(
        await rowsOf(walked, 'FROM worked_feed_days ORDER BY ALL'),
      );
      for (const view of sums) {
        const rows = await rowsOf(walked, `FROM ${view} ORDER BY ALL`);
        expect(rows.length, view).toBeGreaterThan(0);
        expect(await rowsOf(summed, `FROM ${view} ORDER BY ALL`), `${view} of ${from} to ${to}`).toEqual(
          rows,
        );
      }
    }
    for (const db of [walked, summed]) db.closeSync();
  });

  it('is of the date of receipt: over midnight each date sees its own part, a silence the date on which it ended', async () => {
    const db = await session();
    await ask(db, 0, 3);
    const found = await rowsOf(
      db,
      `SELECT date::VARCHAR AS date, rule, coalesce(vehicle_id, '') AS vehicle, sum(found)::INTEGER AS found FROM feed_found
       WHERE device_id = 'planted' GROUP BY ALL ORDER BY ALL`,
    );
    expect(found.map((f) => Object.values(f).join(' '))).toEqual(
      [
        // From 23:45 to 23:55, and from 00:00 to 00:15.
        '2026-10-23 frozen-vehicle frozen 1',
        '2026-10-24 frozen-feed  1',
        '2026-10-24 frozen-vehicle frozen 1',
        // 2 km in 10 s by day; the same over midnight is nobody's.
        '2026-10-24 impossible-jump jumps 1',
        '2026-10-24 silent-feed  1',
        '2026-10-24 stale-vehicle held 1',
        '2026-10-23 unknown-trip one 1',
        '2026-10-24 unknown-trip other 1',
        '2026-10-25 no-position lost 1',
      ].sort(),
    );
    db.closeSync();
  });

  it('adds up to what was logged', async () => {
    const db = await session();
    await ask(db, 0, 3);
    expect(await rowsOf(db, 'SELECT device_id, readings, vehicles FROM feed_totals ORDER BY ALL')).toEqual(
      await rowsOf(
        db,
        `SELECT device_id, count(*) FILTER (kind <> 'feed-status') AS readings, count(DISTINCT vehicle_id) AS vehicles
         FROM readings GROUP BY ALL ORDER BY ALL`,
      ),
    );
    db.closeSync();
  });

  it('answers neither for other limits nor for a part of a date', async () => {
    const db = await session();
    await ask(db, 0, 3);
    const planted = async () => {
      const rows = await rowsOf(
        db,
        `SELECT concat_ws(' ', rule, findings) AS found FROM feed_quality WHERE device_id = 'planted'
           AND rule IN ('impossible-jump', 'frozen-vehicle') ORDER BY rule`,
      );
      const [{ summed }] = (await rowsOf(db, 'SELECT feed_summed() AS summed')) as [{ summed: boolean }];
      return [...rows.map(({ found }) => found), summed];
    };
    expect(await planted()).toEqual(['frozen-vehicle 2', 'impossible-jump 1', true]);
    await db.run('SET VARIABLE max_kmh = 1000');
    expect(await planted()).toEqual(['frozen-vehicle 2', 'impossible-jump 0', false]);
    // Of what stood still from 00:00 to 00:15 no ten minutes are left.
    await db.run(`RESET VARIABLE max_kmh; SET VARIABLE from_at = city_moment(TIMESTAMP '2026-10-24 00:06')`);
    expect(await planted()).toEqual(['frozen-vehicle 0', 'impossible-jump 1', false]);
    db.closeSync();
  });

  it('leaves a date whose readings have become more to its readings, and that date alone', async () => {
    const before = readManifest(directory);
    const db = await session();
    await db.run(`CREATE TABLE more AS SELECT * REPLACE (9000 AS position, observed_at + INTERVAL 1 second AS observed_at)
      FROM readings WHERE vehicle_id = 'jumps' AND received_at >= TIMESTAMPTZ '2026-10-24 12:00:00+00'`);
    await keepInLake(db, 'SELECT * FROM readings UNION ALL BY NAME FROM more');
    const [walked, summed] = [await session(), await session()];
    await walked.run('RESET VARIABLE feed_sums_tz');
    for (const of of [walked, summed]) await ask(of, 0, 3);
    expect(await rowsOf(summed, 'SELECT feed_unsummed()::VARCHAR AS dates')).toEqual([
      { dates: '[2026-10-24]' },
    ]);
    for (const view of sums) {
      expect(await rowsOf(summed, `FROM ${view} ORDER BY ALL`), view).toEqual(
        await rowsOf(walked, `FROM ${view} ORDER BY ALL`),
      );
    }
    await night('2026-10-24');
    const again = await session();
    await ask(again, 0, 3);
    expect(await rowsOf(again, 'SELECT feed_unsummed()::VARCHAR AS dates')).toEqual([{ dates: '[]' }]);
    expect(await rowsOf(again, 'FROM feed_quality ORDER BY ALL')).toEqual(
      await rowsOf(walked, 'FROM feed_quality ORDER BY ALL'),
    );
    for (const of of [db, walked, summed, again]) of.closeSync();
    writeManifest(directory, before);
  });

  it('is due anew when the timetable or the trips of its date change, or its windows do', () => {
    const manifest = readManifest(directory);
    expect(dates.map((date) => feedDayIsDue(manifest, date))).toEqual([false, false, false]);
    const trips = manifest.derived[tripsPerformedTable.name]!;
    trips['2026-10-23'] = { ...trips['2026-10-23']!, path: 'another' };
    expect(dates.map((date) => feedDayIsDue(manifest, date))).toEqual([true, false, false]);
    manifest.windows['2026-10-26'] = 'new';
    expect(dates.map((date) => feedDayIsDue(manifest, date))).toEqual([true, false, true]);
    manifest.timetables[0]!.files.stops = 'another';
    expect(dates.map((date) => feedDayIsDue(manifest, date))).toEqual([true, true, true]);
  });
});

/** Of a second feed: what lasts over the first midnight, beside what is of one date. */
async function plantFaults(db: DuckDBConnection): Promise<void> {
  const rows: { s: number; receivedS?: number; [column: string]: string | number | undefined }[] = [
    // Nothing from 23:30 to 00:30, and then what was made at 23:30.
    {
      s: -1_800,
      kind: 'feed-status',
      header_at: new Date(MIDNIGHT - 1_800_000).toISOString(),
      heard: 1,
      used: 1,
    },
    {
      s: 1_800,
      kind: 'feed-status',
      header_at: new Date(MIDNIGHT + 1_799_000).toISOString(),
      heard: 1,
      used: 1,
    },
    {
      s: 1_830,
      kind: 'feed-status',
      header_at: new Date(MIDNIGHT + 1_799_000).toISOString(),
      heard: 1,
      used: 1,
    },
    ...[-900, -600, -300, 0, 300, 600, 900].map((s) => ({
      s,
      vehicle_id: 'frozen',
      lat: 51,
      lon: 0,
      speed_kmh: 30,
    })),
    // Nine minutes on either side are no ten.
    ...[-540, -5, 5, 540].map((s) => ({ s, vehicle_id: 'waits', lat: 51, lon: 0, speed_kmh: 30 })),
    ...[-5, 5].map((s) => ({ s, vehicle_id: 'leaps', lat: 51 + s / 500, lon: 0 })),
    ...[50_000, 50_010].map((s) => ({ s, vehicle_id: 'jumps', lat: s / 500 - 50, lon: 0 })),
    { s: -60, receivedS: 60, vehicle_id: 'held', lat: 51, lon: 0 },
    // Within five minutes and on either side of midnight, observed before it.
    { s: -20, vehicle_id: 'one', trip_id: 'shared', lat: 51, lon: 0 },
    { s: -10, receivedS: 1, vehicle_id: 'other', trip_id: 'shared', lat: 51, lon: 0 },
    { s: 86_400, vehicle_id: 'lost' },
  ];
  for (const [position, { s, receivedS = s, ...row }] of rows.entries()) {
    const cells = {
      kind: 'vehicle-position',
      outcome: 'counted',
      device_id: 'planted',
      partition: 1,
      position,
      index: 0,
      observed_at: new Date(MIDNIGHT + 1_000 * s).toISOString(),
      received_at: new Date(MIDNIGHT + 1_000 * receivedS).toISOString(),
      ...row,
    };
    const values = Object.values(cells).map((v) => (typeof v === 'number' ? v : quoted(String(v))));
    await db.run(`INSERT INTO readings (${Object.keys(cells).join(', ')}) VALUES (${values.join(', ')})`);
  }
}

/** These readings, and the ledger of them, in place of what the lake has. */
async function keepInLake(db: DuckDBConnection, query = 'FROM readings'): Promise<void> {
  const manifest = readManifest(directory);
  manifest.generation += 1;
  await db.run(`CREATE OR REPLACE TEMP TABLE kept AS ${query}`);
  const path = await writeParquet(
    { db, directory },
    `readings/0-g${manifest.generation}.parquet`,
    'FROM kept',
  );
  manifest.readings = [{ path, partition: 0, from: 0, to: 1, rows: 1 }];
  manifest.ledger = await writeParquet(
    { db, directory },
    `ledger-g${manifest.generation}.parquet`,
    `SELECT partition::INTEGER AS partition, device_id, date_trunc('hour', received_at) AS hour_received, date_trunc('hour', observed_at) AS hour_observed,
       outcome, '' AS reason, count(*) AS readings, 0::BIGINT AS late FROM kept GROUP BY ALL`,
  );
  writeManifest(directory, manifest);
}

async function night(date: string): Promise<void> {
  const db = await session();
  const manifest = readManifest(directory);
  await matchDate(db, date, zone);
  await writeDerived(db, directory, manifest, tripsPerformedTable, date, 'FROM matched_trips', []);
  await createDerivedViews(db, directory, manifest);
  await sumFeedDay({ db, directory, manifest }, date);
  db.closeSync();
}

function session(): Promise<DuckDBConnection> {
  return openLake({ directory, registry: registryView([]), city: { name: 'X', timezone: zone } });
}

/** The dates from one to before another. What they add up to is worked out once, for the views that will be asked. */
async function ask(db: DuckDBConnection, from: number, to: number): Promise<void> {
  await db.run(`SET VARIABLE from_at = city_moment(DATE ${quoted(dates[0])} + ${from});
    SET VARIABLE to_at = city_moment(DATE ${quoted(dates[0])} + ${to})`);
  await keepFeedDays(db, 'FROM feed_quality');
}
