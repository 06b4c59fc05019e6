import type { DuckDBConnection } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { HEALTH_VERSION } from '#analytics/health/judge-day.ts';
import { listReports } from '#analytics/notebooks/reports.ts';
import { renderReport } from '#apps/report.ts';
import { speedCity, volumeCity } from './small-cities.ts';

/** Of both days of the small cities: [device, day of March, verdict, cause, observed share, usual vehicles, km, owed hours]. */
type Day = [string, number, string, string, number, number | null, number | null, number?];

async function report(
  db: DuckDBConnection,
  days: Day[],
  dates = '',
): Promise<{ text: string; html: string }> {
  for (const [device, day, verdict, cause, share, vehicles, km, owedH = 24] of days) {
    await db.run(`INSERT INTO detector_days BY NAME SELECT DATE '2024-03-0${day}' AS date, '${device}' AS device_id,
      '${device.replace('d', 's')}' AS site_id, '' AS direction, 0 AS lane, '${verdict}' AS verdict, '${cause}' AS cause,
      'as seen on day ${day}' AS detail, DATE '2024-03-01' AS since, '${device}' AS repair, ${owedH * 3_600} AS expected_s,
      ${share} AS observed_share, ${vehicles} AS usual_vehicles, ${km} AS length_km`);
  }
  await db.run(
    `INSERT INTO derived_days SELECT DISTINCT 'detector_days', date, ${HEALTH_VERSION}, false FROM detector_days; ${dates}`,
  );
  const { path } = (await listReports()).find((r) => r.name === 'sensor-health')!;
  const { html, errors } = await renderReport({
    connection: db,
    city: { name: 'Kleinstadt', timezone: 'Europe/Berlin' },
    path,
    parameters: { from: '2024-03-04', to: '2024-03-06' },
  });
  expect(errors).toEqual([]);
  const text = html
    .replace(/<(style|svg|details)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/[\s\u00a0]+/g, ' ');
  return { text, html };
}

test('the cost and the work list of counting detectors are in vehicle-kilometres', async () => {
  const { text, html } = await report(
    await volumeCity(),
    [
      ['d1', 4, 'healthy', '', 1, 1000, 2],
      ['d1', 5, 'healthy', '', 1, 1000, 2],
      ['d2', 4, 'bad', 'silent', 0, 3000, 1],
      ['d2', 5, 'bad', 'silent', 0, 3000, 1],
      ['d3', 4, 'healthy', '', 1, 2000, 2],
      ['d3', 5, 'flawed', 'losing', 0.5, 2000, 2],
    ],
    `INSERT INTO imputed BY NAME SELECT DATE '2024-03-04' AS date, 'd2' AS device_id, 's2' AS site_id, '' AS direction,
      0 AS lane, at_ AS start_at, 900 AS window_s, 'flow_veh_h' AS field, 40 AS value, 'local' AS method
     FROM range(TIMESTAMPTZ '2024-03-03 23:00:00+00', TIMESTAMPTZ '2024-03-04 23:00:00+00', INTERVAL 15 minute) t(at_)`,
  );
  expect(text).toContain(
    '1 of the city’s 3 detectors was healthy , 1 flawed, 0 bad and 1 silent. What was ill in the period cost 44% of the vehicle-kilometres',
  );
  // (3,000 + 3,000 + half of 4,000) of 18,000.
  expect(text).toContain('mending d2 alone brings back 3,000 vehicle-kilometres a day.');
  expect(text).toMatch(/1 d2: Gate 2 &lt;east&gt; silent as seen on day 5 Fri 1 Mar 3,000 24\.0 2 d3/);
  expect(text).toContain('6 detector-days = 3 healthy + 1 flawed + 0 bad + 2 silent');
  // One of six detector-days.
  expect(text).toMatch(/flow_veh_h local 1 24\.0 17%/);
  expect(text).toContain('1,037 received = 1,000 counted');
  expect(html.match(/<circle/g)!.length).toBeGreaterThanOrEqual(3);
});

test('where nobody counts, the cost is in hours', async () => {
  const days: Day[] = [4, 5].flatMap((day) =>
    ['d1', 'd2', 'd3'].map((d): Day => [d, day, 'healthy', '', 1, null, null]),
  );
  days[4] = ['d2', 5, 'bad', 'stuck', 1, null, null];
  const { text } = await report(await speedCity(), days);
  expect(text).toContain('2 of the city’s 3 detectors were healthy , 0 flawed, 1 bad and 0 silent');
  expect(text).toContain(
    'cost 17% of the hours that the city’s detectors were to measure; 1 thing is left to mend.',
  );
  expect(text).toContain('What they usually count is not known of 6 detector-days of 6.');
});

test('a day that has only begun ends no fault, and is not what the figures are of', async () => {
  const { text } = await report(await volumeCity(), [
    ['d1', 4, 'healthy', '', 1, 1000, 2],
    ['d2', 4, 'bad', 'swapped-lanes', 1, 3000, 1],
    ['d1', 5, 'healthy', '', 1, 1000, 2, 2],
    ['d2', 5, 'healthy', '', 1, 3000, 1, 2],
  ]);
  expect(text).toContain('On Monday 4 March 2024, 1 of the city’s 2 detectors was healthy');
  expect(text).toContain('mending d2 alone brings back 3,000 vehicle-kilometres a day.');
  expect(text).toContain('Only begun: Tuesday 5 March 2024.');
  expect(text).not.toContain('There is nothing to mend');
  expect(text).toContain('4 detector-days = 3 healthy + 0 flawed + 1 bad + 0 silent');
});

test('days that are stale or were not judged are named', async () => {
  const one: Day[] = [['d1', 4, 'healthy', '', 1, null, null]];
  const { text } = await report(await speedCity(), one, 'UPDATE derived_days SET stale = true');
  expect(text).toContain('Not judged yet: Tue 5 Mar.');
  expect(text).toContain('Stale, judged before their data or the rules changed: Mon 4 Mar.');
  const none = await report(await volumeCity(), []);
  expect(none.text).toContain('No detector was judged in this period.');
  expect(none.text).toContain('nobody has judged them');
});
