import { describe, expect, it } from 'vitest';
import { monday, rowsFrom } from './ask.ts';
import { type LakeWindow, series } from './small-lake.ts';

const quarters = (at: string, speeds: readonly number[], site = 'a'): LakeWindow[] =>
  series(
    at,
    speeds.map((speedKmh) => ({ site, speedKmh })),
    900,
  );
const steady = (n: number, speedKmh = 60) => Array.from({ length: n }, () => speedKmh);

/** Two sites a kilometre apart; free flow of 60 km/h makes it a minute. */
const corridors = {
  c: [
    ['a', 0],
    ['b', 1],
  ] as [string, number][],
};

describe('planning time index and buffer index', () => {
  it('are of the 95th percentile of walked times in the same period class', async () => {
    // 06-10: fifteen quarters of 1 min and one of 2 min. T95 lies at 0.95 x 15 = 14.25 ranks up: 1.25 min; mean 17/16.
    const windows = ['a', 'b'].flatMap((site) => [
      ...quarters('2024-05-13T00:00:00Z', steady(20), site),
      ...quarters('2024-05-13T06:00:00Z', [...steady(15), 30], site),
    ]);
    const asked = { ...monday, corridor_id: 'c' };
    const morning = async (measure: string) =>
      (await rowsFrom({ corridors, windows }, measure, asked)).find(
        (r) => r.period_class === 'weekday 06-10',
      )!;
    const pti = await morning('planning-time-index');
    expect(pti).toMatchObject({ intervals: 16, dates: 1 });
    expect(pti.free_flow_min).toBeCloseTo(1, 6);
    expect(pti.planning_time_index).toBeCloseTo(1.25, 6);
    expect((await morning('buffer-index')).buffer_index).toBeCloseTo((1.25 - 17 / 16) / (17 / 16), 6);
  });
});

describe('LOTTR and TTTR', () => {
  /** Monday 06-10 as given, else 60 km/h at all times of Monday and Saturday. */
  const week = (site: string, morning: readonly number[]) => [
    ...quarters('2024-05-13T00:00:00Z', steady(24), site),
    ...quarters('2024-05-13T06:00:00Z', morning, site),
    ...quarters('2024-05-13T10:00:00Z', steady(56), site),
    ...quarters('2024-05-18T00:00:00Z', steady(96), site),
  ];
  const asked = { from: '2024-05-13T00:00:00Z', to: '2024-05-20T00:00:00Z' };
  // Twelve quarters of 1 min/km and four of 2: T80 lies 0.8 x 15 = 12 ranks up, at the first of the 2s; T50 is 1.
  const unreliable = week('a', [...steady(12), ...steady(4, 30)]);

  it('LOTTR is the largest T80 / T50 of the four classes, reliable below 1.5', async () => {
    expect(await rowsFrom({ windows: unreliable }, 'lottr', asked)).toMatchObject([
      {
        weekday_06_10: 2,
        weekday_10_16: 1,
        weekday_16_20: 1,
        weekend_06_20: 1,
        lottr: 2,
        reliable_share: 0,
        standing: 'indicative',
        dates: 2,
      },
    ]);
  });

  it('the network’s share is weighted by length where there is no flow, and says so', async () => {
    const windows = [...unreliable, ...week('b', steady(16))];
    const sites = [
      { site: 'a', km: 3 },
      { site: 'b', km: 1 },
    ];
    expect(await rowsFrom({ sites, windows }, 'lottr', { ...asked, by: 'network' })).toMatchObject([
      { reliable_share: 0.25, weighted_by: 'km' },
    ]);
  });

  it('there is no LOTTR of a site without one of the classes', async () => {
    const noWeekend = { ...asked, to: '2024-05-14T00:00:00Z' };
    expect(await rowsFrom({ windows: unreliable }, 'lottr', noWeekend)).toMatchObject([{ lottr: null }]);
  });

  it('TTTR is the largest T95 / T50 of five classes, weighted by length', async () => {
    // Of the sixteen, T95 lies among the 2s: TTTR 2 over 3 km and 1 over 1 km: 1.75.
    const windows = [...unreliable, ...week('b', steady(16))];
    const sites = [
      { site: 'a', km: 3 },
      { site: 'b', km: 1 },
    ];
    expect(await rowsFrom({ sites, windows }, 'tttr', asked)).toMatchObject([
      { site_id: 'a', tttr: 2, worst_class: 'weekday 06-10' },
      { site_id: 'b', tttr: 1 },
    ]);
    expect(await rowsFrom({ sites, windows }, 'tttr', { ...asked, by: 'network' })).toMatchObject([
      { tttr: 1.75, weighted_by: 'km' },
    ]);
  });
});
