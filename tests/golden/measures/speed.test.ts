import { describe, expect, it } from 'vitest';
import { monday, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

describe('speed by hour of the week', () => {
  it('weights by vehicles and takes the harmonic mean, not the arithmetic one', async () => {
    // 30 vehicles at 30 km/h and 30 at 60 km/h over one kilometre each: 60 km in 1 h + 0.5 h = 40 km/h, not 45.
    const windows = series('2024-05-13T08:00:00Z', [
      { count: 30, speedKmh: 30 },
      { count: 30, speedKmh: 60 },
    ]);
    const rows = await rowsFrom({ windows }, 'speed-by-hour-of-week', monday);
    expect(rows).toMatchObject([
      { day: 'Mon', hour: 8, hour_of_week: 8, speed_kmh: 40, speed_basis: 'vehicles', days: 1, sites: 1 },
    ]);
  });

  it('averages speeds without counts over time, and says so', async () => {
    // 300 s at 30 km/h and 100 s at 70 km/h: (300*30 + 100*70) / 400 = 40.
    const windows = series('2024-05-13T08:00:00Z', [{ speedKmh: 30 }, { speedKmh: 70, observedS: 100 }]);
    const rows = await rowsFrom({ windows }, 'speed-by-hour-of-week', monday);
    expect(rows).toMatchObject([{ speed_kmh: 40, speed_basis: 'time' }]);
  });

  it('never mixes the two: sites without counts are left out by number where others have them', async () => {
    const windows = [
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', count: 10, speedKmh: 50 }]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'b', speedKmh: 90 }]),
    ];
    const rows = await rowsFrom({ windows }, 'speed-by-hour-of-week', monday);
    expect(rows).toMatchObject([{ speed_kmh: 50, speed_basis: 'vehicles', sites: 1, sites_left_out: 1 }]);
    const each = await rowsFrom({ windows }, 'speed-by-hour-of-week', { ...monday, by: 'site' });
    expect(each).toMatchObject([
      { site_id: 'a', speed_kmh: 50, speed_basis: 'vehicles' },
      { site_id: 'b', speed_kmh: 90, speed_basis: 'time' },
    ]);
  });

  it('keeps the directions of a site apart', async () => {
    const windows = [
      ...series('2024-05-13T08:00:00Z', [{ direction: 'N', count: 10, speedKmh: 20 }]),
      ...series('2024-05-13T08:00:00Z', [{ direction: 'S', count: 10, speedKmh: 60 }]),
    ];
    const rows = await rowsFrom({ windows }, 'speed-by-hour-of-week', { ...monday, by: 'site' });
    expect(rows.map((row) => [row.direction, row.speed_kmh])).toEqual([
      ['N', 20],
      ['S', 60],
    ]);
  });

  it('puts the hour that happens twice in one row and leaves out the hour that never happens', async () => {
    const steady = (start: string) =>
      series(
        start,
        Array.from({ length: 12 * 6 }, () => ({ count: 10, speedKmh: 50 })),
      );
    // London: 2024-10-27 01:00 to 02:00 by the clock lasts two hours; 2024-03-31 has no 01:00.
    const autumn = await rowsFrom(
      { timezone: 'Europe/London', windows: steady('2024-10-26T23:00:00Z') },
      'speed-by-hour-of-week',
      { from: '2024-10-26T23:00:00Z', to: '2024-10-28T00:00:00Z' },
    );
    expect(autumn.map((row) => [row.day, row.hour])).toEqual([0, 1, 2, 3, 4].map((hour) => ['Sun', hour]));
    const spring = await rowsFrom(
      { timezone: 'Europe/London', windows: steady('2024-03-31T00:00:00Z') },
      'speed-by-hour-of-week',
      { from: '2024-03-31T00:00:00Z', to: '2024-03-31T23:00:00Z' },
    );
    expect(spring.map((row) => row.hour)).toEqual([0, 2, 3, 4, 5, 6]);
  });

  it('keeps to the city hour where the zone is off by half an hour', async () => {
    // 04:30 UTC is 10:00 in Kolkata: the UTC hour 04:00 holds the end of one local hour and the start of another.
    const windows = [
      ...series(
        '2024-05-13T04:00:00Z',
        Array.from({ length: 6 }, () => ({ count: 10, speedKmh: 20 })),
      ),
      ...series(
        '2024-05-13T04:30:00Z',
        Array.from({ length: 6 }, () => ({ count: 10, speedKmh: 60 })),
      ),
    ];
    const rows = await rowsFrom({ timezone: 'Asia/Kolkata', windows }, 'speed-by-hour-of-week', monday);
    expect(rows.map((row) => [row.hour, row.speed_kmh])).toEqual([
      [9, 20],
      [10, 60],
    ]);
  });
});

/** 21 windows by night at 81 to 101 km/h: the 85th percentile lies at 0.85 * 20 = 17 steps up, 98. */
const night = series(
  '2024-05-13T00:00:00Z',
  Array.from({ length: 21 }, (_, i) => ({ count: 10, speedKmh: 81 + i })),
);

describe('free-flow speed', () => {
  it('is the 85th percentile by night, and prints its rule and samples', async () => {
    const day = series('2024-05-13T08:00:00Z', [{ count: 10, speedKmh: 130 }]);
    const rows = await rowsFrom({ windows: [...night, ...day] }, 'free-flow-speed', monday);
    expect(rows[0]!.free_flow_kmh).toBeCloseTo(98, 6);
    expect(rows).toMatchObject([{ rule: 'night', samples: 21 }]);
  });

  it('takes low occupancy where the night has too few samples', async () => {
    // By day: twelve samples of 70 km/h at 2 % occupancy, twelve of 30 km/h at 30 %.
    const windows = [0.02, 0.3].flatMap((occupancy, i) =>
      series(
        `2024-05-13T1${i}:00:00Z`,
        Array.from({ length: 12 }, () => ({ count: 10, speedKmh: i ? 30 : 70, occupancy })),
      ),
    );
    const rows = await rowsFrom({ windows }, 'free-flow-speed', monday);
    expect(rows[0]!.free_flow_kmh).toBeCloseTo(70, 6);
    expect(rows).toMatchObject([{ rule: 'low-occupancy', samples: 12 }]);
  });

  it('has the night by the city clock', async () => {
    // 05:00 to 06:45 UTC is 22:00 to 23:45 in Los Angeles.
    const windows = series(
      '2024-05-13T05:00:00Z',
      Array.from({ length: 21 }, () => ({ speedKmh: 60 })),
    );
    const rows = await rowsFrom({ timezone: 'America/Los_Angeles', windows }, 'free-flow-speed', monday);
    expect(rows).toMatchObject([{ free_flow_kmh: 60, rule: 'night', samples: 21 }]);
  });
});

/** Fourteen windows by night at 100 km/h, so that 100 is the free-flow speed whatever the interpolation. */
const free = (site: string, speedKmh: number, count?: number) =>
  series(
    '2024-05-13T00:00:00Z',
    Array.from({ length: 14 }, () => ({ site, speedKmh, ...(count === undefined ? {} : { count }) })),
  );

describe('travel time index', () => {
  it('is mean travel time over free-flow travel time, weighted by vehicles', async () => {
    // At 08:00 20 vehicles at 50 km/h (72 s/km) and 10 at 100 km/h (36 s/km): mean 60 s/km; 60 / 36 = 1.6667.
    const windows = [
      ...free('a', 100, 10),
      ...series('2024-05-13T08:00:00Z', [
        { site: 'a', count: 20, speedKmh: 50 },
        { site: 'a', count: 10, speedKmh: 100 },
      ]),
    ];
    const rows = await rowsFrom({ windows }, 'travel-time-index', monday);
    const eight = rows.find((row) => row.hour === 8)!;
    expect(eight.mean_s_per_km).toBeCloseTo(60, 6);
    expect(eight.free_flow_s_per_km).toBeCloseTo(36, 6);
    expect(eight.tti).toBeCloseTo(5 / 3, 6);
    expect(eight.weighted_by).toBe('vehicles');
  });

  it('takes the mean of travel times over time, not the time of the mean speed', async () => {
    // 300 s at 50 and 300 s at 100 km/h, no counts: (72 + 36) / 2 = 54 s/km = 1.5; the mean speed, 75, would give 1.333.
    const windows = [
      ...free('a', 100),
      ...series('2024-05-13T08:00:00Z', [
        { site: 'a', speedKmh: 50 },
        { site: 'a', speedKmh: 100 },
      ]),
    ];
    const rows = await rowsFrom({ windows }, 'travel-time-index', monday);
    expect(rows.find((row) => row.hour === 8)).toMatchObject({ weighted_by: 'time' });
    expect(rows.find((row) => row.hour === 8)!.tti).toBeCloseTo(1.5, 6);
  });

  it('weights sites by their length where every site has one', async () => {
    // 3 km at half of 100 km/h, 1 km at all of it: (3*72 + 1*36) / (4*36) = 252 / 144 = 1.75.
    const windows = [
      ...free('a', 100),
      ...free('b', 100),
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', speedKmh: 50 }]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'b', speedKmh: 100 }]),
    ];
    const sites = [
      { site: 'a', km: 3 },
      { site: 'b', km: 1 },
    ];
    const rows = await rowsFrom({ sites, windows }, 'travel-time-index', monday);
    expect(rows.find((row) => row.hour === 8)).toMatchObject({ weighted_by: 'km' });
    expect(rows.find((row) => row.hour === 8)!.tti).toBeCloseTo(1.75, 6);
  });

  it('floors speeds at 5 km/h and counts them', async () => {
    // 2 km/h counts as 5: 720 s/km against 36 = 20.
    const windows = [...free('a', 100), ...series('2024-05-13T08:00:00Z', [{ site: 'a', speedKmh: 2 }])];
    const rows = await rowsFrom({ windows }, 'travel-time-index', monday);
    expect(rows.find((row) => row.hour === 8)).toMatchObject({ tti: 20, floored_windows: 1 });
  });
});

describe('slowest sites', () => {
  it('ranks by time lost per vehicle and kilometre, and names the worst hour', async () => {
    // a: 08:00 at 50 km/h loses 72 - 36 = 36 s/km, 09:00 at 100 none: 18 on average. b: 80 km/h loses 45 - 36 = 9.
    const windows = [
      ...free('a', 100),
      ...free('b', 100),
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', speedKmh: 50 }]),
      ...series('2024-05-13T09:00:00Z', [{ site: 'a', speedKmh: 100 }]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'b', speedKmh: 80 }]),
    ];
    const rows = await rowsFrom({ windows }, 'slowest-sites', monday);
    expect(rows.map((row) => [row.rank, row.site_id])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(rows[0]!.lost_s_per_km).toBeCloseTo(18, 6);
    expect(rows[1]!.lost_s_per_km).toBeCloseTo(9, 6);
    expect(rows[0]).toMatchObject({
      worst_hour: 8,
      worst_hour_speed_kmh: 50,
      congested_windows_share: 0.5,
      windows: 2,
    });
    expect(await rowsFrom({ windows }, 'slowest-sites', { ...monday, top: 1 })).toHaveLength(1);
  });
});
