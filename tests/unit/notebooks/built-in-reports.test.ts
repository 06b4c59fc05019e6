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

test('both built-in reports are listed with their parameters', async () => {
  const reports = await listReports();
  expect(reports.map((r) => [r.name, r.parameters.map((p) => p.name)])).toEqual([
    ['corridor', ['corridor', 'from', 'to']],
    ['weekly', ['from', 'to', 'slow_share']],
  ]);
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

test('corridor in a period without data says so', async () => {
  const page = await report('corridor', await speedCity(), { from: '2023-01-02', to: '2023-01-09' });
  expect(page.errors).toEqual([]);
  expect(words(page)).toContain('No readings were observed on this corridor in this period.');
});
