import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDerivedViews, writeDerived } from '#analytics/lake/derived-tables.ts';
import { readManifest, writeManifest } from '#analytics/lake/manifest.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { exportTransitRollups, transitRollupsAreFresh } from '#analytics/transit/transit-rollups.ts';
import { stopVisitsTable, tripsPerformedTable } from '#analytics/transit/transit-tables.ts';
import { registryView } from '#domain/registry/registry.ts';
import { importText, removeTemporaryFolders } from '../gtfs/small-feed.ts';

const zone = 'Europe/Berlin';
// The clocks go forward in the night to the 29th.
const dates = ['2026-03-25', '2026-03-26', '2026-03-27', '2026-03-28', '2026-03-29'];

let directory: string;
let rolled: DuckDBConnection;
/** Answers from visits alone. */
let plain: DuckDBConnection;
beforeAll(async () => {
  ({ directory } = await importText(feed()));
  const db = await openSession();
  for (const date of dates) await match(db, date);
  await rollUp(db);
  rolled = await openSession();
  plain = await openSession();
  await plain.run('RESET VARIABLE transit_sums_tz');
}, 300_000);
afterAll(removeTemporaryFolders);

const asked: [measure: string, parameters: Record<string, unknown>][] = [
  ['on-time-performance', {}],
  ['on-time-performance', { by: 'hour' }],
  ['on-time-performance', { by: 'stop', route: 'r' }],
  ['on-time-performance', { by: 'trip', stop: 'B' }],
  ['on-time-performance', { early_s: 10, late_s: 33 }],
  ['on-time-performance', { at: 'timepoints' }],
  ['excess-wait', { observed_at_least: 0 }],
  ['excess-wait', { by: 'stop', observed_at_least: 0, frequent_per_h: 1 }],
  ['excess-wait', { by: 'hour', route: 'q', observed_at_least: 0, frequent_per_h: 1 }],
  ['bunching', {}],
  ['bunching', { by: 'route' }],
  ['bunching', { by: 'hour', bunched_share: 0.4 }],
  ['headway-adherence', { route: 'r' }],
  ['passenger-headway-adherence', {}],
  ['passenger-headway-adherence', { by: 'stop', route: 'r' }],
  ['headways', { by: 'hour' }],
  ['service-delivered', {}],
  ['service-delivered', { by: 'date' }],
  ['service-lost', {}],
  ['passenger-service', {}],
  ['passenger-service', { by: 'hour' }],
  ['passenger-service', { by: 'date', route: 'q' }],
  ['ridership', {}],
  ['ridership', { by: 'stop' }],
  ['ridership', { by: 'hour', stop: 'C' }],
  ['ridership', { by: 'date' }],
  ['ridership', { by: 'trip', route: 'r' }],
  ['slow-zones', { least_lost_s: 0, free_share: 1 }],
  ['slow-zones', { least_lost_s: 0, free_share: 1, against: 'segment', hour_from: 9 }],
  ['passenger-slow-zones', { least_lost_s: 0, free_share: 1 }],
  ['passenger-slow-zones', { least_lost_s: 0, free_share: 1, hour_from: 9, route: 'r' }],
  ['segment-speeds', { route: 'r' }],
  ['run-time', { by: 'segment', route: 'r' }],
];

describe('roll-ups of visits', () => {
  const periods: [name: string, from: string, to: string, dates: number][] = [
    ['a day whose service goes on after midnight', '2026-03-27', '2026-03-28', 0],
    [
      'days over a change of clocks, of which the last was matched by no night',
      '2026-03-27',
      '2026-03-31',
      1,
    ],
  ];
  for (const [name, from, to, missing] of periods) {
    it(`answer as visits do: ${name}`, async () => {
      const period = { from_at: local(from), to_at: local(to) };
      await rolled.run(
        `SET VARIABLE from_at = make_timestamptz(${period.from_at * 1_000}); SET VARIABLE to_at = make_timestamptz(${period.to_at * 1_000})`,
      );
      const [unsummed] = await rowsOf(rolled, 'SELECT len(transit_unsummed()) AS dates');
      expect(unsummed).toEqual({ dates: missing });
      // Every question over the days with the more to go wrong; of the other period one a measure.
      const questions =
        missing > 0 ? asked : asked.filter(([m], i) => asked.findIndex(([n]) => n === m) === i);
      for (const [measure, parameters] of questions) {
        const fast = await runMeasure(rolled, measure, { ...period, ...parameters });
        const slow = await runMeasure(plain, measure, { ...period, ...parameters });
        if (!fast.computable || !slow.computable) throw new Error(`${measure} is not computable`);
        expect(slow.rows.length, measure).toBeGreaterThan(0);
        expect(rounded(fast.rows), `${measure} ${JSON.stringify(parameters)}`).toEqual(rounded(slow.rows));
        expect(fast.columns).toEqual(slow.columns);
      }
      expect(await rowsOf(rolled, 'SELECT transit_summed() AS summed')).toEqual([{ summed: true }]);
    }, 400_000);
  }

  it('lie under roads’ losses and drawings of the network as under measures', async () => {
    for (const db of [rolled, plain]) {
      await db.run(
        `SET VARIABLE from_at = make_timestamptz(${local('2026-03-27') * 1_000}); SET VARIABLE to_at = make_timestamptz(${local('2026-03-30') * 1_000})`,
      );
    }
    for (const view of ['segment_losses', 'run_days', 'call_hours', 'delivered_trips']) {
      const rows = (db: DuckDBConnection) => rowsOf(db, `FROM ${view} ORDER BY ALL`);
      expect(rounded(await rows(rolled)), view).toEqual(rounded(await rows(plain)));
    }
  });

  it('are made anew when a date is matched again, and used by nobody before', async () => {
    const period = { from_at: local('2026-03-27'), to_at: local('2026-03-28') };
    const share = async () => {
      const answer = await runMeasure(await openSession(), 'on-time-performance', { ...period, route: 'r' });
      if (!answer.computable) throw new Error(answer.because);
      return answer.rows[0]!.on_time_share;
    };
    const before = await share();
    await match(rolled, '2026-03-27', 900);
    expect(transitRollupsAreFresh(readManifest(directory), zone)).toBe(false);
    const after = await share();
    expect(after).not.toBe(before);
    const session = await openSession();
    await rollUp(session);
    expect(transitRollupsAreFresh(readManifest(directory), zone)).toBe(true);
    expect(await share()).toBe(after);
  }, 300_000);

  it('count calls up to the last that was seen, and are made anew when more was', async () => {
    // 29 March is summer time by then: noon is 10:00 UTC. Every ten minutes from 07:00 to noon, with both ends, are
    // 31 trips; nine of the day before went on from midnight to 01:20.
    const noon = Date.parse('2026-03-29T10:00:00Z');
    const calls = async () => {
      const answer = await runMeasure(await openSession(), 'on-time-performance', {
        from_at: local('2026-03-29'),
        to_at: local('2026-03-30'),
        route: 'r',
        by: 'stop',
      });
      if (!answer.computable) throw new Error(answer.because);
      return answer.rows.find((r) => r.stop_id === 'A')!.scheduled;
    };
    await match(rolled, '2026-03-29', 0, [noon - 60_000, noon]);
    await rollUp(rolled);
    expect(await calls()).toBe(31 + 9);
    await match(rolled, '2026-03-29', 0, [noon - 60_000, noon + 3_600_000]);
    expect(transitRollupsAreFresh(readManifest(directory), zone)).toBe(false);
    await rollUp(rolled);
    expect(await calls()).toBe(37 + 9);
  }, 300_000);
});

/** Two routes along four stops, one every ten minutes with a timetable, one by chance of it, from 07:00 to 25:30. */
function feed(): Record<string, string> {
  const clock = (s: number) =>
    [Math.floor(s / 3_600), Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, '0')).join(':');
  const trips: string[] = [];
  const times: string[] = [];
  for (const [route, everyS] of [
    ['r', 600],
    ['q', 1_320],
  ] as const) {
    for (let s = 7 * 3_600; s < 25.5 * 3_600; s += everyS) {
      const trip = `${route}${s}`;
      trips.push(`${route},week,${trip},${route === 'q' ? 1 : 0},s`);
      for (const [i, stop] of ['A', 'B', 'C', 'D'].entries()) {
        const at = s + i * 120 + (i > 0 ? (s % 7) * 3 : 0);
        times.push(`${trip},${clock(at)},${clock(at + (i === 2 ? 20 : 0))},${stop},${i + 1},${i % 2}`);
      }
    }
  }
  return {
    agency: 'agency_id,agency_name,agency_url,agency_timezone\na,Agency,http://x,Europe/Berlin\n',
    routes: 'route_id,agency_id,route_short_name,route_long_name,route_type\nr,a,1,One,3\nq,a,2,Two,3\n',
    stops:
      'stop_id,stop_name,stop_lat,stop_lon\nA,Alpha,0,1.000000\nB,Beta,0,1.008993\nC,Gamma,0,1.017986\nD,Delta,0,1.026980\n',
    trips: `route_id,service_id,trip_id,direction_id,shape_id\n${trips.join('\n')}\n`,
    stop_times: `trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint\n${times.join('\n')}\n`,
    calendar:
      'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nweek,1,1,1,1,1,1,1,20260301,20260430\n',
    shapes: 'shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,1.000000,1\ns,0,1.026980,2\n',
  };
}

/** A night's tables, by chance of trip and stop: late by some seconds, unseen, called off, cut short, added, counted. */
async function match(
  db: DuckDBConnection,
  date: string,
  laterS = 0,
  seen?: [first: number, last: number],
): Promise<void> {
  const manifest = readManifest(directory);
  const chance = (of: string, n: number) => `(hash(t.trip_id, '${date}', ${of}) % ${n})::INTEGER`;
  const at = (s: string) => `service_day_start(DATE '${date}', '${zone}') + to_seconds(${s} + t.shift_s)`;
  await db.run(`CREATE OR REPLACE TEMP TABLE made AS
    SELECT DATE '${date}' AS date, t.trip_id, 'v' || ${chance('1', 9)} AS vehicle_id, t.route_id, t.direction_id, t.pattern_id, true AS counts, c.position::INTEGER AS position,
      c.stop_sequence, c.stop_id, c.position = 1 AS is_first, c.position = 4 AS is_last, c.timepoint, c.along_m, ${chance('2', 12)} AS fate,
      CASE WHEN ${chance('2', 12)} = 3 THEN 'added' ELSE 'scheduled' END AS relationship,
      ${at('c.arrival_s')} AS scheduled_arrival_at, ${at('c.departure_s')} AS scheduled_departure_at,
      ${at('c.arrival_s')} + to_milliseconds(${laterS} * 1000 + ${chance('3', 400_000)} + 7 * ${chance('c.position', 4_000)} - 90000) AS arrival_at,
      ${at('c.departure_s')} + to_milliseconds(${laterS} * 1000 + ${chance('3', 400_000)} + 7 * ${chance('c.position', 4_000)} - 80000) AS departure_at,
      'position' AS arrival_method, 5 AS arrival_within_s, 'position' AS departure_method, ${chance('c.position + 10', 70)} AS departure_within_s, false AS passed,
      CASE WHEN ${chance('4', 3)} > 0 THEN ${chance('c.position + 20', 6)} END AS boardings, CASE WHEN ${chance('4', 3)} > 0 THEN ${chance('c.position + 30', 6)} END AS alightings,
      CASE WHEN ${chance('4', 3)} > 1 THEN ${chance('c.position + 40', 50)} / 3 END AS departure_load
    FROM timetable_trips t JOIN timetable_stop_times c USING (timetable, times_id)`);
  await writeDerived(
    db,
    directory,
    manifest,
    tripsPerformedTable,
    date,
    `
    SELECT date, trip_id, CASE WHEN fate = 1 THEN '' ELSE vehicle_id END AS vehicle_id, any_value(route_id) AS route_id, any_value(direction_id) AS direction_id, any_value(pattern_id) AS pattern_id,
      CASE WHEN fate = 1 THEN 'canceled' ELSE any_value(relationship) END AS relationship, true AS counts, min(arrival_at) AS first_seen_at, max(departure_at) AS last_seen_at,
      CASE WHEN fate = 1 THEN 0 ELSE 4 END::INTEGER AS stops_visited, 'complete' AS began, CASE WHEN fate = 2 THEN 'short' ELSE 'complete' END AS ended, min(along_m) AS from_m,
      max(along_m) FILTER (fate <> 2 OR position < 4) AS to_m
    FROM made WHERE fate > 0 GROUP BY date, trip_id, vehicle_id, fate`,
    [],
    { seen: seen ?? (await seenIn(db)) },
  );
  await writeDerived(
    db,
    directory,
    manifest,
    stopVisitsTable,
    date,
    `
    SELECT * EXCLUDE (fate) FROM made WHERE fate > 1 AND NOT (fate = 2 AND position = 4) AND NOT (fate = 4 AND position = 2)
    ORDER BY route_id, direction_id, stop_id, arrival_at`,
    [],
  );
}

async function seenIn(db: DuckDBConnection): Promise<[first: number, last: number]> {
  const [row] = await rowsOf(
    db,
    'SELECT epoch_ms(min(arrival_at))::DOUBLE AS first, epoch_ms(max(departure_at))::DOUBLE AS last FROM made WHERE fate > 1',
  );
  return [row!.first as number, row!.last as number];
}

async function rollUp(db: DuckDBConnection): Promise<void> {
  const manifest = readManifest(directory);
  await createDerivedViews(db, directory, manifest);
  await exportTransitRollups({ db, directory, manifest }, zone);
  writeManifest(directory, manifest);
}

function openSession(): Promise<DuckDBConnection> {
  return openLake({ directory, registry: registryView([]), city: { name: 'X', timezone: zone } });
}

function local(date: string): number {
  const hours = date < '2026-03-30' ? 1 : 2;
  return Date.parse(date) - hours * 3_600_000;
}

function rounded(rows: readonly object[]): unknown {
  return JSON.parse(
    JSON.stringify(rows, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(10)) : value)),
  );
}
