import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { detectorDays } from '#analytics/health/detector-days.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { defineViews } from '#analytics/lake/on-demand.ts';
import { listReports } from '#analytics/notebooks/reports.ts';
import { createTimetableViews } from '#analytics/timetable/timetable-views.ts';
import { transitViewsSql } from '#analytics/transit/transit-views.ts';
import { renderReport } from '#apps/report.ts';
import { type Line, lineLake, type Performed, type Seen } from '../../golden/measures/line-lake.ts';
import { smallLake } from '../../golden/measures/small-lake.ts';
import { weeksOfRuns } from '../../golden/measures/weeks-of-runs.ts';
import { importText, removeTemporaryFolders, smallFeed } from '../../unit/gtfs/small-feed.ts';

/** Beside what measures stand on, what a report rests on. */
async function addFoundations(db: DuckDBConnection): Promise<void> {
  await db.run(`
    CREATE TABLE archive (position BIGINT, received_at TIMESTAMPTZ);
    CREATE TABLE ledger (device_id VARCHAR, hour_received TIMESTAMPTZ, hour_observed TIMESTAMPTZ, outcome VARCHAR,
      reason VARCHAR, readings BIGINT, late BIGINT);
    CREATE TABLE detector_days (${detectorDays.columns}, formula_version INTEGER, stale BOOLEAN)`);
}

let line: Line;
beforeAll(async () => {
  line = await lineLake();
  await addFoundations(line.db);
});
afterAll(() => {
  line.db.closeSync();
  removeTemporaryFolders();
});

const text = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

async function report(
  name: string,
  seen: readonly Seen[],
  performed: readonly Performed[],
  parameters: Record<string, string>,
): Promise<{ errors: unknown[]; seen: string; html: string }> {
  await line.ask('service-delivered', seen, {}, performed);
  const { path } = (await listReports()).find((r) => r.name === name)!;
  const { html, errors } = await renderReport({
    connection: line.db,
    city: { name: 'Testville', timezone: 'UTC' },
    path,
    parameters: { from: '2024-05-13', to: '2024-05-14', ...parameters },
  });
  return { errors, seen: text(html), html };
}

/** Six trips; the second runs 6 minutes late, the third is canceled, of the fourth nobody knows. */
const morning: Seen[] = [1, 2, 5, 6].flatMap((trip): Seen[] => {
  const start = (trip - 1) * 10 + (trip === 2 ? 6 : 0);
  return [
    { trip, stop: 'A', departure: start },
    { trip, stop: 'B', arrival: start + 2, departure: start + 2.5 },
    { trip, stop: 'C', arrival: start + 4, departure: start + 4.5 },
    { trip, stop: 'D', arrival: start + 6 },
  ];
});
const performed: Performed[] = [
  { trip: 1 },
  { trip: 2 },
  { trip: 3, relationship: 'canceled' },
  { trip: 5 },
  { trip: 6 },
];

test('the route report says what was on time, what was lost, and of what nobody knows', async () => {
  const page = await report('route', morning, performed, { route: 'r' });
  expect(page.errors).toEqual([]);
  // 4 of 16 departures seen are of the late trip.
  expect(page.seen).toContain(
    '75% of departures were on time (no more than 60 s early or 300 s late); 25% were late',
  );
  expect(page.seen).toContain('Of 24 scheduled calls 16 were seen, 4 were canceled and 4 were not seen');
  expect(page.seen).toContain(
    'Of 18 scheduled kilometres 67% were seen to run, 17% were lost, and of 17% nobody knows.',
  );
  expect(page.html.match(/<svg/g)!.length).toBeGreaterThanOrEqual(6);
});

/** The figure that is described so. */
const figure = (html: string, alt: string) => {
  const from = html.indexOf(`aria-label="${alt}`);
  return html.slice(from, html.indexOf('</figcaption>', html.indexOf('</div>\n<figcaption>', from)));
};

test('the time-distance diagram says which hours it shows, and how much of their service nobody saw', async () => {
  // From 08:00 to 08:22; the third trip, due from 08:20 on, was canceled, and of the three after it nobody knows.
  const early = morning.filter((seen) => seen.trip <= 2);
  const page = await report('route', early, performed, { route: 'r', to: '2024-05-15' });
  expect(page.errors).toEqual([]);
  expect(text(figure(page.html, 'Time-distance diagram'))).toContain(
    '13 May 2024, 08:00 to 08:30 · unit: km along the way, by time · 0% of data missing',
  );
  expect(text(figure(page.html, 'Strips of departures'))).toMatch(/13–14 May 2024 .* 82% of data missing/);
  const stop = await report('stop', early, performed, { stop: 'B', to: '2024-05-15' });
  expect(text(figure(stop.html, 'Departures by time of day'))).toContain('13 May 2024 · unit: departures');
});

test('a report of a route says that there are older data of it', async () => {
  const before = await report('route', morning, performed, { route: 'r' });
  expect(before.seen).not.toContain('Older data');
  const after = await report('route', morning, performed, {
    route: 'r',
    from: '2024-05-14',
    to: '2024-05-15',
  });
  expect(after.errors).toEqual([]);
  expect(after.seen).toContain(
    'Older data of this route exist, from 13 May 2024 on: --from 2024-05-13 takes them in.',
  );
});

test('where no dwell is known closely enough, the table of stops has none and says why', async () => {
  const close = await report('route', morning, performed, { route: 'r' });
  expect(close.seen).toMatch(/Bunched Gaps Dwell s /);
  expect(close.seen).toContain('Dwell is left out at the ends of the line.');
  const sparse = morning.map((seen) => ({ ...seen, withinS: 20 }));
  const page = await report('route', sparse, performed, { route: 'r' });
  expect(page.errors).toEqual([]);
  expect(page.seen).not.toMatch(/Bunched Gaps Dwell/);
  expect(page.seen).toContain('of no visit are arrival and departure both known within 15 s');
});

test('the route report tells directions apart, gives the night before no rows of its own, and makes no mountains of seconds', async () => {
  const there = ['A', 'B', 'C', 'D'];
  const back = [...there].reverse();
  const trips = [0, 1, 2].flatMap((n) => [
    { trip: `t${n}`, direction: 0, date: '2024-05-13', minute: 480 + 10 * n, stops: there },
    { trip: `u${n}`, direction: 1, date: '2024-05-13', minute: 485 + 10 * n, stops: back },
  ]);
  const night = [5, 15].map((minute) => ({
    trip: `n${minute}`,
    direction: 0,
    date: '2024-05-12',
    minute,
    stops: there,
  }));
  const clock = (minute: number) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}:00`;
  const imported = await importText({
    ...smallFeed,
    agency: smallFeed.agency.replace('Europe/Berlin', 'UTC'),
    shapes: undefined,
    trips: `route_id,service_id,trip_id,direction_id\n${trips.map((t) => `r,week,${t.trip},${t.direction}\n`).join('')}`,
    stop_times: `trip_id,arrival_time,departure_time,stop_id,stop_sequence\n${trips
      .flatMap((t) =>
        t.stops.map(
          (stop, i) => `${t.trip},${clock(t.minute + 2 * i)},${clock(t.minute + 2 * i)},${stop},${i + 1}\n`,
        ),
      )
      .join('')}`,
  });
  const db = await smallLake({ timezone: 'UTC' });
  await createTimetableViews(db, imported.directory, readManifest(imported.directory).timetables);
  await defineViews(db, transitViewsSql());
  await addFoundations(db);
  const visits = [...trips, ...night].flatMap((t) =>
    t.stops.map((stop, i) => {
      const at = `make_timestamptz(${(Date.parse('2024-05-13T00:00:00Z') + (t.minute + 2 * i) * 60_000) * 1_000})`;
      return `(DATE '${t.date}', '${t.trip}', '${t.date < '2024-05-13' ? 'added' : 'scheduled'}', ${t.direction}, '${stop}', ${i + 1}, ${i === 3}, ${at})`;
    }),
  );
  await db.run(`INSERT INTO stop_visits BY NAME SELECT * EXCLUDE (seen_at), seen_at AS arrival_at, seen_at AS departure_at, 'v' AS vehicle_id, 'r' AS route_id,
      true AS counts, position = 1 AS is_first, 1.0 AS arrival_within_s, 1.0 AS departure_within_s,
      (SELECT pattern_id FROM timetable_patterns p WHERE p.direction_id = t.direction_id) AS pattern_id
    FROM (VALUES ${visits.join(', ')}) AS t(date, trip_id, relationship, direction_id, stop_id, position, is_last, seen_at)`);
  const { path } = (await listReports()).find((r) => r.name === 'route')!;
  const { html, errors } = await renderReport({
    connection: db,
    city: { name: 'Testville', timezone: 'UTC' },
    path,
    parameters: { route: 'r', from: '2024-05-13', to: '2024-05-14' },
  });
  db.closeSync();
  expect(errors).toEqual([]);
  const words = (alt: string) =>
    [...figure(html, alt).matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map((word) => word[1]!);
  const strips = words('Strips of departures').filter(
    (word) => !word.includes(':') || word.includes('Direction'),
  );
  expect(strips.filter((word) => word.startsWith('Direction'))).toEqual([
    'Direction 0: Alpha → Delta · Mon 13 May',
    'Direction 1: Delta → Alpha · Mon 13 May',
  ]);
  // From D, and so on: a vehicle's last stop has no headway.
  expect(strips.filter((word) => !word.startsWith('Direction')).sort()).toEqual([
    'Alpha',
    'Beta',
    'Beta',
    'Delta',
    'Gamma',
    'Gamma',
  ]);
  expect(words('Time-distance diagram')).toContain('Direction 1: Delta → Alpha');
  // Every run took six minutes: ticks of the first direction, then those of the second.
  const minutes = words('Run time by hour')
    .map(Number)
    .filter((tick) => !Number.isNaN(tick));
  expect(Math.max(...minutes) - Math.min(...minutes)).toBeGreaterThanOrEqual(1);
});

test('the route report says what passengers had of the service where any are counted, and nothing where none are', async () => {
  // 5 aboard from stop to stop of trips 1 and 2, nobody counts on 5 and 6: 6 km of 12 run, 3 called off, 3 not seen.
  const counted = morning.map((seen) =>
    seen.trip <= 2 ? { ...seen, load: seen.stop === 'D' ? 0 : 5 } : seen,
  );
  const page = await report('route', counted, performed, { route: 'r' });
  expect(page.errors).toEqual([]);
  expect(page.seen).toMatch(/The same in passenger-kilometres.* 30 50% 5\.0 60 15 0 15 80%/);
  const none = await report('route', morning, performed, { route: 'r' });
  expect(none.seen).not.toContain('The same in passenger-kilometres');
});

test('the stop report counts the canceled and the unseen apart', async () => {
  const page = await report('stop', morning, performed, { stop: 'B' });
  expect(page.errors).toEqual([]);
  expect(page.seen).toContain('75% of departures were on time');
  expect(page.seen).toContain('Of 6 scheduled calls 4 were seen, 1 were canceled and 1 were not seen');
});

test('the network report sets routes side by side and says why service was lost', async () => {
  const page = await report('transit-network', morning, performed, {});
  expect(page.errors).toEqual([]);
  expect(page.seen).toContain('75% of departures were on time across 1 route');
  expect(page.seen).toContain(
    'Of 18 scheduled kilometres 67% were seen to run, 17% were lost, and of 17% nobody knows.',
  );
  expect(page.seen).toMatch(/canceled not known 1 3 17%/);
});

test('bus priority names the stretch, its hours and its riders; without road links it says what it needs', async () => {
  const without = await report('bus-priority', morning, performed, {});
  expect(without.errors).toEqual([]);
  expect(without.seen).toContain('Bus priority needs a timetable, stop visits and road links with lines');
  await line.db.run(`INSERT INTO links BY NAME SELECT 'high' AS link_id, 'High Street' AS road, 3.0 AS length_km, '[[1.0, 0], [1.02698, 0]]' AS line,
    TIMESTAMPTZ '1970-01-01 00:00:00Z' AS valid_from, TIMESTAMPTZ 'infinity' AS valid_to`);
  // Three runs at eight lose 85 s each from A to B with 30 on board; those at nine, with 10, lose nothing.
  const slow: Seen[] = [1, 2, 3, 4, 5, 6].flatMap((trip): Seen[] => {
    const at = trip <= 3 ? trip * 10 : 60 + trip;
    const load = trip <= 3 ? 30 : 10;
    return [
      { trip, stop: 'A', departure: at, load },
      { trip, stop: 'B', arrival: at + (trip <= 3 ? 200 : 100) / 60, departure: at + 4, load },
      { trip, stop: 'C', arrival: at + 6, departure: at + 6.5 },
    ];
  });
  const page = await report('bus-priority', slow, performed, { hot_times: '1.2' });
  await line.db.run('DELETE FROM links');
  expect(page.errors).toEqual([]);
  expect(page.seen).toContain(
    'High Street, from Alpha to Beta, is where priority would give most back: riders lose 15 hours a week on these 1,000 m, most of it at 08–09',
  );
});

test('a route or stop that no timetable has and nobody saw is refused, with the nearest that there are', async () => {
  const route = await report('route', morning, performed, { route: 'R' });
  expect(route.errors).toEqual([
    { block: 'front matter', line: 0, message: 'there is no route "R"; nearest: r' },
  ]);
  const stop = await report('stop', [], [], { stop: 'b' });
  expect(stop.errors).toMatchObject([
    { message: expect.stringContaining('there is no stop "b"; nearest: B') },
  ]);
});

test('where nobody saw anything, the reports say so and end well', async () => {
  const route = await report('route', [], [], { route: 'r' });
  expect(route.errors).toEqual([]);
  expect(route.seen).toContain('Nobody saw a vehicle of this route at a stop in this period.');
  const stop = await report('stop', [], [], { stop: 'B' });
  expect(stop.errors).toEqual([]);
  expect(stop.seen).toContain('Nobody saw a vehicle at this stop in this period.');
  const network = await report('transit-network', [], [], {});
  expect(network.errors).toEqual([]);
  expect(network.seen).toContain('Nobody saw a vehicle at a stop in this period. The timetable has 6 trips');
});

test('before and after says by how much vehicles became faster, on which segment, and what a placebo date claims', async () => {
  await weeksOfRuns(line.db, (week) => ({
    r: (week < 4 ? 100 : 90 * 1.05) * Math.exp(week % 2 === 0 ? 0.01 : -0.01),
    q: week < 4 ? 200 : 210,
  }));
  const { path } = (await listReports()).find((r) => r.name === 'transit-before-after')!;
  const { html, errors } = await renderReport({
    connection: line.db,
    city: { name: 'Testville', timezone: 'UTC' },
    path,
    parameters: { treated: 'r', from: '2024-05-06', to: '2024-07-01', change: '2024-06-03' },
  });
  expect(errors).toEqual([]);
  const page = text(html);
  expect(page).toContain('Vehicles on r were 10.0% faster from stop to stop after 3 June 2024');
  expect(page).toContain('There were too few weeks before the change for a placebo date.');
  // Of eight runs; 105 s after are 5 % less than a hundred, and a tenth less than on other roads.
  expect(page).toMatch(/0 Alpha → Beta 8 100\.\d 94\.\d −0\.10\d\d/);
});

test.each(['12', '01'])('before and after takes a route that is called %s for what it is', async (route) => {
  await weeksOfRuns(line.db, (week) => ({ r: week < 4 ? 100 : 90, q: 200 }));
  await line.db.run(`UPDATE stop_visits SET route_id = '${route}' WHERE route_id = 'r'`);
  const { path } = (await listReports()).find((r) => r.name === 'transit-before-after')!;
  const { html, errors } = await renderReport({
    connection: line.db,
    city: { name: 'Testville', timezone: 'UTC' },
    path,
    parameters: { treated: route, from: '2024-05-06', to: '2024-07-01', change: '2024-06-03' },
  });
  expect(errors).toEqual([]);
  expect(text(html)).toContain(`Vehicles on ${route} were 10.0% faster from stop to stop`);
});
