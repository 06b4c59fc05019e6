import type { DuckDBConnection } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import type { RenderedNotebook } from '#analytics/notebooks/render-notebook.ts';
import { listReports } from '#analytics/notebooks/reports.ts';
import { renderReport } from '#apps/report.ts';
import { signalCity, speedCity, volumeCity } from './small-cities.ts';

async function report(
  name: string,
  db: DuckDBConnection,
  parameters: Record<string, string> = {},
): Promise<RenderedNotebook> {
  const { path } = (await listReports()).find((r) => r.name === name)!;
  const city = { name: 'Kleinstadt', timezone: 'Europe/Berlin' };
  return renderReport({
    connection: db,
    city,
    path,
    parameters: { from: '2024-03-04', to: '2024-03-06', ...parameters },
  });
}

/** What a reader sees, without markup. */
const words = ({ html }: RenderedNotebook) =>
  html
    .replace(/<(style|svg|details)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replace(/[\s\u00a0]+/g, ' ');

test('the built-in reports are listed with their parameters', async () => {
  const reports = await listReports();
  expect(Object.fromEntries(reports.map((r) => [r.name, r.parameters.map((p) => p.name)]))).toMatchObject({
    'annual-volumes': ['from', 'to', 'values'],
    'before-after': ['treated', 'from', 'to', 'change', 'seed'],
    bottlenecks: ['from', 'to', 'top'],
    corridor: ['corridor', 'from', 'to'],
    'sensor-health': ['from', 'to', 'top'],
    site: ['site', 'from', 'to'],
    weekly: ['from', 'to', 'slow_share'],
  });
});

test('bottlenecks says where queues begin, or why it can not', async () => {
  const speeds = await report('bottlenecks', await speedCity());
  expect(speeds.errors).toEqual([]);
  // One morning of two: no queue that comes again.
  expect(words(speeds)).toContain('No place of the city’s freeways had a queue that came again');
  expect(words(speeds)).toContain('Queues that came once');
  const volumes = await report('bottlenecks', await volumeCity());
  expect(volumes.errors).toEqual([]);
  expect(words(volumes)).toContain('Not computable: no speed.');
});

test('annual-volumes gives average days where there is no year, and says so', async () => {
  const page = await report('annual-volumes', await volumeCity());
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('On an average day 1,080 vehicles pass');
  expect(words(page)).toContain('not of a year');
  const speeds = await report('annual-volumes', await speedCity());
  expect(speeds.errors).toEqual([]);
  expect(words(speeds)).toContain('Not computable: no flow.');
});

test('site says what one counter knows', async () => {
  const page = await report('site', await volumeCity(), { site: 's1' });
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('1,080 vehicles pass here on an average complete day');
  const speeds = await report('site', await speedCity(), { site: 's2' });
  expect(speeds.errors).toEqual([]);
  expect(words(speeds)).toContain('counts nothing');
});

test('site draws imputed values apart, and says how many they are and how they were made', async () => {
  const db = await volumeCity();
  await db.run(`
    INSERT INTO detector_days BY NAME SELECT unnest([DATE '2024-03-04', DATE '2024-03-05']) AS date, 'd1' AS device_id,
      's1' AS site_id, '' AS direction, 0 AS lane, 'healthy' AS verdict, 86400 AS expected_s;
    INSERT INTO imputed BY NAME SELECT DATE '2024-03-05' AS date, 'd1' AS device_id, 's1' AS site_id, '' AS direction,
      0 AS lane, start_at, 900 AS window_s, 'missing' AS because, 'flow_veh_h' AS field, 200 AS value, 'local' AS method
      FROM windows WHERE device_id = 'd1' AND city_time(start_at) BETWEEN '2024-03-05 17:00' AND '2024-03-05 17:45'`);
  const page = await report('site', db, { site: 's1' });
  expect(page.errors).toEqual([]);
  const text = words(page);
  // 4 quarter hours of 192.
  expect(text).toContain('unit: vehicles an hour · 0% of data missing · 2.1% of values imputed');
  expect(text).toContain('imputed (local)');
  expect(text).toMatch(/flow_veh_h local missing 1\.0 2\.1%/);
  expect(text).toContain('Imputed data only in what is made from hours_filled and filled_by');
  const without = words(await report('site', await volumeCity(), { site: 's1' }));
  expect(without).toContain('No night has judged this site’s days');
});

test('before-after of too short a time says so instead of a figure', async () => {
  const page = await report('before-after', await volumeCity(), { treated: 's1', change: '2024-03-05' });
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('Not computable here.');
});

test('weekly of a city with speeds says how fast, when slowest, where, and what can not be computed', async () => {
  const page = await report('weekly', await speedCity());
  expect(page.errors).toEqual([]);
  const text = words(page);
  // One site of three at 50 km/h for 2 of 48 hours: 100 - 50 / 3 * 2 / 48 = 99.3; in the hour itself 83.3.
  expect(text).toContain('traffic moved at 99 km/h on average across 3 measured sites');
  expect(text).toContain('slowest on Monday between 07:00 and 08:00 , when the average fell to 83 km/h');
  // 36 s/km lost in 2 of the 32 hours between 06:00 and 22:00 of two days: 2.25.
  expect(text).toContain('Drivers lost most time at Gate 2 <east>: 2 seconds on every kilometre');
  expect(text).toContain('Not computable: vehicle-hours lost and vehicle-kilometres travelled (no flow).');
  expect(text).toContain('All 3 sensors delivered at least 90%');
  expect(page.html.match(/<circle/g)!.length).toBeGreaterThanOrEqual(3);
});

test('weekly gives delay and travel as observed and with imputed values, with the share imputed of each day', async () => {
  const db = await speedCity();
  // Ten vehicles in each window; Gate 2 lost Tuesday from noon, and a night filled it.
  await db.run(`
    UPDATE windows SET count = 10, count_s = 300, pace_count = 10, pace_micro_s = round(3.6e12 * 10 * 300 / speed_milli_s),
      speed_milli_s = 0, speed_s = 0;
    INSERT INTO imputed BY NAME
      SELECT DATE '2024-03-05' AS date, device_id, site_id, direction, lane, start_at, 300 AS window_s, 'missing' AS because,
        'local' AS method, unnest(['flow_veh_h', 'speed_kmh']) AS field, unnest([120, 100]) AS value
      FROM windows WHERE device_id = 'd2' AND start_at >= '2024-03-05 11:00:00+00';
    DELETE FROM windows WHERE device_id = 'd2' AND start_at >= '2024-03-05 11:00:00+00'`);
  const before = words(await report('weekly', db));
  expect(before).toContain('no night has worked this period, so nothing was imputed');
  await db.run(
    `INSERT INTO derived_days VALUES ('imputed', DATE '2024-03-04', 1, false), ('imputed', DATE '2024-03-05', 1, false)`,
  );
  const page = await report('weekly', db);
  expect(page.errors).toEqual([]);
  const text = words(page);
  // Gates 1.6 km (half of 2 km each side, capped) or 1 km apart: 144 windows of 10 vehicles over 1.6 km are 2,304 veh km.
  const [, observed] = /hours\s+against free flow on the ([\d,]+) vehicle-kilometres/.exec(text)!;
  const [, share, filled] =
    /\(([\d.]+)% of the time due\), it is\s+[\d,]+ hours\s+on ([\d,]+) vehicle-kilometres/.exec(text)!;
  const number = (written: string) => Number(written.replaceAll(',', ''));
  expect(number(filled!) - number(observed!)).toBe(2_304);
  // 12 of 144 sensor-hours of two days.
  expect(share).toBe('8.3');
  expect(text).toContain('8.3% of values imputed');
  expect(page.html).toContain('17% imputed');
});

test('weekly of a city with only volumes gives daily traffic and the peak hour instead of speeds', async () => {
  const page = await report('weekly', await volumeCity());
  expect(page.errors).toEqual([]);
  const text = words(page);
  // 92 quarter hours of 10 and 4 of 40.
  expect(text).toContain('1,080 vehicles a day passed the average of 3 counting sites');
  expect(text).toContain('Monday between 17:00 and 18:00 , with 160 vehicles at the average site');
  expect(text).toContain('Not computable: speed, delay and travel time (no speed).');
  expect(text).not.toContain('How traffic moved');
});

test('weekly of a city with only signal events counts actuations and calls them so', async () => {
  const page = await report('weekly', await signalCity());
  expect(page.errors).toEqual([]);
  const text = words(page);
  expect(text).toContain('The detectors of 3 signal controllers were passed or occupied 36 times');
  expect(text).toContain('Not computable: volumes (no counts)');
  expect(text).toContain('Not computable: completeness (no period promised).');
});

test('weekly of a period without data says so', async () => {
  const page = await report('weekly', await speedCity(), { from: '2023-01-02', to: '2023-01-09' });
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('No readings were observed in this period.');
});

test('a silent and an incomplete sensor are named', async () => {
  const db = await speedCity();
  await db.run(`DELETE FROM windows WHERE device_id = 'd3'`);
  await db.run(`DELETE FROM windows WHERE device_id = 'd1' AND start_at >= '2024-03-05 11:00:00+00'`);
  const page = await report('weekly', db);
  expect(page.errors).toEqual([]);
  const text = words(page);
  expect(text).toContain('Of 3 sensors, 1 was silent for the whole period and 1 delivered less than 90%');
  // (48 + 12) of 144 sensor-hours
  expect(text).toContain('42% of the data due are missing');
});

test('corridor walks the travel time and states the direction of travel', async () => {
  const page = await report('corridor', await speedCity());
  expect(page.errors).toEqual([]);
  const text = words(page);
  expect(page.title).toBe('Ring road');
  // 1 + 2 + 1 km: 2.4 min free; with the middle stretch at 50 km/h 1.2 min more.
  expect(text).toContain('Free-flow time 2.4 min');
  expect(text).toContain(
    'Traffic drives upwards : it enters at the bottom, at Gate 1 <east> (km 0), and leaves at the top',
  );
  // Median over Monday (3.6) and Tuesday (2.4).
  expect(text).toContain('took 3 minutes on a typical weekday when leaving at 07:00');
  expect(text).toMatch(/Morning 07–09 48 3\.0 3\.0 3\.6 3\.6 1\.25 1\.50/);
});

test('corridor without speeds says what it lacks', async () => {
  const db = await volumeCity();
  await db.run(`INSERT INTO corridors BY NAME SELECT 'ring' AS corridor_id, 'Ring road' AS name, n AS position,
    's' || n AS site_id, 2.0 * (n - 1) AS km FROM range(1, 4) r(n)`);
  const page = await report('corridor', db);
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('Not computable: no speed.');
});

test('corridor with a site that measures no speed names it instead of timing the drive', async () => {
  const db = await speedCity();
  await db.run(
    "UPDATE windows SET speed_s = 0, speed_milli_s = 0, count = 5, count_s = 300 WHERE site_id = 's2'",
  );
  const page = await report('corridor', db);
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('could not be timed: 1 site on the way measured no speed at all.');
  expect(words(page)).toContain('1 of 3 sites measured none in this period: Gate 2 <east>.');
});

test('corridor in a period without data says so', async () => {
  const page = await report('corridor', await speedCity(), { from: '2023-01-02', to: '2023-01-09' });
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('No readings were observed on this corridor in this period.');
});
