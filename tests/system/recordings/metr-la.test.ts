import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ledgerOf, replayedCity } from './replayed-city.ts';

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
  const { ok, checks } = JSON.parse(audit.stdout) as {
    ok: boolean;
    checks: { name: string; examined: number; differences: number }[];
  };
  expect({ ok, different: checks.filter((c) => c.differences > 0) }).toEqual({ ok: true, different: [] });
  expect(checks.find((c) => c.name === 'windows')?.examined).toBe(417_312);
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
