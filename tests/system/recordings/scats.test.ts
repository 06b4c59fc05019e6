import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ledgerOf, type ReplayedCity, replayedCity } from './replayed-city.ts';

const melbourne = replayedCity({ path: 'road/scats-melbourne', format: 'scats' });
const week = ['--from', '2006-10-09', '--to', '2006-10-16'];

/** Every V00 to V95 of the file under its row's key, the local start of its quarter of an hour beside it. */
const fileRows = (city: ReplayedCity) => `
  SELECT key, wall AT TIME ZONE 'Australia/Melbourne' AS start_at, wall, count::BIGINT AS count
  FROM (
    SELECT "SCATS Number" || '-' || "VR Internal Loc" AS key, count,
      strptime("Date", '%-d/%-m/%y') + to_minutes(15 * substr(slot, 2)::INT) AS wall
    FROM (UNPIVOT (
      SELECT * FROM read_csv('${join(city.recorded, 'scats_boroondara_2006-10-01_to_21.csv')}', skip = 1, header = true,
        all_varchar = true)) ON COLUMNS('^V\\d\\d$') INTO NAME slot VALUE count))`;

test('SCATS: every volume is counted once, under its row’s true key and local time', async (context) => {
  const city = await melbourne(context);
  expect(city.replay).toMatchObject({ code: 0, stdout: '' });
  expect(await ledgerOf(city)).toEqual({ counted: 278_016 });
  const [found] = await city.rows(`
    WITH file AS (${fileRows(city)})
    SELECT count(*)::INT AS rows, count(*) FILTER (file.count = windows.count)::INT AS same,
      count(*) FILTER (site_id = key AND lane = 0 AND window_s = 900 AND observed_s = 900)::INT AS at_its_site,
      count(DISTINCT device_id)::INT AS devices
    FROM file FULL JOIN windows ON device_id = key AND windows.start_at = file.start_at`);
  expect(found).toEqual({ rows: 278_016, same: 278_016, at_its_site: 278_016, devices: 140 });
});

test('SCATS: zero coordinates, a shared label and a wrong leg are named', async (context) => {
  const city = await melbourne(context);
  expect(city.replay.stderr).toContain('caveat: no-position: 1 (4266-1 (AUBURN_RD N of BURWOOD_RD))');
  expect(city.replay.stderr).toContain(
    'caveat: shared-label: 1 (HIGH_ST NE of CHARLES_ST is 4335-2 and 4335-6)',
  );
  expect(city.replay.stderr).toContain('caveat: leg-disagrees: 2 (');
  const unplaced = await city.json('query', 'SELECT site_id, lat, lon FROM sites WHERE lat IS NULL');
  expect(unplaced).toEqual([{ site_id: '4266-1', lat: null, lon: null }]);
});

test('SCATS: the audit finds no difference, and says which hours are missing', async (context) => {
  const city = await melbourne(context);
  const audit = await city.run('audit');
  expect(audit.stderr).toContain('audit: 0 differences');
  expect(audit.code).toBe(0);
  // 140 detectors, 21 days; the file has 2,896 of the 2,940 days.
  expect(audit.stderr).toContain('70,560 expected = 69,504 observed + 1,056 missing');
});

test('SCATS: average daily traffic is that of the file’s own complete days', async (context) => {
  const city = await melbourne(context);
  const answer = await city.json<{ rows: Record<string, unknown>[] }>(
    'measure',
    'average-daily-traffic',
    ...week,
  );
  const file = await city.rows(`
    WITH days AS (
      SELECT key, wall::DATE AS day, sum(count) AS volume FROM (${fileRows(city)})
      WHERE wall >= DATE '2006-10-09' AND wall < DATE '2006-10-16' GROUP BY ALL)
    SELECT key, count(*)::INT AS days, avg(volume) AS adt FROM days GROUP BY ALL ORDER BY key`);
  expect(file.length).toBeGreaterThan(130);
  expect(answer.rows.map((r) => [r.site_id, r.complete_days, Math.round(r.adt_veh_day as number)])).toEqual(
    file.map((r) => [r.key, r.days, Math.round(r.adt as number)]),
  );
});

test('SCATS: the weekly report speaks of daily traffic and peak hours, not of speeds', async (context) => {
  const city = await melbourne(context);
  const report = await city.run('report', 'weekly', ...week);
  expect(report.code).toBe(0);
  const html = readFileSync(report.stdout.trim(), 'utf8');
  expect(html.includes('class="failed"')).toBe(false);
  expect(/average daily traffic/i.test(html)).toBe(true);
  expect(/busiest hour|peak hours/i.test(html)).toBe(true);
  const speeds = await city.run('measure', 'slowest-sites', ...week);
  expect(speeds).toMatchObject({ code: 1, stdout: '' });
  expect(speeds.stderr).toContain('not computable: no speed');
});
