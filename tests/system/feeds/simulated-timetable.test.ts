import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { smallFeed } from '../../unit/gtfs/small-feed.ts';
import { threeRoutes } from '../../unit/gtfs/three-routes.ts';
import { headway, headwayJson } from '../cli/headway.ts';

const directory = mkdtempSync(join(tmpdir(), 'headway-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const date = '2024-05-13';

type Row = Record<string, unknown>;

/** A city with the timetable, and a day of it driven: what the command said, and the truth it wrote. */
async function driven(name: string, feed: Record<string, string | Buffer | undefined>) {
  const data = join(directory, name);
  const [files, out] = [join(directory, `${name}-gtfs`), join(directory, `${name}-day`)];
  mkdirSync(files);
  for (const [file, text] of Object.entries(feed)) {
    if (text !== undefined) writeFileSync(join(files, `${file}.txt`), text);
  }
  expect((await headway(data, 'gtfs', 'import', files)).code).toBe(0);
  const asked = ['--date', date, '--as', 'ndjson', '--every', '20', '--out', out];
  const { code, stderr } = await headway(data, 'gtfs', 'simulate', ...asked);
  expect(code).toBe(0);
  const truth: Row[] = readFileSync(join(out, 'transit-truth.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { data, out, stderr, of: (kind: string) => truth.filter((t) => t.truth === kind) };
}

describe('a day of an imported timetable, replayed and measured', () => {
  let day: Awaited<ReturnType<typeof driven>>;
  const plant = (name: string) => day.of('plant').filter((p) => p.plant === name);
  const ask = async (measure: string, ...set: string[]) => {
    const asked = ['--from', date, '--to', '2024-05-14', ...set.flatMap((s) => ['--set', s])];
    return (await headwayJson<{ rows: Row[] }>(day.data, 'measure', measure, ...asked)).rows;
  };

  beforeAll(async () => {
    day = await driven('three', threeRoutes);
    // Beside the truth, which is NDJSON too.
    const recording = join(day.out, `${date}.ndjson`);
    const replayed = await headway(day.data, 'replay', 'ndjson', recording, '--timezone', 'Europe/Berlin');
    expect(replayed.code).toBe(0);
    expect((await headway(day.data, 'gtfs', 'match')).code).toBe(0);
  });

  test('what the night added up of the feed is what its readings say', async () => {
    const summed = await ask('feed-quality');
    expect(summed.find((r) => r.rule === 'stale-vehicle')?.looked_at).toBeGreaterThan(1_000);
    // Another limit is answered from readings. No silence lies between the two.
    expect(await ask('feed-quality', 'silent_feed_s=300.001')).toEqual(summed);
    const [{ dates }] = (await headwayJson<Row[]>(
      day.data,
      'query',
      `SELECT list_contains(getvariable('feed_summed_dates')::DATE[], DATE '${date}') AS dates`,
    )) as [Row];
    expect(dates).toBe(true);
  });

  test('the command says what it planted', () => {
    expect(day.stderr).toContain('planted bunched: routeId F, directionId 0, stopId F1');
    expect(day.stderr).toContain('planted slow-zone: routeId S');
    expect(day.stderr).not.toContain('not planted');
  });

  test('the route that the truth says is bunched has its excess wait and its share of bunched headways', async () => {
    const bunched = plant('bunched');
    expect(bunched).toHaveLength(2);
    const set = [`route=${bunched[0]!.routeId}`, 'by=route'];
    const [waits, shares] = [await ask('excess-wait', ...set), await ask('bunching', ...set)];
    for (const { directionId, excessWaitMin, bunchedShare } of bunched as Record<string, number>[]) {
      const of = (rows: Row[]) => rows.find((r) => r.direction_id === directionId)!;
      expect(Math.abs((of(waits).ewt_min as number) - excessWaitMin!)).toBeLessThan(0.25);
      expect(Math.abs((of(shares).bunched_share as number) - bunchedShare!)).toBeLessThan(0.03);
    }
  });

  test('the punctual one is on time', async () => {
    for (const row of await ask('on-time-performance', `route=${plant('punctual')[0]!.routeId}`))
      expect(row.on_time_share).toBeGreaterThan(0.99);
  });

  test('the slow zone is between the stops that the truth names, and costs what it says', async () => {
    const [zone] = plant('slow-zone');
    const [{ costS }] = day.of('slow-zone') as [Record<string, number>];
    const set = `route=${zone!.routeId}`;
    const [worst] = (await ask('segment-speeds', set)).sort((x, y) => Number(y.lost_s) - Number(x.lost_s));
    const where = { direction_id: zone!.directionId, from_stop: zone!.fromStop, to_stop: zone!.toStop };
    expect(worst).toMatchObject(where);
    const hours = (await ask('segment-speeds', set, 'hours=each')).filter((r) =>
      Object.entries(where).every(([column, value]) => r[column] === value),
    );
    const meanS = (from: number, to: number) => {
      const asked = hours.filter((r) => Number(r.hour) >= from && Number(r.hour) < to);
      const seconds = asked.map((r) => (3_600 * Number(r.km)) / Number(r.median_kmh));
      return seconds.reduce((sum, s) => sum + s, 0) / seconds.length;
    };
    expect(Math.abs(meanS(8, 18) - meanS(19, 22) - costS!)).toBeLessThan(12);
  });

  test('trips called off and trips that nobody heard of are those of the truth, route by route', async () => {
    for (const row of await ask('service-delivered')) {
      const fate = (wanted: string) =>
        day.of('trip').filter((t) => t.routeId === row.route_id && t.fate === wanted).length;
      expect(row).toMatchObject({
        trips_seen: fate('run'),
        trips_canceled: fate('canceled'),
        trips_unobserved: fate('unobserved'),
        trips_cut_short: 0,
      });
    }
  });

  test('99 % of the true visits are found, and none is invented', async () => {
    const ran = new Set(
      day
        .of('trip')
        .filter((t) => t.fate === 'run')
        .map((t) => t.tripId),
    );
    const truly = new Set(
      day
        .of('visit')
        .filter((v) => ran.has(v.tripId))
        .map((v) => `${v.tripId}/${v.position}`),
    );
    const seen = (
      await headwayJson(day.data, 'query', "SELECT trip_id || '/' || position AS key FROM stop_visits")
    ).map((r) => r.key as string);
    expect(seen.filter((key) => !truly.has(key))).toEqual([]);
    expect(seen.length / truly.size).toBeGreaterThan(0.99);
  });

  test('boardings are counted 5 % short', async () => {
    const rows = await ask('ridership', 'by=route');
    const sum = (column: string) => rows.reduce((n, r) => n + Number(r[column]), 0);
    expect(Math.abs(sum('boardings') / sum('alightings') - 0.95)).toBeLessThan(0.01);
  });
});

test('what a timetable can not bear is said, and stands in the truth with its reason', async () => {
  const { stderr, of } = await driven('small', smallFeed);
  for (const { plant, reason } of of('plant-left-out'))
    expect(stderr).toContain(`not planted, ${plant}: ${reason}`);
  expect(of('plant-left-out').map((l) => l.plant)).toEqual([
    'bunched',
    'slow-zone',
    'canceled',
    'unobserved',
  ]);
});
