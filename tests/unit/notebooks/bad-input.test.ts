import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listReports } from '#analytics/notebooks/reports.ts';
import { renderReport } from '#apps/report.ts';
import { volumeCity } from './small-cities.ts';

// What every report ends with, without what a report says before it.
const folder = mkdtempSync(join(tmpdir(), 'headway-bad-input-'));
const plain = join(folder, 'plain.md');
writeFileSync(
  plain,
  '---\ntitle: Plain\nparameters:\n  - { name: from, type: date }\n  - { name: to, type: date }\n---\n\nNothing.\n',
);
afterAll(() => rmSync(folder, { recursive: true }));

/** The words of a report of a city that counts at s1, s2 and s3, after something was done to it. */
async function reportAfter(
  change: string,
  name?: string,
  parameters: Record<string, string> = {},
): Promise<string> {
  const db = await volumeCity();
  await db.run(change);
  const path = name === undefined ? plain : (await listReports()).find((r) => r.name === name)!.path;
  const { html, errors } = await renderReport({
    connection: db,
    city: { name: 'Kleinstadt', timezone: 'Europe/Berlin' },
    path,
    parameters: { from: '2024-03-04', to: '2024-03-06', ...parameters },
  });
  db.closeSync();
  expect(errors).toEqual([]);
  return html
    .replace(/<(style|svg|details)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
}

const whole = `UPDATE sites SET speed_limit_kmh = 50, lanes = 2;`;

test.each([
  ['a city without a fault has no caveat of its data', '', undefined],
  [
    'a period that goes on for a day after the last vehicle was seen is named',
    "SET VARIABLE transit_watched_from = TIMESTAMPTZ '2024-03-01 00:00:00+01'; SET VARIABLE transit_watched_to = TIMESTAMPTZ '2024-03-04 17:05:00+01'",
    'no vehicle of public transport was seen yet, or any more: what was due then is in no figure: after 4 Mar 2024 17:05',
  ],
  [
    'sites without position are named',
    `UPDATE sites SET lat = NULL, lon = NULL WHERE site_id = 's2'`,
    'No position, so on no map and without neighbours: s2.',
  ],
  [
    'missing speed limits are named',
    `UPDATE sites SET speed_limit_kmh = NULL WHERE site_id IN ('s1', 's3')`,
    'No speed limit, so in nothing that is measured against limits: s1, s3.',
  ],
  [
    'a site at which two devices count the same lane is named',
    `INSERT INTO devices BY NAME SELECT 'twin' AS device_id, 'recording:klein' AS domain;
     INSERT INTO installations BY NAME SELECT 'twin' AS device_id, 's1' AS site_id, 900 AS period_s;
     INSERT INTO windows BY NAME SELECT * REPLACE ('twin' AS device_id) FROM windows WHERE device_id = 'd1'`,
    'Installed twice on the same lane at once, so that its flow counts vehicles twice: s1 (d1, twin).',
  ],
  [
    'swapped directions, as health found them, are named',
    `INSERT INTO detector_days BY NAME SELECT DATE '2024-03-05' AS date, 'd1' AS device_id, 's1' AS site_id, '' AS direction,
       0 AS lane, 'bad' AS verdict, 'swapped-directions' AS cause`,
    'Directions that look swapped: s1 (d1, 5 Mar).',
  ],
  [
    'lanes that change number within the period are named',
    `UPDATE sites SET valid_to = '2024-03-05' WHERE site_id = 's1';
     INSERT INTO sites BY NAME SELECT * REPLACE (3 AS lanes, TIMESTAMPTZ '2024-03-05' AS valid_from,
       'infinity'::TIMESTAMPTZ AS valid_to) FROM sites WHERE site_id = 's1'`,
    'Lanes that changed number within the period, so that flows before and after are of different roads: s1 (2 then 3).',
  ],
  [
    'readings of another period than was promised are named',
    `UPDATE installations SET period_s = 300 WHERE device_id = 'd2'`,
    'Readings of another period than promised: d2 (300 s promised, windows of about 900 s).',
  ],
  [
    'counts of an hour that say they are of a quarter are named, as more than lanes carry',
    `UPDATE windows SET count = 1500 WHERE device_id = 'd3'`,
    'as of counts of a longer period than they say: s3 (6,000 veh/h).'.replace(',', ''),
  ],
])('%s', async (_, change, caveat) => {
  const text = await reportAfter(`${whole} ${change}`);
  if (caveat === undefined) expect(text).not.toContain('What is odd about these data');
  else expect(text).toContain(caveat);
});

test('a day with a clock change is named with its hours', async () => {
  const text = await reportAfter(
    `${whole} UPDATE windows SET start_at = start_at + INTERVAL 26 DAY`,
    undefined,
    { from: '2024-03-30', to: '2024-04-01' },
  );
  expect(text).toContain('A day with a clock change: 31 Mar 2024 (23 hours).');
});

test('a year with one good day has no annual average: the day’s traffic with its date, and the days named', async () => {
  const text = await reportAfter(
    `${whole} DELETE FROM windows WHERE start_at >= '2024-03-04 23:00:00+00'`,
    'annual-volumes',
    { from: '2024-01-01', to: '2025-01-01' },
  );
  expect(text).toContain('These are averages of at most 1 complete day between');
  expect(text).toContain('not of a year: no site has a complete day for each weekday of each month');
  expect(text).toContain(
    'Counted on a tenth of the days or less: s1 (1 of 366), s2 (1 of 366), s3 (1 of 366).',
  );
});
