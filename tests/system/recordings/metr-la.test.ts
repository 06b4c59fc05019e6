import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { ledgerOf, type ReplayedCity, replayedCity } from './replayed-city.ts';

const losAngeles = replayedCity({ path: 'road/metr-la-week', format: 'metr-la' });
const week = ['--from', '2012-03-01', '--to', '2012-03-08'];

test('METR-LA: all 417,312 readings of the week are admitted', async (context) => {
  const city = await losAngeles(context);
  expect(city.replay).toMatchObject({ code: 0, stdout: '' });
  expect(city.replay.stderr).toContain('417,312 received = 417,312 counted + 0 duplicate');
  expect(await ledgerOf(city)).toEqual({ counted: 417_312 });
});

test('METR-LA: each speed of the file stands in the window of its sensor and local time', async (context) => {
  const city = await losAngeles(context);
  const [found] = await city.rows(`
    WITH file AS (
      SELECT sensor_id, ts_local AT TIME ZONE 'America/Los_Angeles' AS start_at, speed_mph::DOUBLE * 1.609344 AS speed_kmh
      FROM '${join(city.recorded, 'metr_la_week.parquet')}')
    SELECT count(*)::INT AS rows, count(*) FILTER (abs(speed_milli_s / speed_s / 1000 - speed_kmh) <= 0.0005000001)::INT AS same,
      count(*) FILTER (observed_s = 300 AND count IS NULL AND site_id = sensor_id)::INT AS speed_only
    FROM file FULL JOIN windows ON device_id = sensor_id AND windows.start_at = file.start_at`);
  expect(found).toEqual({ rows: 417_312, same: 417_312, speed_only: 417_312 });
});

test('METR-LA: the audit finds no difference', async (context) => {
  const city = await losAngeles(context);
  const audit = await city.run('audit', '--format', 'json');
  expect(audit.stderr).toContain('audit: 0 differences');
  expect(audit.code).toBe(0);
  const { checks, promisedHours, ...sound } = JSON.parse(audit.stdout) as AuditResult;
  expect(checks.map((c) => [c.name, c.examined, c.differences])).toEqual([
    ['archive-segments', 34_983, 0],
    ['archive-checksums', 34_983, 0],
    ['payload-readings', 417_312, 0],
    ['clock', 417_312, 0],
    ['identity', 417_312, 0],
    ['windows', 417_312, 0],
    ['ledger', 34_776, 0],
    ['ledger-sum', 34_776, 0],
    ['hourly', 34_776, 0],
  ]);
  expect(sound).toMatchObject({ ok: true, auditable: true, openWindows: 0 });
  const missingS = promisedHours.reduce((sum, h) => sum + h.missingS, 0);
  const expectedS = promisedHours.reduce((sum, h) => sum + h.expectedS, 0);
  expect({ expectedS, missingS }).toEqual({ expectedS: 207 * 7 * 86_400, missingS: 0 });
});

test('METR-LA: the weekly report renders whole, prints its ledger sum and names the slowest site', async (context) => {
  const city = await losAngeles(context);
  const report = await city.run('report', 'weekly', ...week);
  expect(report).toMatchObject({ code: 0, stderr: 'How the city moved\n' });
  const html = readFileSync(report.stdout.trim(), 'utf8');
  expect(html.includes('class="failed"')).toBe(false);
  expect(html.includes('417,312')).toBe(true);
  const slowest = await city.json<{ rows: { site_id: string }[] }>('measure', 'slowest-sites', ...week);
  expect(html.includes(slowest.rows[0]!.site_id)).toBe(true);
});

test('METR-LA: what speeds alone can not answer is said, with exit code 1', async (context) => {
  const city = await losAngeles(context);
  const answer = await city.run('measure', 'vkt', ...week);
  expect(answer).toMatchObject({ code: 1, stdout: '' });
  expect(answer.stderr).toContain('not computable: no flow');
});

test('METR-LA: mean speed by hour of the week is that of the file', async (context) => {
  const city = await losAngeles(context);
  const answer = await city.json<{ rows: Record<string, unknown>[] }>(
    'measure',
    'speed-by-hour-of-week',
    ...week,
    '--site',
    '716339',
  );
  const file = await city.rows(`
    SELECT 24 * (isodow(ts_local) - 1) + hour(ts_local) AS hour_of_week, avg(speed_mph::DOUBLE * 1.609344) AS speed_kmh
    FROM '${join(city.recorded, 'metr_la_week.parquet')}' WHERE sensor_id = '716339' GROUP BY 1 ORDER BY 1`);
  expect(file).toHaveLength(168);
  expect(answer.rows).toHaveLength(168);
  const found = new Map(answer.rows.map((row) => [row.hour_of_week, row.speed_kmh as number]));
  for (const { hour_of_week, speed_kmh } of file) {
    expect(found.get(Number(hour_of_week))).toBeCloseTo(Number(speed_kmh), 3);
  }
});

interface Written {
  corridor: string;
  site: string;
  from: string;
  to: string;
}

/** docs/bottlenecks-metr-la.md was committed before the detector was written. */
function writtenDown(): Written[] {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/bottlenecks-metr-la.md'), 'utf8');
  const corridorIds: Record<string, string> = {
    'SR-134 E, Burbank Glendale': 'sr134-e-burbank-glendale',
    'SR-2 S': 'sr2-s',
    'US-101 N, Cahuenga Sherman Oaks': 'us101-n-cahuenga-sherman-oaks',
    'I-5 N': 'i5-n',
    'US-101 S, Hollywood Downtown': 'us101-s-hollywood-downtown',
  };
  return [
    ...page.matchAll(/^\| \d \| (.+?) \| .+? \| (\d+) .+? \| .+? \| (\d\d:\d\d) to (\d\d:\d\d) \|$/gm),
  ].map(([, name, site, from, to]) => ({ corridor: corridorIds[name!]!, site: site!, from: from!, to: to! }));
}

const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

test('at least four of the five bottlenecks written down beforehand are found', async (context) => {
  const city = await losAngeles(context);
  const places = writtenDown();
  expect(places).toHaveLength(5);
  const { rows: ranked } = await city.json<{ rows: Record<string, unknown>[] }>(
    'measure',
    'bottlenecks',
    '--set',
    'top=100',
    ...week,
  );
  const { rows: episodes } = await city.json<{ rows: Record<string, unknown>[] }>(
    'measure',
    'bottleneck-episodes',
    ...week,
  );
  const stops = await city.rows('SELECT corridor_id, site_id, position FROM corridors');
  const place = (corridor: unknown, site: unknown) =>
    Number(stops.find((s) => s.corridor_id === corridor && s.site_id === site)?.position ?? Number.NaN);
  const found = places.filter(({ corridor, site, from, to }) => {
    const near = (row: Record<string, unknown>) =>
      row.corridor_id === corridor &&
      Math.abs(place(corridor, row.upstream_site) - place(corridor, site)) <= 1;
    const days = new Map<unknown, number>();
    for (const e of episodes.filter(near)) {
      const start = Math.max(minutes(e.from_time as string), minutes(from));
      const end = Math.min(minutes(e.to_time as string), minutes(to));
      days.set(e.date, (days.get(e.date) ?? 0) + Math.max(0, end - start));
    }
    const active = [...days.values()].filter((overlap) => overlap >= 30).length;
    return ranked.some(near) && active >= 2;
  });
  expect(found.length).toBeGreaterThanOrEqual(4);
});

test('a detector that is slow beside free neighbours is named', async (context) => {
  const city = await losAngeles(context);
  const { rows } = await city.json<{ rows: Record<string, unknown>[] }>('measure', 'slow-outliers', ...week);
  expect(rows.map((row) => row.site_id)).toContain('772167');
});

// The last test of this city: it is not what it was afterwards.
test('METR-LA: one altered figure or byte is named by the audit', async (context) => {
  const city = await losAngeles(context);
  await rewrite(
    firstFile(city, 'windows'),
    `* REPLACE (CASE WHEN device_id = '773023' AND start_at = '2012-03-01 20:00:00Z'
      THEN speed_milli_s + 1 ELSE speed_milli_s END AS speed_milli_s)`,
  );
  await rewrite(
    firstFile(city, 'archive'),
    `* REPLACE (CASE WHEN position = 100
      THEN encode(replace(decode(payload), '"periodS":300', '"periodS":301')) ELSE payload END AS payload)`,
  );
  const audit = await city.run('audit', '--format', 'json');
  expect(audit.code).toBe(1);
  const altered = JSON.parse(audit.stdout) as AuditResult;
  expect(altered.ok).toBe(false);
  expect(altered.checks.filter((c) => c.differences > 0).map((c) => [c.name, c.differences])).toEqual([
    ['archive-segments', 1],
    ['archive-checksums', 1],
    ['windows', 1],
    ['hourly', 1],
  ]);
  const windows = altered.checks.find((c) => c.name === 'windows')!;
  expect(windows.sample[0]).toMatchObject({
    thing: 'traffic-flow of 773023 at 773023 300 s from 2012-03-01 20:00:00+00',
    problem: 'speed_milli_s',
  });
  expect(Number(windows.sample[0]!.found) - Number(windows.sample[0]!.expected)).toBe(1);
});

/** The path of the first Parquet file of a table, by name. */
function firstFile(city: ReplayedCity, table: string): string {
  const directory = join(city.path, 'lake', table);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return join(directory, files.filter((f) => f.endsWith('.parquet')).sort()[0]!);
}

async function rewrite(path: string, columns: string): Promise<void> {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run(
    `SET TimeZone = 'UTC'; COPY (SELECT ${columns} FROM read_parquet('${path}', hive_partitioning = false)) TO '${path}.new' (FORMAT parquet)`,
  );
  db.closeSync();
  renameSync(`${path}.new`, path);
}
