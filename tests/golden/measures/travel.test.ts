import { describe, expect, it } from 'vitest';
import { ask, monday, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

const twoSites = {
  sites: [
    { site: 'a', km: 2 },
    { site: 'b', km: 0.5 },
  ],
};

describe('VKT', () => {
  it('is vehicles counted times length', async () => {
    // a: 100 vehicles x 2 km; b: 40 vehicles x 0.5 km: 200 + 20 = 220 veh km.
    const windows = [
      ...series('2024-05-13T08:00:00Z', [
        { site: 'a', count: 60 },
        { site: 'a', count: 40 },
      ]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'b', count: 40 }]),
    ];
    expect(await rowsFrom({ ...twoSites, windows }, 'vkt', monday)).toMatchObject([
      { date: '2024-05-13', vkt_veh_km: 220, sites: 2, length_km: 2.5 },
    ]);
    expect(await rowsFrom({ ...twoSites, windows }, 'vkt', { ...monday, by: 'site' })).toMatchObject([
      { site_id: 'a', vkt_veh_km: 200, length_km: 2, length_basis: 'given' },
      { site_id: 'b', vkt_veh_km: 20, length_km: 0.5 },
    ]);
  });

  it('has a site speak for half the distance to each neighbour, 1.6 km at most', async () => {
    // km 0, 1, 2, 8: a 0.5; b 0.5 + 0.5 = 1; c 0.5 + 3 = 3.5, so 1.6; d 3, so 1.6. Ten vehicles at each.
    const corridors = {
      main: [
        ['a', 0],
        ['b', 1],
        ['c', 2],
        ['d', 8],
      ] as [string, number][],
    };
    const sites = ['a', 'b', 'c', 'd'].map((site) => ({ site }));
    const windows = sites.flatMap(({ site }) => series('2024-05-13T08:00:00Z', [{ site, count: 10 }]));
    const rows = await rowsFrom({ sites, corridors, windows }, 'vkt', { ...monday, by: 'site' });
    expect(rows.map((row) => row.vkt_veh_km)).toEqual([5, 10, 16, 16]);
    expect(rows[0]!.length_basis).toBe('half-way on main');
  });

  it('names sites without a length and leaves them out', async () => {
    const sites = [{ site: 'a', km: 2 }, { site: 'b' }];
    const windows = ['a', 'b'].flatMap((site) => series('2024-05-13T08:00:00Z', [{ site, count: 10 }]));
    const answer = await ask({ sites, windows }, 'vkt', monday);
    expect(answer).toMatchObject({ computable: true, rows: [{ vkt_veh_km: 20, sites: 1 }] });
    expect(answer.caveats[0]).toBe(
      'Left out, no length of road (no length_km, and on no corridor) at 1 of 2 sites: b',
    );
  });

  it('compares days by the panel of sites that were there every day', async () => {
    // b dies after the first day: VKT falls from 30 to 20, the panel (a alone) stays at 20.
    const devices = [
      { device: 'd-a', site: 'a' },
      { device: 'd-b', site: 'b' },
    ];
    const whole = (site: string, day: string) =>
      series(
        `2024-05-${day}T00:00:00Z`,
        Array.from({ length: 288 }, (_, i) => ({ site, count: i === 0 ? 10 : 0 })),
      );
    const windows = [...whole('a', '13'), ...whole('a', '14'), ...whole('b', '13')];
    const sites = [
      { site: 'a', km: 2 },
      { site: 'b', km: 1 },
    ];
    const rows = await rowsFrom({ sites, devices, windows }, 'vkt', {
      ...monday,
      to: '2024-05-15T00:00:00Z',
    });
    expect(rows).toMatchObject([
      { date: '2024-05-13', vkt_veh_km: 30, observed_share: 1, panel_vkt_veh_km: 20, panel_sites: 1 },
      { date: '2024-05-14', vkt_veh_km: 20, observed_share: 0.5, panel_vkt_veh_km: 20, panel_sites: 1 },
    ]);
  });

  it('counts local days: a day with a clock change is one day', async () => {
    // London, 2024-10-27 is 25 h long: 300 windows of one vehicle each.
    const windows = series(
      '2024-10-26T23:00:00Z',
      Array.from({ length: 25 * 12 }, () => ({ count: 1 })),
    );
    const rows = await rowsFrom(
      { timezone: 'Europe/London', sites: [{ site: 'a', km: 1 }], windows },
      'vkt',
      { from: '2024-10-26T23:00:00Z', to: '2024-10-28T00:00:00Z' },
    );
    expect(rows.map((row) => [row.date, row.vkt_veh_km])).toEqual([['2024-10-27', 300]]);
  });
});

describe('VHT', () => {
  it('is the sum over windows of vehicles x length / speed', async () => {
    // 60 x 2 km / 60 km/h = 2 h; 40 x 2 km / 20 km/h = 4 h; network speed 200 km / 6 h = 33.33 km/h.
    const windows = series('2024-05-13T08:00:00Z', [
      { count: 60, speedKmh: 60 },
      { count: 40, speedKmh: 20 },
    ]);
    const [row] = await rowsFrom({ ...twoSites, windows }, 'vht', monday);
    expect(row!.vht_veh_h).toBeCloseTo(6, 9);
    expect(row!.vkt_veh_km).toBeCloseTo(200, 9);
    expect(row!.network_speed_kmh).toBeCloseTo(200 / 6, 9);
  });

  it('floors speed at 5 km/h and counts the floored windows', async () => {
    // 10 x 2 km / 5 km/h = 4 h, not 10 x 2 / 1 = 20 h.
    const windows = series('2024-05-13T08:00:00Z', [{ count: 10, speedKmh: 1 }]);
    const [row] = await rowsFrom({ ...twoSites, windows }, 'vht', monday);
    expect(row!.vht_veh_h).toBeCloseTo(4, 9);
    expect(row).toMatchObject({ floored_windows: 1, windows: 1 });
  });

  it('says how many vehicles had no speed, and has them in no figure', async () => {
    const windows = series('2024-05-13T08:00:00Z', [{ count: 60, speedKmh: 60 }, { count: 7 }]);
    const [row] = await rowsFrom({ ...twoSites, windows }, 'vht', monday);
    expect(row!.vht_veh_h).toBeCloseTo(2, 9);
    expect(row).toMatchObject({ vehicles_without_speed: 7, vkt_veh_km: 120 });
  });

  it('takes a speed that another device of the site measured without counts', async () => {
    const windows = [
      ...series('2024-05-13T08:00:00Z', [{ device: 'loop', count: 30 }]),
      ...series('2024-05-13T08:00:00Z', [{ device: 'radar', speedKmh: 30 }]),
    ];
    const [row] = await rowsFrom({ ...twoSites, windows }, 'vht', monday);
    expect(row!.vht_veh_h).toBeCloseTo(2, 9);
  });
});

describe('delay', () => {
  it('is the time lost against the reference speed, and never negative', async () => {
    // 60 vehicles x 2 km x (1/40 - 1/80) = 1.5 h lost; the window faster than the reference gains nothing.
    const windows = series('2024-05-13T08:00:00Z', [
      { count: 60, speedKmh: 40 },
      { count: 60, speedKmh: 120 },
    ]);
    const [row] = await rowsFrom({ ...twoSites, windows }, 'delay', { ...monday, reference_speed_kmh: 80 });
    expect(row!.delay_veh_h).toBeCloseTo(1.5, 9);
    // 1.5 h x 3600 s over 120 x 2 = 240 veh km: 22.5 s/veh km.
    expect(row!.delay_s_per_veh_km).toBeCloseTo(22.5, 9);
  });

  it('floors speed at 5 km/h', async () => {
    // 10 x 2 km x (1/5 - 1/80) = 3.75 h.
    const windows = series('2024-05-13T08:00:00Z', [{ count: 10, speedKmh: 2 }]);
    const [row] = await rowsFrom({ ...twoSites, windows }, 'delay', { ...monday, reference_speed_kmh: 80 });
    expect(row!.delay_veh_h).toBeCloseTo(3.75, 9);
    expect(row!.floored_windows).toBe(1);
  });

  it('takes the free-flow speed by rule, or the limit where asked', async () => {
    const windows = [
      ...series(
        '2024-05-13T00:00:00Z',
        Array.from({ length: 14 }, () => ({ count: 0 as number })),
      ).map((w) => ({
        ...w,
        count: 10,
        speedKmh: 100,
      })),
      ...series('2024-05-13T08:00:00Z', [{ count: 60, speedKmh: 40 }]),
    ];
    const lake = { sites: [{ site: 'a', km: 2, limit: 50 }], windows };
    // Free flow 100: 60 x 2 x (1/40 - 1/100) = 1.8 h. Limit 50: 60 x 2 x (1/40 - 1/50) = 0.6 h.
    const [free] = await rowsFrom(lake, 'delay', { ...monday, by: 'site' });
    expect(free!.delay_veh_h).toBeCloseTo(1.8, 6);
    expect(free!.reference_basis).toBe('night');
    const [limit] = await rowsFrom(lake, 'delay', { ...monday, by: 'site', reference: 'speed-limit' });
    expect(limit!.delay_veh_h).toBeCloseTo(0.6, 9);
    expect(limit).toMatchObject({ reference_kmh: 50, reference_basis: 'speed-limit' });
  });
});
