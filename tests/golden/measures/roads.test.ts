import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getMeasure } from '#analytics/measures/measures.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { removeTemporaryFolders } from '../../unit/gtfs/small-feed.ts';
import { type Line, lineLake, type Seen } from './line-lake.ts';
import { fillWindows, series } from './small-lake.ts';

/**
 * The line A, B, C, D runs east along the equator, a kilometre from stop to stop. Under it: High Street from A to B, five metres
 * beside it; Long Road from B half-way to C; nothing from there on. Nearer than both, the way back, which runs west; and a street that
 * crosses at B.
 */
const links = `INSERT INTO links BY NAME SELECT *, TIMESTAMPTZ '1970-01-01 00:00:00Z' AS valid_from, TIMESTAMPTZ 'infinity' AS valid_to FROM (VALUES
  ('high', 'High Street', 'east', 1.0, '[[1.0, 0.00005], [1.008993, 0.00005]]'),
  ('long', 'Long Road', 'east', 0.5, '[[1.008993, 0], [1.01349, 0]]'),
  ('back', 'High Street', 'west', 3.0, '[[1.02698, 0.00002], [1.0, 0.00002]]'),
  ('cross', 'Cross Street', 'north', 0.4, '[[1.008993, -0.0018], [1.008993, 0.0018]]')) AS t(link_id, road, direction, length_km, line)`;

let line: Line;
beforeAll(async () => {
  line = await lineLake();
  await line.db.run(links);
});
afterAll(() => {
  line.db.closeSync();
  removeTemporaryFolders();
});

/** Six trips: three leave A at eight and take 200 s to B, with 30 on board where counted; three at nine take 100 s, with 10. */
const seen: Seen[] = [1, 2, 3, 4, 5, 6].flatMap((trip): Seen[] => {
  const at = trip <= 3 ? trip * 10 : 60 + trip;
  const toB = trip <= 3 ? 200 : 100;
  const load = trip === 3 ? undefined : trip < 3 ? 30 : 10;
  const counted = load === undefined ? {} : { load };
  return [
    { trip, stop: 'A', departure: at, ...counted },
    { trip, stop: 'B', arrival: at + toB / 60, departure: at + 4, ...counted },
    { trip, stop: 'C', arrival: at + 6, departure: at + 6.5 },
  ];
});

// Hourly medians from A to B are 200 and 100 s: their 15th percentile, the free run, is 115 s. At eight three runs lose 85 s
// each, two of them with 30 on board; at nine none does. One day stands for seven.
const lostVehH = (3 * 85 * 7) / 3_600;
const lostPassengerH = (2 * 85 * 30 * 7) / 3_600;

describe('transit on road links', () => {
  it('follows the nearest link that heads its way, and names the stretch that lies on none', async () => {
    // 150 samples of 20 m: 50 on High Street, 25 on Long Road and one within 25 m of its end.
    const [r] = await line.ask('road-match', seen);
    expect(r).toMatchObject({ route_id: 'r', links: 2, unmatched: '1480 m after Beta' });
    expect(r!.way_km).toBeCloseTo(3, 9);
    expect(r!.matched_km).toBeCloseTo(1.52, 9);
    expect(r!.matched_share).toBeCloseTo(76 / 150, 9);
  });

  it('link by link tells how far from it the way lies', async () => {
    const rows = await line.ask('road-match', seen, { by: 'link' });
    expect(rows.map((r) => [r.link_id, r.road])).toEqual([
      ['high', 'High Street'],
      ['long', 'Long Road'],
      [null, null],
    ]);
    expect(rows[0]!.mean_off_m).toBeCloseTo(0.00005 * 111_195, 1);
    expect(rows[0]!.way_km).toBeCloseTo(1, 9);
  });
});

describe('where congestion costs riders', () => {
  it('is seconds beyond the free run times passengers on board, with the road’s own delay beside it', async () => {
    await line.db.run(`DELETE FROM sites; INSERT INTO sites BY NAME SELECT 's' AS site_id, 'high' AS link_id, 1.0 AS length_km,
      TIMESTAMPTZ '1970-01-01 00:00:00Z' AS valid_from, TIMESTAMPTZ 'infinity' AS valid_to`);
    // An hour of 600 vehicles at 30 km/h where 60 is free: 600 * (1/30 - 1/60) = 10 vehicle-hours a day.
    const hour = (kmh: number, count: number) =>
      Array.from({ length: 12 }, () => ({ site: 's', speedKmh: kmh, count }));
    await fillWindows(line.db, [
      ...series('2024-05-13T02:00:00Z', hour(60, 5)),
      ...series('2024-05-13T08:00:00Z', hour(30, 50)),
    ]);
    const [high, ...others] = await line.ask('rider-delay', seen);
    await line.db.run('DELETE FROM windows; DELETE FROM sites');
    expect(high).toMatchObject({ link_id: 'high', road: 'High Street', direction: 'east', routes: 1, km: 1 });
    expect(high!.counted_share).toBeCloseTo(5 / 6, 9);
    expect(high!.lost_veh_h_week).toBeCloseTo(lostVehH, 6);
    expect(high!.lost_passenger_h_week).toBeCloseTo(lostPassengerH, 6);
    expect(high!.lost_s_km).toBeCloseTo((3 * 85) / 6, 1);
    expect(high!.veh_km_week).toBeCloseTo(6 * 7, 1);
    expect(high!.road_delay_veh_h_week).toBeCloseTo(70, 2);
    // B to C takes two minutes at all hours; half of it lies on no link.
    expect(others.map((r) => [r.link_id, r.lost_veh_h_week, r.road_delay_veh_h_week])).toEqual([
      ['long', 0, null],
      [null, 0, null],
    ]);
  });

  it('knows no passengers where nobody was counted', async () => {
    const uncounted = seen.map(({ load, ...visit }) => visit);
    const [high] = await line.ask('rider-delay', uncounted);
    expect(high).toMatchObject({ link_id: 'high', counted_share: 0, lost_passenger_h_week: null });
    expect(high!.lost_veh_h_week).toBeCloseTo(lostVehH, 6);
  });

  it('by hour is of the hour in which a run leaves its stop', async () => {
    const rows = await line.ask('rider-delay', seen, { by: 'hour' });
    const high = rows.filter((r) => r.link_id === 'high');
    expect(high.map((r) => r.hour).sort()).toEqual([8, 9]);
    expect(high.find((r) => r.hour === 8)!.lost_passenger_h_week).toBeCloseTo(lostPassengerH, 6);
    expect(high.find((r) => r.hour === 9)!.lost_passenger_h_week).toBe(0);
  });
});

it('a candidate for bus priority has its length, its hours and its riders', async () => {
  const [first, ...others] = await line.ask('bus-priority', seen, { hot_times: 1.2 });
  expect(others).toEqual([]);
  expect(first).toMatchObject({
    rank: 1,
    road: 'High Street',
    from_stop: 'A',
    to_stop: 'B',
    length_m: 1_000,
    hours: '08–09',
    routes: 1,
    links: 'high',
    road_delay_veh_h_week: null,
  });
  expect(first!.runs_week).toBeCloseTo(6 * 7, 1);
  expect(first!.riders_week).toBeCloseTo((2 * 30 + 3 * 10) * 7, 0);
  expect(first!.lost_s_run).toBeCloseTo((3 * 85) / 6, 1);
  expect(first!.lost_passenger_h_week).toBeCloseTo(lostPassengerH, 6);
  // Nothing is hot where nobody loses anything.
  expect(
    await line.ask(
      'bus-priority',
      seen.filter((v) => v.trip > 3),
    ),
  ).toEqual([]);
});

const period = { from_at: Date.parse('2024-05-13T00:00:00Z'), to_at: Date.parse('2024-05-14T00:00:00Z') };

it.each(['road-match', 'rider-delay', 'bus-priority'])(
  '%s answers with the columns its header promises, and not at all without links',
  async (name) => {
    await line.ask('dwell', seen);
    const result = await runMeasure(line.db, name, period);
    if (!result.computable) throw new Error(result.because);
    expect(result.columns.map((c) => c.name)).toEqual(getMeasure(name).columns.map((c) => c.name));
    expect(result.columns.map(({ type }) => type)).not.toContain('HUGEINT');
    await line.db.run('DELETE FROM links');
    const without = await runMeasure(line.db, name, period);
    await line.db.run(links);
    expect(without).toMatchObject({
      computable: false,
      because: 'no road link with a line (headway network import)',
    });
  },
);
