import { describe, expect, it } from 'vitest';
import { ask, monday, refusal, rowsFrom } from './ask.ts';
import { type ImputedValue, type SmallLake, series } from './small-lake.ts';

/**
 * Two sites of a kilometre, a window of five minutes every five minutes of an hour, 10 vehicles at 60 km/h in each. Site
 * b lost its second half hour; a night gave it 96 veh/h (8 a window) at 40 km/h in its place.
 */
const hour = { ...monday, to: '2024-05-13T01:00:00Z' };
const window = { count: 10, speedKmh: 60 };
const lost: ImputedValue[] = Array.from({ length: 6 }, (_, i) => i).flatMap((i) => {
  const at = new Date(Date.parse('2024-05-13T00:30:00Z') + i * 300_000).toISOString();
  return [
    { at, site: 'b', field: 'flow_veh_h', value: 96 },
    { at, site: 'b', field: 'speed_kmh', value: 40 },
  ] as const;
});
const lake: SmallLake = {
  sites: [
    { site: 'a', km: 1 },
    { site: 'b', km: 1 },
  ],
  devices: ['a', 'b'].map((site) => ({ device: `d-${site}`, site })),
  windows: [
    ...series(
      '2024-05-13T00:00:00Z',
      Array.from({ length: 12 }, () => ({ site: 'a', ...window })),
    ),
    ...series(
      '2024-05-13T00:00:00Z',
      Array.from({ length: 6 }, () => ({ site: 'b', ...window })),
    ),
  ],
  imputed: { nights: ['2024-05-13'], values: lost },
};

describe('a measure asked for filled values', () => {
  it('adds what was imputed, says how much, and leaves the observed figure as it was', async () => {
    // 18 windows of 10, and 6 of 8 imputed; 6 of 24 detector-windows are imputed.
    const [observed] = await rowsFrom(lake, 'vkt', hour);
    expect(observed).toMatchObject({ vkt_veh_km: 180, observed_share: 0.75, imputed_share: 0 });
    const [filled] = await rowsFrom(lake, 'vkt', { ...hour, values: 'filled' });
    expect(filled).toMatchObject({ vkt_veh_km: 228, observed_share: 0.75, imputed_share: 0.25 });
  });

  it('has hours and delay of the imputed speeds', async () => {
    // 180 veh km at 60 and 48 at 40: 3 h + 1.2 h; against 60 km/h the 48 lose 48 x (1/40 - 1/60) = 0.4 h.
    const [vht] = await rowsFrom(lake, 'vht', { ...hour, values: 'filled' });
    expect(vht!.vht_veh_h).toBeCloseTo(4.2, 6);
    const [delay] = await rowsFrom(lake, 'delay', { ...hour, values: 'filled', reference_speed_kmh: 60 });
    expect(delay!.delay_veh_h).toBeCloseTo(0.4, 6);
    expect(delay!.imputed_share).toBe(0.25);
  });

  it('takes imputed values instead of what a bad detector observed', async () => {
    const bad = lake.windows!.map((w) => (w.site === 'b' ? { ...w, count: 0 } : w));
    const values = Array.from({ length: 12 }, (_, i) => ({
      at: new Date(Date.parse(hour.from) + i * 300_000).toISOString(),
      site: 'b',
      value: 60,
      because: 'zeros',
      method: i < 9 ? 'local' : 'own-time-of-week',
    }));
    const answer = await ask({ ...lake, windows: bad, imputed: { nights: ['2024-05-13'], values } }, 'vkt', {
      ...hour,
      values: 'filled',
      by: 'site',
    });
    if (!answer.computable) throw new Error(answer.because);
    expect(answer.rows).toMatchObject([
      { site_id: 'a', vkt_veh_km: 120, imputed_share: 0 },
      // 60 veh/h for an hour: 5 a window.
      { site_id: 'b', vkt_veh_km: 60, imputed_share: 1 },
    ]);
    expect(answer.dataShare.imputedShare).toBe(0.5);
    expect(answer.caveats[0]).toMatch(/^Filled: .*: local 75 %, own-time-of-week 25 %\./);
  });

  it('adds a day’s fractions of vehicles up, and leaves out what nobody could estimate', async () => {
    // 0.3 vehicles a window, ten windows long: 3 vehicles, where rounding each would leave none.
    const values = Array.from({ length: 12 }, (_, i) => ({
      at: new Date(Date.parse(hour.from) + i * 300_000).toISOString(),
      site: 'b',
      value: i < 10 ? 3.6 : null,
      method: i < 10 ? 'local' : 'none',
    }));
    const [filled] = await rowsFrom(
      {
        ...lake,
        windows: lake.windows!.filter((w) => w.site === 'a'),
        imputed: { nights: ['2024-05-13'], values },
      },
      'vkt',
      { ...hour, values: 'filled' },
    );
    expect(filled!.vkt_veh_km).toBe(123);
    expect(filled!.imputed_share).toBeCloseTo(10 / 24, 9);
  });

  it('is not computable where no night has worked, and says which days were not', async () => {
    const without = { ...lake, imputed: { nights: [], values: [] } };
    expect(await refusal(without, 'vkt', { ...hour, values: 'filled' })).toMatch(
      /^no imputed values \(no night/,
    );
    const two = {
      ...lake,
      windows: [...lake.windows!, ...series('2024-05-14T00:00:00Z', [{ site: 'a', ...window }])],
    };
    const answer = await ask(two, 'vkt', { from: hour.from, to: '2024-05-15T00:00:00Z', values: 'filled' });
    expect(answer.caveats).toContain('1 of 2 days were worked by no night: they stand as observed.');
  });

  it.each([
    ['travel-time-index', { free_flow_samples: 1, by: 'site' }],
    ['average-daily-traffic', { complete_share: 0 }],
    ['aadt', { complete_share: 0, to: monday.to }],
    ['aadt-hourly', { complete_share: 0 }],
    ['flow-profile', { by: 'site' }],
  ])('%s says the share imputed too', async (name, more) => {
    const rows = await rowsFrom(lake, name, { ...hour, values: 'filled', ...more });
    expect(rows.filter((r) => r.site_id === 'b').map((r) => r.imputed_share)).toContain(0.5);
    expect(rows.filter((r) => r.site_id === 'a').map((r) => r.imputed_share)).toContain(0);
  });
});
