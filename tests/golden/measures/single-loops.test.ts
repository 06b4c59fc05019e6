import { describe, expect, it } from 'vitest';
import { refusal, rowsFrom } from './ask.ts';
import { type LakeWindow, type SmallLake, series } from './small-lake.ts';

const day = { from: '2026-03-02T00:00:00Z', to: '2026-03-03T00:00:00Z' };
const site = (name: string, lat: number, more: object = {}) => ({
  site: name,
  lat,
  lon: 0,
  lanes: 1,
  road: 'A1',
  direction: 'north',
  ...more,
});
const of = (from: string, windows: number, window: Partial<LakeWindow>) =>
  series(
    from,
    Array.from({ length: windows }, () => window),
  );

/** A loop: two hours of night, 10 vehicles in five minutes that cover it 0.8 % of the time, then a queue. */
const nightAndQueue = [
  ...of('2026-03-02T00:00:00Z', 24, { site: 'loop', count: 10, occupancy: 0.008 }),
  ...of('2026-03-02T02:00:00Z', 2, { site: 'loop', count: 100, occupancy: 0.32 }),
];
/** Its neighbour a kilometre on measures 100 km/h by night. */
const withNeighbour: SmallLake = {
  sites: [site('dual', 51), site('loop', 51.009)],
  devices: [
    { device: 'd-dual', site: 'dual' },
    { device: 'd-loop', site: 'loop' },
  ],
  windows: [...of('2026-03-02T00:00:00Z', 24, { site: 'dual', count: 10, speedKmh: 100 }), ...nightAndQueue],
};

describe('speed estimated from single loops', () => {
  it('learns g from the nights of the nearest site that measures speed, and sees the queue', async () => {
    const rows = await rowsFrom(withNeighbour, 'single-loop-speeds', { ...day, by: 'window' });
    expect(new Set(rows.map((r) => r.site_id))).toEqual(new Set(['loop']));
    // 0.008 x 100 km/h / 120 veh/h = 6 2/3 m.
    expect(rows[0]!.effective_length_m).toBeCloseTo(6.6667, 3);
    expect(rows[0]).toMatchObject({ free_flow_basis: 'measured at dual', samples: 12 });
    expect(rows[0]!.speed_kmh).toBeCloseTo(100, 3);
    // q g / occ = 1,200 x 6.6667 / 0.32 / 1,000 = 25. Smoothed: p = 100 / 150, 2/3 of 25 and 1/3 of the 100 before; then of the 50.
    expect(rows[24]!.raw_kmh).toBeCloseTo(25, 3);
    expect(rows[24]!.speed_kmh).toBeCloseTo(50, 3);
    expect(rows[25]!.speed_kmh).toBeCloseTo((2 * 25 + 50) / 3, 3);
  });

  it('gives an hour the space-mean of its windows', async () => {
    const rows = await rowsFrom(withNeighbour, 'single-loop-speeds', day);
    expect(rows.map((r) => r.hour)).toEqual([0, 1, 2]);
    // 100 vehicles at 50 km/h and 100 at 33 1/3: 200 / (2 + 3) = 40.
    expect(rows[2]!.speed_kmh).toBeCloseTo(40, 3);
    expect(rows[2]).toMatchObject({ windows: 2, flow_veh_h: 1200 });
  });

  it('finds the neighbour though only the loop was asked for', async () => {
    const rows = await rowsFrom(withNeighbour, 'single-loop-speeds', { ...day, site_ids: ['loop'] });
    expect(rows[0]).toMatchObject({ free_flow_basis: 'measured at dual' });
  });

  it('learns nothing from another road, the other way or another lane: the limit + 8 km/h is assumed, and said', async () => {
    for (const dual of [
      site('dual', 51, { road: 'A2' }),
      site('dual', 51, { direction: 'south' }),
      site('dual', 51.2),
    ]) {
      const lake = { ...withNeighbour, sites: [dual, site('loop', 51.009, { limit: 72 })] };
      const [row] = await rowsFrom(lake, 'single-loop-speeds', day);
      expect(row).toMatchObject({ free_flow_basis: 'assumed: limit + 8 km/h', free_flow_kmh: 80 });
      // 0.008 x 80 / 120 = 5 1/3 m.
      expect(row!.effective_length_m).toBeCloseTo(5.3333, 3);
    }
  });

  it('gives no speed where neither a neighbour nor a limit tells how fast traffic flows', async () => {
    const lake = {
      sites: [site('loop', 51)],
      devices: [{ device: 'd-loop', site: 'loop' }],
      windows: nightAndQueue,
    };
    const [row] = await rowsFrom(lake, 'single-loop-speeds', day);
    expect(row).toMatchObject({ speed_kmh: null, effective_length_m: null, free_flow_basis: null });
    expect(row!.flow_veh_h).toBe(120);
  });

  it('shares the flow among the lanes of a detector that counts them together', async () => {
    const lake = {
      ...withNeighbour,
      sites: [site('dual', 51), site('loop', 51.009, { lanes: 2 })],
    };
    const [row] = await rowsFrom(lake, 'single-loop-speeds', day);
    expect(row!.effective_length_m).toBeCloseTo(2 * 6.6667, 3);
  });

  it('begins to smooth anew on each day', async () => {
    const lake = {
      ...withNeighbour,
      windows: [
        ...withNeighbour.windows!,
        ...of('2026-03-03T00:00:00Z', 1, { site: 'loop', count: 100, occupancy: 0.32 }),
      ],
    };
    const rows = await rowsFrom(lake, 'single-loop-speeds', {
      ...day,
      to: '2026-03-04T00:00:00Z',
      by: 'window',
    });
    expect(rows.at(-1)!.speed_kmh).toBeCloseTo(25, 3);
  });

  it('is not computable where every loop measures speed, or none measures occupancy', async () => {
    const because = 'no loop that counts and measures occupancy but no speed';
    const measured = of('2026-03-02T00:00:00Z', 4, {
      site: 'loop',
      count: 10,
      occupancy: 0.01,
      speedKmh: 90,
    });
    expect(await refusal({ ...withNeighbour, windows: measured }, 'single-loop-speeds', day)).toBe(because);
    const counted = of('2026-03-02T00:00:00Z', 4, { site: 'loop', count: 10 });
    expect(await refusal({ ...withNeighbour, windows: counted }, 'single-loop-speeds', day)).toBe(because);
  });
});

describe('space-mean speed of a group', () => {
  it('is harmonic: a lane of 900 at 100 km/h and one of 300 at 50 km/h drive at 80 together, not at 75 or 87.5', async () => {
    // 1,200 vehicles need 900 / 100 + 300 / 50 = 15 h for a kilometre.
    const windows = [
      ...of('2026-03-02T08:00:00Z', 1, { lane: 1, count: 75, speedKmh: 100 }),
      ...of('2026-03-02T08:00:00Z', 1, { lane: 2, count: 25, speedKmh: 50 }),
    ];
    const [row] = await rowsFrom({ windows }, 'speed-by-hour-of-week', day);
    expect(row!.speed_kmh).toBeCloseTo(80, 6);
  });
});
