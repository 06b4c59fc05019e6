import { expect, test } from 'vitest';
import { type LakeWindow, series } from '../measures/small-lake.ts';
import { judgedLake } from './judged-lake.ts';

const DATE = '2026-03-04';
const MIDNIGHT = `${DATE}T00:00:00Z`;

/** A day of a busy lane, five minutes by five minutes: it never says the same twice on end. */
const day = (
  site: string,
  change: (w: Omit<LakeWindow, 'at'>, i: number) => Partial<LakeWindow> | undefined,
) =>
  series(
    MIDNIGHT,
    Array.from({ length: 288 }, (_, i) => {
      const count = 60 + ((i * 7) % 13);
      // 6.6 m at 90 km/h cover the loop 0.264 s a vehicle.
      return { site, lane: 1, count, occupancy: (count * 0.264) / 300, speedKmh: 90 };
    }).map((w, i) => ({ ...w, ...change(w, i) })),
  ).filter((_, i) => change({}, i) !== undefined);

const healthy = () => ({});
const city = (sites: readonly string[], windows: readonly LakeWindow[]) => ({
  sites: sites.map((site) => ({ site, lanes: 1, limit: 100 })),
  devices: sites.map((site) => ({ device: `d-${site}`, site, lanes: [1] })),
  windows: [...windows],
});

test('each failure of the cause tree is named by its share of five-minute rows, and only from its limit on', async () => {
  const share = (percent: number, i: number) => (i * 100) / 288 < percent;
  const made: Record<string, [LakeWindow[], string]> = {
    healthy: [day('healthy', healthy), ''],
    // 60 % of 288 rows are 172.8: 172 are too few, 174 are enough to be no worse than losing.
    silent: [day('silent', (_, i) => (i < 172 ? {} : undefined)), 'silent'],
    gaps: [day('gaps', (_, i) => (i % 5 < 3 ? {} : undefined)), 'losing'],
    sparse: [day('sparse', (_, i) => (i % 2 === 0 ? {} : undefined)), 'incomplete'],
    'zero-58': [day('zero-58', (_, i) => (share(58, i) ? { occupancy: 0, count: 0 } : {})), ''],
    'zero-60': [day('zero-60', (_, i) => (share(60, i) ? { occupancy: 0, count: 0 } : {})), 'zero-occupancy'],
    'high-19': [
      day('high-19', (w, i) => (share(19, i) ? { occupancy: 0.71 + (w.count ?? 0) / 1e4 } : {})),
      '',
    ],
    'high-21': [
      day('high-21', (w, i) => (share(21, i) ? { occupancy: 0.71 + (w.count ?? 0) / 1e4 } : {})),
      'high-occupancy',
    ],
    covered: [day('covered', (_, i) => (share(3, i) ? { count: 0 } : {})), 'occupancy-without-flow'],
    uncovered: [day('uncovered', (_, i) => (share(51, i) ? { occupancy: 0 } : {})), 'flow-without-occupancy'],
    // Five hours of one value: 60 rows.
    stuck: [day('stuck', (_, i) => (i >= 100 && i < 160 ? { count: 66, occupancy: 0.05 } : {})), 'stuck'],
  };
  const sites = Object.keys(made);
  const { causes } = await judgedLake(
    city(
      sites,
      Object.values(made).flatMap(([w]) => w),
    ),
    DATE,
  );
  expect(causes).toEqual(Object.fromEntries(sites.map((s) => [`d-${s} 1`, made[s]![1]])));
});

test('an implied vehicle of 2.4 m or 26 m is a fault of units or wiring, one of 6.6 m is none', async () => {
  // g = v occ / q: 90 km/h at 720 veh/h and 0.0192 is 2.4 m, at 0.208 it is 26 m.
  const scaled = (site: string, by: number) =>
    day(site, (w) => ({ occupancy: ((w.count ?? 0) * 0.264 * by) / 300 }));
  const { causes, rows } = await judgedLake(
    city(
      ['short', 'right', 'long'],
      [...scaled('short', 2.4 / 6.6), ...scaled('right', 1), ...scaled('long', 26 / 6.6)],
    ),
    DATE,
  );
  expect(causes).toEqual({ 'd-short 1': 'wiring', 'd-right 1': '', 'd-long 1': 'wiring' });
  const lengths = await rows('SELECT implied_length_m FROM health_verdicts ORDER BY implied_length_m');
  expect(lengths.map((r) => Math.round(10 * (r.implied_length_m as number)) / 10)).toEqual([2.4, 6.6, 26]);
});

test('the Daily Statistics are scaled to 2,040 samples: of 1,020 readings a minute each counts twice', async () => {
  const { rows } = await judgedLake(city(['a'], day('a', healthy)), DATE, (db) =>
    // 1,020 minutes from 05:00: 100 without occupancy, 30 covered without a vehicle, 50 above 0.35; the rest evenly over
    // 420 values.
    db.run(`INSERT INTO readings
      SELECT 'd-a', moment + INTERVAL 70 second, moment, 'traffic-flow', 'counted', 60, NULL, 1,
        CASE WHEN i BETWEEN 100 AND 129 THEN 0 WHEN i < 100 THEN 0 ELSE 10 END, NULL,
        CASE WHEN i < 100 THEN 0 WHEN i < 130 THEN 0.1 WHEN i < 180 THEN 0.4 ELSE 0.11 + (i % 420) * 0.0005 + 0.0001 END
      FROM (SELECT i, TIMESTAMPTZ '${DATE} 05:00:00+00' + to_minutes(i) AS moment FROM range(1020) t(i))`),
  );
  const [d] = await rows('SELECT daily_samples, s1, s2, s3, s4 FROM health_verdicts');
  expect(d).toMatchObject({ daily_samples: 1_020, s1: 200, s2: 60, s3: 100 });
  // -sum p ln p of 100, 30 and 50 of a kind, and 840 of 420 kinds, two of each.
  const p = (n: number) => -(n / 1_020) * Math.log(n / 1_020);
  expect(d!.s4).toBeCloseTo(p(100) + p(30) + p(50) + 420 * p(2), 9);
});

test('a road on which nobody drives by night is healthy, with and without occupancy', async () => {
  const quiet = (site: string, occupancy: boolean) =>
    day(site, (_, i) => {
      const count = i < 60 || i >= 276 ? 0 : (i * 5) % 4;
      return {
        count,
        ...(occupancy ? { occupancy: (count * 0.3) / 300 } : {}),
        ...(count > 0 ? { speedKmh: 70 + (i % 5) } : {}),
      };
    }).map(({ occupancy: covered, ...w }) => (occupancy ? { ...w, occupancy: covered! } : w));
  const { causes } = await judgedLake(
    { ...city(['loop', 'radar'], [...quiet('loop', true), ...quiet('radar', false)]) },
    DATE,
  );
  expect(causes).toEqual({ 'd-loop 1': '', 'd-radar 1': '' });
});

/** Stations of one freeway, a kilometre apart, all three between the same ramps. */
const freeway = (counts: Record<string, (i: number) => number>) => ({
  sites: Object.keys(counts).map((site, n) => ({
    site,
    lanes: 1,
    limit: 100,
    direction: 'north',
    lat: 51 + n * 0.009,
    lon: 0,
  })),
  devices: Object.keys(counts).map((site) => ({ device: `d-${site}`, site, lanes: [1] })),
  windows: Object.entries(counts).flatMap(([site, of]) =>
    day(site, (_, i) => ({ count: of(i), occupancy: (of(i) * 0.264) / 300 })),
  ),
});
const flow = (i: number) => 100 + ((i * 37) % 41);

test('of three stations between the same ramps, the one that counts 85 for every 100 of the others undercounts by 15 %', async () => {
  const { causes, rows } = await judgedLake(
    freeway({ a: flow, b: (i) => Math.round(0.85 * flow(i)), c: flow }),
    DATE,
    (db) => db.run("UPDATE sites SET road = 'F', link_id = 'F-1'"),
  );
  expect(causes).toEqual({ 'd-a 1': '', 'd-b 1': 'undercount', 'd-c 1': '' });
  const [b] = await rows("SELECT balance_link FROM health_verdicts WHERE device_id = 'd-b'");
  expect(Math.exp(b!.balance_link as number)).toBeCloseTo(0.85, 2);
});

test('across ramps a station is measured by its own usual ratio to its neighbours, over three good days at least', async () => {
  const lake = () =>
    freeway({ a: flow, b: (i) => Math.round(0.85 * flow(i)), c: (i) => Math.round(1.1 * flow(i)) });
  const usual = (days: number) =>
    judgedLake(lake(), DATE, (db) =>
      db.run(`UPDATE sites SET road = 'F', link_id = site_id;
        INSERT INTO detector_days
        SELECT DATE '${DATE}' - d::INTEGER, 'd-' || site, site, '', 1, 'healthy', '', NULL, 86400, 1, 34000 * f
        FROM range(1, ${days} + 1) t(d), (VALUES ('a', 1), ('b', 1), ('c', 1.1)) s(site, f)`),
    );
  expect((await usual(3)).causes).toEqual({ 'd-a 1': '', 'd-b 1': 'undercount', 'd-c 1': '' });
  expect((await usual(2)).causes).toEqual({ 'd-a 1': '', 'd-b 1': '', 'd-c 1': '' });
});
