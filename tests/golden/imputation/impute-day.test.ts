import { expect, test } from 'vitest';
import { imputeDay } from '#analytics/imputation/impute-day.ts';
import { judgedLake } from '../health/judged-lake.ts';
import { type LakeWindow, series } from '../measures/small-lake.ts';

const DATE = '2026-03-11';
const before = (days: number) => new Date(Date.parse(DATE) - days * 86_400_000).toISOString().slice(0, 10);

/** Vehicles of station a in five minutes; b counts 10 more than twice as many. */
const a = (i: number, day: number) => 40 + ((i * 29 + day * 17) % 23);
const b = (i: number, day: number) => 10 + 2 * a(i, day);
const days = [7, 6, 5, 4, 3, 2, 1, 0];

/** Eight days of both; on the last, b misses rows 100 to 119, and a rows 110 to 119 too. */
const windows: LakeWindow[] = days.flatMap((back) => [
  ...series(
    `${before(back)}T00:00:00Z`,
    Array.from({ length: 288 }, (_, i) => ({ site: 'a', lane: 1, count: a(i, back) })),
  ).filter((_, i) => back > 0 || i < 110 || i >= 120),
  ...series(
    `${before(back)}T00:00:00Z`,
    Array.from({ length: 288 }, (_, i) => ({ site: 'b', lane: 1, count: b(i, back) })),
  ).filter((_, i) => back > 0 || i < 100 || i >= 120),
]);

const city = () => ({
  sites: [
    { site: 'a', lanes: 1, limit: 100, direction: 'north', lat: 51, lon: 0 },
    { site: 'b', lanes: 1, limit: 100, direction: 'north', lat: 51.01, lon: 0 },
  ],
  devices: ['a', 'b'].map((site) => ({ device: `d-${site}`, site, lanes: [1] })),
  windows,
});

const imputed = async (verdicts = "'healthy'") => {
  const judged = await judgedLake(city(), DATE, (db) =>
    db.run(`UPDATE sites SET road = 'F', link_id = site_id;
      INSERT INTO detector_days
      SELECT DATE '${DATE}' - d::INTEGER, 'd-' || site, site, '', 1, ${verdicts}, '', NULL, 86400, 1, 15000
      FROM range(1, 8) t(d), (VALUES ('a'), ('b')) s(site)`),
  );
  await imputeDay(judged.db);
  return judged.rows(`SELECT d.device_id, (v.start_s - epoch(TIMESTAMPTZ '${DATE} 00:00:00+00')) / 300 AS i, v.value, v.method, v.donors
    FROM impute_values v JOIN impute_detectors d USING (detector) WHERE field = 'flow_veh_h' ORDER BY 1, 2`);
};

let usual: ReturnType<typeof imputed> | undefined;
const afterGoodDays = () => (usual ??= imputed());

test('a missing value is what the neighbour says by their line over good days: b = 2 a + 120 veh/h, with the donor named', async () => {
  const rows = await afterGoodDays();
  const ofB = rows.filter((r) => r.device_id === 'd-b');
  expect(ofB.map((r) => r.i)).toEqual(Array.from({ length: 20 }, (_, n) => 100 + n));
  for (const r of ofB.slice(0, 10)) {
    expect(r).toMatchObject({ method: 'local', donors: ['d-a lane 1'] });
    expect(r.value).toBeCloseTo(12 * b(r.i as number, 0), 3);
  }
});

test('where the neighbours are silent too, it is the mean of its own past at that time, and says so', async () => {
  const rows = await afterGoodDays();
  // A Wednesday; of the seven days before, five are working days: 10, 9, 6, 5 and 4 March, of which one is a Wednesday.
  const own = [1, 2, 5, 6, 7];
  for (const r of rows.filter((row) => (row.i as number) >= 110)) {
    const of = r.device_id === 'd-a' ? a : b;
    const mean = own.reduce((sum, back) => sum + 12 * of(r.i as number, back), 0) / own.length;
    expect(r).toMatchObject({ method: 'own-time-of-week', donors: [] });
    expect(r.value).toBeCloseTo(mean, 3);
  }
});

test('what was observed and is good is never imputed; without any good day before, the region answers', async () => {
  expect(await afterGoodDays()).toHaveLength(30);
  const without = await imputed("'bad'");
  expect(new Set(without.map((r) => r.method))).toEqual(new Set(['regional-median', 'none']));
  const r = without.find((row) => row.device_id === 'd-b' && row.i === 100);
  expect(r).toMatchObject({ method: 'regional-median', value: 12 * a(100, 0), donors: ['d-a lane 1'] });
});
