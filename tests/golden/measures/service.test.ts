import { describe, expect, it } from 'vitest';
import { ask, monday, refusal, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

const night = (speedKmh: number, count?: number) =>
  series(
    '2024-05-13T00:00:00Z',
    Array.from({ length: 14 }, () => ({ speedKmh, ...(count === undefined ? {} : { count }) })),
  );
const slow = series('2024-05-13T08:00:00Z', [{ count: 60, speedKmh: 40 }]);

describe('delay at several reference speeds', () => {
  it('has a row for each, beside free flow and the limit', async () => {
    // 60 vehicles x 2 km x (1/40 - 1/ref); those of the night, at 80 km/h, lose nothing up to 80.
    const lake = { sites: [{ site: 'a', km: 2, limit: 50 }], windows: [...night(80, 10), ...slow] };
    const rows = await rowsFrom(lake, 'delay-at-references', { ...monday, reference_speeds_kmh: '56, 30' });
    expect(rows.map((row) => [row.reference, row.reference_kmh])).toEqual([
      ['fixed', 30],
      ['fixed', 56],
      ['free-flow', null],
      ['speed-limit', null],
    ]);
    const delays = rows.map((row) => row.delay_veh_h as number);
    expect(delays[0]).toBe(0);
    expect(delays[1]).toBeCloseTo(120 / 40 - 120 / 56, 6);
    expect(delays[2]).toBeCloseTo(120 / 40 - 120 / 80, 6);
    expect(delays[3]).toBeCloseTo(120 / 40 - 120 / 50, 6);
  });
});

describe('person delay', () => {
  const sites = [{ site: 'a', km: 2 }];
  const windows = series('2024-05-13T08:00:00Z', [{ count: 60, speedKmh: 40, classes: { car: 54, bus: 6 } }]);
  const asked = { ...monday, reference_speed_kmh: 80 };

  it('is vehicle delay times persons, by class where persons are given so', async () => {
    // 1.5 vehicle hours; nine in ten are cars: 1.35 x 1.3 and 0.15 x 20.
    const rows = await rowsFrom({ sites, windows }, 'person-delay', { ...asked, persons: 'car=1.3 bus=20' });
    expect(rows.map((row) => row.class)).toEqual(['bus', 'car']);
    expect(rows[0]!.delay_person_h).toBeCloseTo(3, 6);
    expect(rows[1]!.delay_person_h).toBeCloseTo(1.755, 6);
    const [all] = await rowsFrom({ sites, windows }, 'person-delay', { ...asked, persons: '1.4' });
    expect(all!.delay_person_h).toBeCloseTo(2.1, 6);
  });

  it('is not computable where nobody says how many sit in a vehicle', async () => {
    expect(await refusal({ sites, windows }, 'person-delay', asked)).toMatch(/^no persons per vehicle/);
  });
});

describe('lost productivity', () => {
  it('is the lane-kilometre-hours that slow traffic did not use', async () => {
    // 100 vehicles in five minutes are 1,200 an hour on two lanes of 2,000: 0.7 x 1 km x 2 lanes x 1/12 h.
    const windows = series('2024-05-13T08:00:00Z', [
      { count: 100, speedKmh: 30 },
      { count: 100, speedKmh: 90 },
    ]);
    const [row] = await rowsFrom(
      { sites: [{ site: 'a', km: 1, lanes: 2 }], windows },
      'lost-productivity',
      monday,
    );
    expect(row!.lost_lane_km_h).toBeCloseTo((0.7 * 2) / 12, 9);
    expect(row).toMatchObject({ capacity_veh_h_lane: 2000, capacity_basis: 'assumed', sites: 1 });
  });

  it('takes the site’s own capacity after twenty complete days', async () => {
    // Its largest quarter: 3 x 150 vehicles are 1,800 an hour on one lane.
    const days = Array.from({ length: 20 }, (_, d) =>
      series(
        new Date(Date.parse('2024-05-01T00:00:00Z') + d * 86_400_000).toISOString(),
        Array.from({ length: 288 }, (_, i) => ({ count: i < 3 ? 150 : 10, speedKmh: 90 })),
      ),
    ).flat();
    const windows = [...days, ...series('2024-05-21T08:00:00Z', [{ count: 75, speedKmh: 30 }])];
    const [row] = await rowsFrom({ sites: [{ site: 'a', km: 1, lanes: 1 }], windows }, 'lost-productivity', {
      from: '2024-05-01T00:00:00Z',
      to: '2024-05-22T00:00:00Z',
    });
    expect(row).toMatchObject({ capacity_veh_h_lane: 1800, capacity_basis: 'measured' });
    expect(row!.lost_lane_km_h).toBeCloseTo((1 - 900 / 1800) / 12, 9);
  });
});

describe('level of service', () => {
  it('of freeways is by density of passenger cars', async () => {
    const quarters = (at: string, counts: number[], speedKmh: number) =>
      series(
        at,
        counts.map((count) => ({ count, speedKmh })),
        900,
      );
    const windows = [
      ...night(100, 10),
      ...quarters('2024-05-13T08:00:00Z', [300, 300, 300, 300], 100),
      ...quarters('2024-05-13T09:00:00Z', [300, 300, 300, 600], 60),
    ];
    const rows = await rowsFrom({ sites: [{ site: 'a', lanes: 2 }], windows }, 'level-of-service', monday);
    // 1,200 x 1.05 / (1 x 2) / 100 = 6.3: A. PHF 1500 / 2400 = 0.625: 1,500 x 1.05 / (0.625 x 2) / 60 = 21: D.
    const [eight, nine] = rows.filter((row) => row.hour === 8 || row.hour === 9);
    expect(eight).toMatchObject({ level: 'A', peak_hour_factor: 1, heavy_basis: 'assumed' });
    expect(eight!.density_pc_km_lane).toBeCloseTo(6.3, 6);
    expect(nine).toMatchObject({ level: 'D', peak_hour_factor: 0.625 });
    expect(nine!.density_pc_km_lane).toBeCloseTo(21, 6);
  });

  it('of streets is by the share of free-flow speed', async () => {
    const levels = [41, 34, 26, 21, 16, 10].map((speedKmh, i) =>
      series(`2024-05-13T1${i}:00:00Z`, [{ speedKmh }]),
    );
    const rows = await rowsFrom(
      { windows: [...night(50), ...levels.flat()] },
      'street-level-of-service',
      monday,
    );
    expect(
      rows
        .filter((row) => (row.hour as number) >= 10)
        .map((row) => row.level)
        .join(''),
    ).toBe('ABCDEF');
  });
});

describe('vehicle classes', () => {
  it('are shares of what was counted, the unclassified among them', async () => {
    const windows = series('2024-05-13T08:00:00Z', [{ count: 10, classes: { car: 7, truck: 1 } }]);
    expect(await rowsFrom({ windows }, 'vehicle-class-mix', monday)).toMatchObject([
      { class: 'car', count: 7, share: 0.7 },
      { class: 'unclassified', count: 2, share: 0.2 },
      { class: 'truck', count: 1, share: 0.1 },
    ]);
  });
});

describe('drivers’ speeds', () => {
  const windows = series('2024-05-13T08:00:00Z', [
    {
      count: 20,
      drivers: [
        [40, 10],
        [50, 10],
      ],
    },
  ]);

  it('are percentiles of drivers, and the share over the limit', async () => {
    // Median at the end of the tenth of twenty: 41. The 17th lies seven tenths into the bin of 50.
    const [row] = await rowsFrom({ sites: [{ site: 'a', limit: 50 }], windows }, 'drivers-speeds', monday);
    expect(row).toMatchObject({
      basis: 'drivers',
      over_limit_share: 0.5,
      over_limit_by_10_share: 0,
      vehicles: 20,
    });
    expect(row!.p50_kmh).toBeCloseTo(41, 9);
    expect(row!.p85_kmh).toBeCloseTo(50.7, 9);
    expect(row!.mean_kmh).toBeCloseTo(45.5, 9);
  });

  it('are not computable from interval means', async () => {
    const means = series('2024-05-13T08:00:00Z', [{ count: 20, speedKmh: 45 }]);
    expect(await refusal({ windows: means }, 'drivers-speeds', monday)).toBe('no speeds of single drivers');
  });
});

describe('a screenline', () => {
  const screenlines = {
    river: [
      { site: 'a', direction: 'N', sense: 'in' as const },
      { site: 'a', direction: 'S', sense: 'out' as const },
      { site: 'b', sense: 'in' as const },
      { site: 'silent', sense: 'in' as const },
    ],
  };

  it('adds up its crossings by sense and class, bicycles and people on foot too, and says which did not count', async () => {
    const windows = [
      ...series('2024-05-13T08:00:00Z', [
        { site: 'a', direction: 'N', count: 10, classes: { car: 6, bicycle: 4 } },
      ]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', direction: 'S', count: 3 }]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'b', count: 5, classes: { pedestrian: 5 } }]),
    ];
    const rows = await rowsFrom({ windows, screenlines }, 'screenline-flow', { ...monday, by: 'total' });
    expect(rows.map((r) => [r.sense, r.class, r.count, r.crossings_observed, r.crossings])).toEqual([
      ['in', 'all', 15, 2, 3],
      ['in', 'car', 6, 2, 3],
      ['in', 'pedestrian', 5, 2, 3],
      ['in', 'bicycle', 4, 2, 3],
      ['out', 'all', 3, 1, 1],
    ]);
  });

  it('is asked for by name of what lacks', async () => {
    const answer = await ask({ windows: slow }, 'screenline-flow', monday);
    expect(answer).toMatchObject({ computable: false, because: 'no screenline or cordon' });
  });
});
