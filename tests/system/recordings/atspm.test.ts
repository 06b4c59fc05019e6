import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ledgerOf, type ReplayedCity, replayedCity } from './replayed-city.ts';

const oregon = replayedCity({ path: 'road/atspm-odot', format: 'atspm' });
const file = (city: ReplayedCity) => `'${join(city.recorded, '*.parquet')}'`;

test('ATSPM: of 246,413 events each distinct one is counted, and 496 are duplicates', async (context) => {
  const city = await oregon(context);
  expect(city.replay).toMatchObject({ code: 0, stdout: '' });
  expect(await ledgerOf(city)).toEqual({ counted: 245_917, duplicate: 496 });
  const [raw] = await city.rows(`
    SELECT count(*)::INT AS events, count(DISTINCT (TimeStamp, DeviceId, EventId, Parameter))::INT AS distinct_events
    FROM ${file(city)}`);
  expect(raw).toEqual({ events: 246_413, distinct_events: 245_917 });
});

test('ATSPM: the audit finds no difference', async (context) => {
  const city = await oregon(context);
  const audit = await city.run('audit');
  expect(audit.stderr).toContain('audit: 0 differences');
  expect(audit.code).toBe(0);
});

test('ATSPM: counts are actuations per channel, those of the file', async (context) => {
  const city = await oregon(context);
  const answer = await city.json<{ rows: Record<string, unknown>[] }>(
    'measure',
    'counts',
    '--set',
    'kind=signal-event',
    'bin_minutes=15',
  );
  expect(new Set(answer.rows.map((r) => r.counted))).toEqual(new Set(['actuations per channel']));
  const raw = await city.rows(`
    SELECT strftime(time_bucket(INTERVAL 15 MINUTE, TimeStamp), '%Y-%m-%dT%H:%M:%S') AS bin,
      DeviceId::VARCHAR AS site_id, Parameter::INT AS lane, count(*)::INT AS count
    FROM (SELECT DISTINCT TimeStamp::TIMESTAMP AS TimeStamp, DeviceId, EventId, Parameter FROM ${file(city)})
    WHERE EventId = 82 GROUP BY ALL`);
  expect(raw.length).toBeGreaterThan(500);
  const lines = (rows: Record<string, unknown>[], bin: string) =>
    rows
      .filter((r) => r.count !== 0)
      .map((r) => `${r[bin]} ${r.site_id} ${r.lane} ${r.count}`)
      .sort();
  expect(lines(answer.rows, 'local_time')).toEqual(lines(raw, 'bin'));
});

test('ATSPM: the weekly report renders whole and calls actuations what they are', async (context) => {
  const city = await oregon(context);
  const report = await city.run('report', 'weekly', '--from', '2024-05-13', '--to', '2024-05-14');
  expect(report.code).toBe(0);
  const html = readFileSync(report.stdout.trim(), 'utf8');
  expect(html.includes('class="failed"')).toBe(false);
  expect(/actuations/i.test(html)).toBe(true);
  expect(html.includes('245,917')).toBe(true);
});
