import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDerived } from '#analytics/lake/derived-tables.ts';
import { readManifest, writeManifest } from '#analytics/lake/manifest.ts';
import { listReports } from '#analytics/notebooks/reports.ts';
import { exportTransitRollups } from '#analytics/transit/transit-rollups.ts';
import { stopVisitsTable, tripsPerformedTable } from '#analytics/transit/transit-tables.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { openSession } from '#apps/lake-session.ts';
import { renderReport } from '#apps/report.ts';
import { importSimulatedTimetable } from '#apps/simulated-transit.ts';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import type { Bench, BenchRow } from './bench-row.ts';
import { lineNetwork } from './line-fleet.ts';

const FIRST = Date.parse('2026-03-01T00:00:00Z');

/** Reports of a month of as many vehicles as a large city has. */
export const transitMonth: Bench = {
  name: 'transit-month',
  run: async (scale) => {
    const [vehicles, days] = scale === 'full' ? [1_500, 30] : [60, 3];
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    const data = openDataDirectory(directory);
    try {
      await data.setCity({ name: 'Lines', timezone: 'UTC' });
      // A trip every 7.5 minutes on each way, from 05:00 to midnight.
      const network = lineNetwork(vehicles, FIRST + 5 * HOUR_MS, FIRST + DAY_MS, 450);
      await importSimulatedTimetable(data, network, '2026-03-01');
      await makeVisits(data, days);
      const nightS = (await addUp(data)) / days;
      const period = { from: isoDate(0), to: isoDate(days) };
      const rows: BenchRow[] = [];
      let visits = 0;
      for (const [name, parameters] of [
        ['transit-network', {}],
        ['route', { route: '7' }],
        ['stop', { stop: '7-0-8' }],
      ] as const) {
        const started = performance.now();
        const before = process.cpuUsage();
        const db = await openSession(data);
        const { errors } = await renderReport({
          connection: db,
          city: data.city()!,
          path: (await listReports()).find((r) => r.name === name)!.path,
          parameters: { ...period, ...parameters },
        });
        if (errors.length > 0) throw new Error(`${name}: ${errors[0]!.message}`);
        const used = process.cpuUsage(before);
        rows.push(
          {
            name: `report ${name} of that month`,
            value: tenth((performance.now() - started) / 1e3),
            unit: 's',
            atMost: 5,
          },
          {
            name: `report ${name}, processor time`,
            value: tenth((used.user + used.system) / 1e6),
            unit: 's',
          },
        );
        visits = Number((await db.runAndReadAll('SELECT count(*) FROM stop_visits')).getRowsJson()[0]![0]);
        db.closeSync();
      }
      return [
        {
          name: `${days} days of ${vehicles.toLocaleString('en-GB')} vehicles, ${visits.toLocaleString('en-GB')} stop visits: summed up, a night`,
          value: tenth(nightS),
          unit: 's CPU',
        },
        ...rows,
        {
          name: 'memory at its highest',
          value: Math.round(process.resourceUsage().maxRSS / 1_024),
          unit: 'MB',
          atMost: 1_000,
        },
      ];
    } finally {
      data.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

const isoDate = (day: number): string => new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
const tenth = (value: number): number => Math.round(value * 10) / 10;

/** What nights do once visits are matched. Returns seconds of processor time. */
async function addUp(data: Parameters<typeof openSession>[0]): Promise<number> {
  const db = await openSession(data);
  const manifest = readManifest(data.lakePath);
  const before = process.cpuUsage();
  await exportTransitRollups({ db, directory: data.lakePath, manifest }, 'UTC');
  const used = process.cpuUsage(before);
  writeManifest(data.lakePath, manifest);
  db.closeSync();
  return (used.user + used.system) / 1e6;
}

/** Each scheduled call, some seconds late by chance; one trip in fifty nobody saw. */
async function makeVisits(data: Parameters<typeof openSession>[0], days: number): Promise<void> {
  const db = await openSession(data);
  const noon = (column: string, s: string) =>
    `(d.date::TIMESTAMP AT TIME ZONE 'UTC') + to_seconds(c.arrival_s + t.shift_s) + to_milliseconds((${s})::INTEGER) AS ${column}`;
  for (let day = 0; day < days; day++) {
    const date = new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
    // Late by trip, and by what each stop adds or takes; one vehicle in four counts its passengers.
    const late = `100 * (hash(t.trip_id, DATE '${date}') % 1200) + 37 * (hash(t.trip_id, DATE '${date}', c.position) % 700)`;
    const counted = 'hash(t.trip_id) % 4 = 0';
    const calls = `SELECT d.date, t.trip_id, t.trip_id AS vehicle_id, t.route_id, t.direction_id, t.pattern_id, 'scheduled' AS relationship,
        true AS counts, c.position::INTEGER AS position, c.stop_sequence, c.stop_id, c.position = 1 AS is_first, c.position = 16 AS is_last,
        true AS timepoint, c.along_m, ${noon('arrival_at', late)}, 'position' AS arrival_method, 5 AS arrival_within_s,
        ${noon('departure_at', `${late} + 8000`)}, 'position' AS departure_method, 5 AS departure_within_s, false AS passed,
        CASE WHEN ${counted} THEN (hash(t.trip_id, c.position) % 5)::INTEGER END AS boardings,
        CASE WHEN ${counted} THEN (hash(c.position, t.trip_id) % 5)::INTEGER END AS alightings,
        CASE WHEN ${counted} THEN (hash(t.trip_id, c.position) % 40)::DOUBLE END AS departure_load,
        ${noon('scheduled_arrival_at', '0')}, ${noon('scheduled_departure_at', '0')}
      FROM (SELECT DATE '${date}' AS date) d CROSS JOIN timetable_trips t JOIN timetable_stop_times c USING (timetable, times_id)
      WHERE hash(t.trip_id, d.date) % 50 > 0`;
    const manifest = readManifest(data.lakePath);
    await db.run(`CREATE OR REPLACE TEMP TABLE day_calls AS ${calls}`);
    await writeDerived(
      db,
      data.lakePath,
      manifest,
      stopVisitsTable,
      date,
      'FROM day_calls ORDER BY route_id, direction_id, stop_id, arrival_at',
      [],
    );
    await writeDerived(
      db,
      data.lakePath,
      manifest,
      tripsPerformedTable,
      date,
      `SELECT date, trip_id, vehicle_id, route_id, direction_id, pattern_id, relationship, true AS counts, min(arrival_at) AS first_seen_at,
        max(departure_at) AS last_seen_at, 16 AS stops_visited, 'complete' AS began, 'complete' AS ended, min(along_m) AS from_m,
        max(along_m) AS to_m FROM day_calls GROUP BY ALL ORDER BY route_id, direction_id, first_seen_at`,
      [],
    );
  }
  db.closeSync();
}
