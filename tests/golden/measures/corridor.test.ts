import { describe, expect, it } from 'vitest';
import { rowsFrom } from './ask.ts';
import { type LakeWindow, series } from './small-lake.ts';

/** Two sites 8 km apart: stretches of 4 km each. */
const corridors = {
  main: [
    ['a', 0],
    ['b', 8],
  ] as [string, number][],
};
const lake = (windows: LakeWindow[]) => ({ corridors, sites: [{ site: 'a' }, { site: 'b' }], windows });
const speeds = (site: string, start: string, each: number[]) =>
  series(
    start,
    each.map((speedKmh) => ({ site, speedKmh })),
  );

describe('corridor travel time', () => {
  it('is walked: the second stretch is driven at the speed of the step in which it is entered', async () => {
    // Leaving at 08:00: 4 km at 30 km/h = 8 min, so b is entered at 08:08, in the step of 08:05, at 40 km/h: 6 min.
    // Walked 14 min. At once: 4 km at 30 = 8 min and 4 km at 80 = 3 min: 11 min, which no vehicle drove.
    const windows = [
      ...speeds('a', '2024-05-13T08:00:00Z', [30]),
      ...speeds('b', '2024-05-13T08:00:00Z', [80, 40, 10]),
    ];
    const [row] = await rowsFrom(lake(windows), 'corridor-travel-time', {
      from: '2024-05-13T08:00:00Z',
      to: '2024-05-13T08:05:00Z',
      corridor_id: 'main',
      bin_minutes: 5,
    });
    expect(row).toMatchObject({
      time_of_day: '08:00',
      days: 1,
      mean_min: 14,
      instantaneous_mean_min: 11,
      departures: 1,
      incomplete_departures: 0,
      length_km: 8,
    });
    expect(row!.mean_speed_kmh).toBeCloseTo(8 / (14 / 60), 9);
  });

  it('enters a stretch in the new step when it gets there on the minute', async () => {
    // 4 km at 48 km/h = exactly 5 min: b is entered at 08:05:00, at 60 km/h: 4 min; 9 min together.
    const windows = [
      ...speeds('a', '2024-05-13T08:00:00Z', [48]),
      ...speeds('b', '2024-05-13T08:00:00Z', [120, 60]),
    ];
    const [row] = await rowsFrom(lake(windows), 'corridor-travel-time', {
      from: '2024-05-13T08:00:00Z',
      to: '2024-05-13T08:05:00Z',
      corridor_id: 'main',
    });
    expect(row).toMatchObject({ mean_min: 9 });
  });

  it('has percentiles over days of the walked time, which are not sums of the stretches percentiles', async () => {
    // Monday a takes 8 min and b 4; Tuesday a 4 and b 8; so on to Friday: every day 12 min.
    // The 85th percentiles of the stretches, 8 and 8, would add up to 16.
    const windows = ['13', '14', '15', '16', '17'].flatMap((date, i) => [
      ...speeds(
        'a',
        `2024-05-${date}T08:00:00Z`,
        Array.from({ length: 12 }, () => (i % 2 ? 60 : 30)),
      ),
      ...speeds(
        'b',
        `2024-05-${date}T08:00:00Z`,
        Array.from({ length: 12 }, () => (i % 2 ? 30 : 60)),
      ),
    ]);
    const rows = await rowsFrom(lake(windows), 'corridor-travel-time', {
      from: '2024-05-13T00:00:00Z',
      to: '2024-05-18T00:00:00Z',
      corridor_id: 'main',
      bin_minutes: 15,
    });
    expect(rows[0]).toMatchObject({
      time_of_day: '08:00',
      days: 5,
      p50_min: 12,
      p85_min: 12,
      p95_min: 12,
      departures: 15,
    });
  });

  it('interpolates percentiles between the days there are', async () => {
    // Travel times of 10, 20, 30, 40, 50 min: 8 km at 48, 24, 16, 12 and 9.6 km/h.
    // p50 = 30; p85 at 0.85 x 4 = 3.4 steps: 40 + 0.4 x 10 = 44; p95 at 3.8: 48.
    const windows = ['13', '14', '15', '16', '17'].flatMap((date, i) =>
      ['a', 'b'].flatMap((site) =>
        speeds(
          site,
          `2024-05-${date}T08:00:00Z`,
          Array.from({ length: 12 }, () => 480 / ((i + 1) * 10)),
        ),
      ),
    );
    const rows = await rowsFrom(lake(windows), 'corridor-travel-time', {
      from: '2024-05-13T00:00:00Z',
      to: '2024-05-18T00:00:00Z',
      corridor_id: 'main',
    });
    expect(rows[0]!.p50_min).toBeCloseTo(30, 6);
    expect(rows[0]!.p85_min).toBeCloseTo(44, 6);
    expect(rows[0]!.p95_min).toBeCloseTo(48, 6);
    expect(rows[0]!.mean_min).toBeCloseTo(30, 6);
  });

  it('gives no time for a walk that meets a stretch without a speed, and counts it', async () => {
    const windows = [
      ...speeds('a', '2024-05-13T08:00:00Z', [60, 60, 60]),
      ...speeds('b', '2024-05-13T08:00:00Z', [60]),
    ];
    const [row] = await rowsFrom(lake(windows), 'corridor-travel-time', {
      from: '2024-05-13T08:00:00Z',
      to: '2024-05-13T09:00:00Z',
      corridor_id: 'main',
    });
    // 4 min at a, so only the departure of 08:00 meets b's one speed.
    expect(row).toMatchObject({ departures: 1, incomplete_departures: 2, mean_min: 8 });
  });

  it('floors speeds at 5 km/h, counts them, and reads on past the end of the period', async () => {
    // 4 km at 2 km/h count as 5: 48 min; then b at 60: 4 min.
    const windows = [
      ...speeds('a', '2024-05-13T08:00:00Z', [2]),
      ...speeds('b', '2024-05-13T08:45:00Z', [60]),
    ];
    const [row] = await rowsFrom(lake(windows), 'corridor-travel-time', {
      from: '2024-05-13T08:00:00Z',
      to: '2024-05-13T09:00:00Z',
      corridor_id: 'main',
    });
    expect(row).toMatchObject({ mean_min: 52, floored_speeds: 1 });
  });

  it('drives a direction of its own where a site measures both', async () => {
    const sites = [{ site: 'a', direction: 'N' }, { site: 'b' }];
    const windows = [
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', direction: 'N', speedKmh: 60 }]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', direction: 'S', speedKmh: 10 }]),
      ...speeds('b', '2024-05-13T08:00:00Z', [60]),
    ];
    const [row] = await rowsFrom({ corridors, sites, windows }, 'corridor-travel-time', {
      from: '2024-05-13T08:00:00Z',
      to: '2024-05-13T08:05:00Z',
      corridor_id: 'main',
    });
    expect(row).toMatchObject({ mean_min: 8 });
  });
});

describe('corridor speed map', () => {
  const asked = { from: '2024-05-13T00:00:00Z', to: '2024-05-15T00:00:00Z', corridor_id: 'main' };

  it('has a cell for each stretch and bin with a speed, and none where there is none', async () => {
    const windows = [
      ...speeds('a', '2024-05-13T08:00:00Z', [60, 30]),
      ...speeds('b', '2024-05-13T08:05:00Z', [40]),
    ];
    const rows = await rowsFrom(lake(windows), 'corridor-speed-map', asked);
    expect(rows.map((r) => [r.time_of_day, r.position, r.from_km, r.to_km, r.speed_kmh])).toEqual([
      ['08:00', 1, 0, 4, 60],
      ['08:05', 1, 0, 4, 30],
      ['08:05', 2, 4, 8, 40],
    ]);
    expect(rows[0]).toMatchObject({
      start_at: '2024-05-13T08:00:00Z',
      date: '2024-05-13',
      speed_basis: 'time',
    });
  });

  it('merges steps and days harmonically by vehicles', async () => {
    // 30 vehicles at 30 and 30 at 60 km/h: 40.
    const windows = [
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', count: 30, speedKmh: 30 }]),
      ...series('2024-05-14T08:00:00Z', [{ site: 'a', count: 30, speedKmh: 60 }]),
    ];
    const rows = await rowsFrom(lake(windows), 'corridor-speed-map', {
      ...asked,
      by: 'time-of-day',
      bin_minutes: 15,
    });
    expect(rows).toMatchObject([
      { time_of_day: '08:00', date: null, speed_kmh: 40, speed_basis: 'vehicles', steps: 2 },
    ]);
  });

  it('lets a window of fifteen minutes stand in the three steps it covers', async () => {
    const windows = series('2024-05-13T08:00:00Z', [{ site: 'a', count: 30, speedKmh: 30 }], 900);
    const rows = await rowsFrom(lake(windows), 'corridor-speed-map', asked);
    expect(rows.map((r) => [r.time_of_day, r.speed_kmh])).toEqual([
      ['08:00', 30],
      ['08:05', 30],
      ['08:10', 30],
    ]);
  });
});
