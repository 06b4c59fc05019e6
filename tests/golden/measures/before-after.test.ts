import { describe, expect, it } from 'vitest';
import { refusal, rowsFrom } from './ask.ts';
import { type LakeWindow, series } from './small-lake.ts';

const DAY_MS = 86_400_000;
/** Sixteen weeks from a Monday; the change comes after eight of them. */
const study = { from: '2024-01-01T00:00:00Z', to: '2024-04-22T00:00:00Z' };
const changeAt = Date.parse('2024-02-26T00:00:00Z');
const factors = [1, 1.1, 0.9, 1.05, 0.95, 1.02, 0.98, 1.08];

/** A site's days: `before` vehicles, then `after`, with the same ups and downs of the weeks at every site. */
const site = (id: string, before: number, after: number, lost: readonly number[] = []): LakeWindow[] =>
  Array.from({ length: 112 }, (_, day) => ({ day, week: Math.floor(day / 7) }))
    .filter(({ week }) => !lost.includes(week))
    .flatMap(({ day, week }) =>
      series(
        new Date(Date.parse(study.from) + day * DAY_MS).toISOString(),
        [{ site: id, count: Math.round((week < 8 ? before : after) * factors[week % 8]!) }],
        86_400,
      ),
    );
const asked = { ...study, treated: 't', change_at: changeAt };

describe('before and after', () => {
  it('is the change of the treated beyond that of the comparison sites', async () => {
    // 10,000 to 9,000 while others went from 5,000 to 5,500: 0.9 / 1.1 - 1.
    const windows = [...site('t', 10_000, 9_000), ...site('c', 5_000, 5_500), ...site('d', 2_000, 2_200)];
    const [change, placebo] = await rowsFrom({ windows }, 'before-after', asked);
    expect(change).toMatchObject({
      comparison: 'change',
      change_date: '2024-02-26',
      told_from_nothing: true,
      treated_sites: 1,
      comparison_sites: 2,
      comparison_list: 'c, d',
      weeks_before: 8,
      weeks_after: 8,
    });
    expect(change!.effect).toBeCloseTo(0.9 / 1.1 - 1, 3);
    expect(change!.low as number).toBeLessThanOrEqual(change!.effect as number);
    // Half-way through the eight weeks before, nothing changed.
    expect(placebo).toMatchObject({
      comparison: 'placebo',
      change_date: '2024-01-29',
      weeks_before: 4,
      weeks_after: 4,
    });
    expect(placebo!.effect).toBeCloseTo(0, 3);
  });

  it('compares with no site of the same road, nor with one that lacks weeks or goes its own way', async () => {
    const against = Array.from({ length: 112 }, (_, day) =>
      series(
        new Date(Date.parse(study.from) + day * DAY_MS).toISOString(),
        [{ site: 'own', count: Math.round(5_000 / factors[Math.floor(day / 7) % 8]!) }],
        86_400,
      ),
    ).flat();
    const windows = [
      ...site('t', 10_000, 9_000),
      ...site('c', 5_000, 5_000),
      ...site('gap', 5_000, 5_000, [0, 1, 2, 9]),
      ...site('beside', 5_000, 4_000),
      ...against,
    ];
    const corridors = {
      road: [
        ['t', 0],
        ['beside', 1],
      ] as [string, number][],
    };
    const sites = ['t', 'c', 'gap', 'beside', 'own'].map((name) => ({ site: name }));
    const [change] = await rowsFrom({ sites, corridors, windows }, 'before-after', asked);
    expect(change!.comparison_list).toBe('c');
    expect(change!.effect).toBeCloseTo(-0.1, 3);
  });

  it('has an interval as wide as theory says: t times the standard error of the difference of the weeks’ means', async () => {
    // Weeks of the treated road off by these shares, others the same: a spread of 2 % each side, 8 weeks each. With a
    // variance s2 of 0.0004 (n - 1 = 7), se = sqrt(s2 / 8 + s2 / 8) = 1 %, 14 degrees of freedom, t = 2.145.
    const off = [1, -1, 1, -1, 1, -1, 1, -1].map((sign) => 1 + sign * 0.02 * Math.sqrt(7 / 8));
    const windows = [
      ...site('t', 100_000, 90_000).map((w, day) => ({
        ...w,
        count: Math.round(w.count! * off[Math.floor(day / 7) % 8]!),
      })),
      ...site('c', 50_000, 50_000),
    ];
    const [row] = await rowsFrom({ windows }, 'before-after', { ...asked, replicates: 4000 });
    const half = Math.log((1 + (row!.high as number)) / (1 + (row!.low as number))) / 2;
    expect(half).toBeGreaterThan(0.95 * 0.02145);
    expect(half).toBeLessThan(1.07 * 0.02145);
    expect(row!.interval_over).toBe('weeks');
  });

  it('allows for what roads do of their own accord, where three roads and more show it', async () => {
    // Five roads that change by -4, -2, 0, 2 and 4 %, without noise from week to week: sd 3.16 %, and the treated road may
    // do the same. se = 3.16 % x sqrt(1 + 1/5) = 3.46 %, 4 degrees of freedom, t = 2.776 (t_tail 2.84): 9.6 to 9.9 %.
    const windows = [
      ...site('t', 100_000, 100_000),
      ...[-4, -2, 0, 2, 4].flatMap((percent, i) =>
        site(`c${i}`, 50_000, Math.round(50_000 * Math.exp(percent / 100))),
      ),
    ];
    const [row] = await rowsFrom({ windows }, 'before-after', { ...asked, replicates: 4000 });
    expect(row).toMatchObject({
      interval_over: 'roads and weeks',
      comparison_roads: 5,
      told_from_nothing: false,
    });
    const half = Math.log((1 + (row!.high as number)) / (1 + (row!.low as number))) / 2;
    expect(half).toBeGreaterThan(0.093);
    expect(half).toBeLessThan(0.103);
  });

  it('gives the same interval for the same seed', async () => {
    const windows = [...site('t', 10_000, 9_000), ...site('c', 5_100, 5_017), ...site('d', 2_000, 2_222)];
    const interval = async (seed: number) => {
      const [row] = await rowsFrom({ windows }, 'before-after', { ...asked, seed });
      return [row!.low, row!.high];
    };
    expect(await interval(1)).toEqual(await interval(1));
    expect(await interval(2)).not.toEqual(await interval(1));
  });

  it('is not computable where nobody says what was treated', async () => {
    expect(await refusal({ windows: site('t', 1, 1) }, 'before-after', study)).toMatch(/^no treated site/);
  });
});
