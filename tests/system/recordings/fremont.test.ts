import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ledgerOf, replayedCity } from './replayed-city.ts';

const map = resolve(import.meta.dirname, '../../../docs/examples/fremont-map.json');
/** The first half-year, 2 October 2012 to 31 March 2013: both clock changes, 4,344 rows. */
const seattle = replayedCity({
  path: 'bike/fremont-bridge-seattle/FremontHourly.csv',
  format: 'csv',
  options: ['--map', map],
  lines: 1 + 181 * 24,
});

test('Fremont Bridge: each cell is counted; what the clock change printed twice is restated', async (context) => {
  const city = await seattle(context);
  expect(city.replay).toMatchObject({ code: 0, stdout: '' });
  expect(city.replay.stderr).toContain('caveat: repeated-after-clock-change: 2');
  expect(city.replay.stderr).toContain('caveat: ambiguous-local-time: 2');
  // 4,344 rows of two cells, less both of 04:00 and of the first 03:00 on 10 March 2013, which the second restates.
  expect(await ledgerOf(city)).toEqual({ counted: 8_684, restated: 2 });
});

test('Fremont Bridge: days are as long as they were, and what was not printed is missing', async (context) => {
  const city = await seattle(context);
  const hours = async (from: string, to: string) => {
    const answer = await city.json<{ rows: Record<string, number>[] }>(
      'measure',
      'completeness',
      '--set',
      'by=day',
      '--from',
      from,
      '--to',
      to,
    );
    const [day] = answer.rows;
    return [day!.expected_s! / 3_600, day!.observed_s! / 3_600, day!.missing_s! / 3_600];
  };
  // Two directions each.
  expect(await hours('2012-11-04', '2012-11-05')).toEqual([50, 48, 2]);
  expect(await hours('2013-03-10', '2013-03-11')).toEqual([46, 44, 2]);
});

test('Fremont Bridge: the day clocks went forward sums to what was printed, the later 03:00 counting', async (context) => {
  const city = await seattle(context);
  const answer = await city.json<{ rows: Record<string, unknown>[] }>(
    'measure',
    'counts',
    '--set',
    'bin_minutes=1440',
    '--from',
    '2013-03-10',
    '--to',
    '2013-03-11',
  );
  // Northbound 9 10 (7) 2 1 5 8 14 25 21 22 40 49 39 48 56 30 31 7 7 5 9 7, without the 7 of the first 03:00;
  // southbound 2 8 (0) 2 1 1 10 20 38 67 43 60 56 65 45 66 38 27 10 8 7 16 4.
  expect(answer.rows.map((r) => [r.direction, r.count, r.count_s])).toEqual([
    ['NB', 445, 22 * 3_600],
    ['SB', 594, 22 * 3_600],
  ]);
});

test('Fremont Bridge: average daily traffic is the mean of the weekdays’ means of the file', async (context) => {
  const city = await seattle(context);
  const answer = await city.json<{ rows: Record<string, unknown>[] }>('measure', 'average-daily-traffic');
  const rows = await city.rows(`
    WITH printed AS (
      SELECT strptime("Date", '%m/%d/%Y %I:%M:%S %p') AS wall, row_number() OVER () AS row,
        "Fremont Bridge NB" AS nb, "Fremont Bridge SB" AS sb
      FROM read_csv('${city.recorded}', header = true, all_varchar = true)
    ), hours AS (
      SELECT wall, unnest([{d: 'NB', n: nb::INT, row: row}, {d: 'SB', n: sb::INT, row: row}], recursive := true) FROM printed
    ), counted AS (
      SELECT d, wall, arg_max(n, row) AS n FROM hours WHERE n IS NOT NULL GROUP BY ALL
    ), days AS (
      SELECT d, wall::DATE AS day, sum(n) AS bicycles, count(*) AS hours FROM counted GROUP BY ALL
    ), complete AS (
      -- The day clocks go forward has 23 hours, of which 22 are 95.7 %; of 25 hours 24 are 96 %.
      SELECT * FROM days WHERE hours >= 23 OR (day = DATE '2013-03-10' AND hours = 22)
    ), weekdays AS (SELECT d, isodow(day), avg(bicycles) AS mean FROM complete GROUP BY ALL)
    SELECT d AS direction, avg(mean) AS adt, (SELECT count(*)::INT FROM complete c WHERE c.d = w.d) AS days
    FROM weekdays w GROUP BY d ORDER BY d`);
  expect(rows).toHaveLength(2);
  const rounded = (adt: unknown) => Math.round(Number(adt) * 1_000) / 1_000;
  expect(answer.rows.map((r) => [r.direction, r.complete_days, rounded(r.adt_veh_day)])).toEqual(
    rows.map((r) => [r.direction, r.days, rounded(r.adt)]),
  );
});

test('Fremont Bridge: the audit finds no difference', async (context) => {
  const city = await seattle(context);
  const audit = await city.run('audit');
  expect(audit.stderr).toContain('audit: 0 differences');
  expect(audit.code).toBe(0);
});

test('Fremont Bridge: sent a second time all is duplicate, and no window is revised', async (context) => {
  const city = await seattle(context);
  const windows = 'SELECT * FROM windows ORDER BY direction, start_at';
  const before = await city.rows(windows);
  const again = await city.run('replay', 'csv', city.recorded, '--map', map);
  expect(again.code, again.stderr).toBe(0);
  expect(await ledgerOf(city)).toEqual({ counted: 8_684, restated: 2, duplicate: 8_686 });
  expect(JSON.stringify(await city.rows(windows)) === JSON.stringify(before)).toBe(true);
});
