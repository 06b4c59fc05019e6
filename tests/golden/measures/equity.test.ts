import { describe, expect, it } from 'vitest';
import { getMeasure } from '#analytics/measures/measures.ts';
import type { Row } from '#analytics/measures/rows.ts';
import { ask, monday, refusal, rowsFrom } from './ask.ts';
import { type LakeZone, type SmallLake, series } from './small-lake.ts';

/** A zone with one site in its middle (or so many metres east of it) whose traffic goes so fast by day. */
interface Lived extends Omit<LakeZone, 'lat' | 'lon'> {
  kmh?: number;
  eastM?: number;
}

/**
 * Zones 2 km apart along the equator. Ten vehicles in each of twelve windows by night at 60 km/h, the free flow, and as many
 * by day: at 12 km/h half of the vehicle-kilometres take 240 s longer, so delay is 120 s per vehicle-km; at 20 km/h 60 s,
 * at 30 km/h 30 s, at 60 km/h nothing.
 */
function city(lived: readonly Lived[]): SmallLake {
  const at = (i: number) => ({ lat: 0, lon: 1 + i * 0.018 });
  const hour = (site: string, kmh: number) =>
    Array.from({ length: 12 }, () => ({ site, count: 10, speedKmh: kmh }));
  return {
    zones: lived.map(({ kmh, eastM, ...zone }, i) => ({ ...zone, ...at(i) })),
    sites: lived.map(({ zone, eastM = 0 }, i) => ({
      site: `s-${zone}`,
      km: 1,
      lat: 0,
      lon: at(i).lon + eastM / 111_195,
    })),
    windows: lived.flatMap(({ zone, kmh }) =>
      kmh === undefined
        ? []
        : [
            ...series('2024-05-13T02:00:00Z', hour(`s-${zone}`, 60)),
            ...series('2024-05-13T08:00:00Z', hour(`s-${zone}`, kmh)),
          ],
    ),
  };
}

const all = { least_zones: 1, least_people: 1 };
const delay = { ...monday, indicator: 'delay', ...all };
const everybody = (rows: readonly Row[]) => rows.find((r) => r.group_name === 'all')!;
const close = (actual: unknown, expected: number, digits = 5) =>
  expect(actual as number).toBeCloseTo(expected, digits);

/**
 * A thousand people, the most deprived first: the middles of the zones' people lie at 0.1, 0.275, 0.375, 0.5, 0.7 and 0.9 of
 * them, so b and c together are the second fifth.
 */
const six: Lived[] = [
  { zone: 'a', deprivation: 9, population: 200, kmh: 12, people: { carless: 100, over65: 30 } },
  { zone: 'b', deprivation: 8, population: 150, kmh: 20, people: { carless: 50, over65: 0 } },
  { zone: 'c', deprivation: 7, population: 50, kmh: 30, people: { carless: 0, over65: 0 } },
  { zone: 'd', deprivation: 5, population: 200, kmh: 30, people: { carless: 0, over65: 0 } },
  { zone: 'e', deprivation: 3, population: 200, kmh: 60, people: { carless: 50, over65: 10 } },
  { zone: 'f', deprivation: 1, population: 200, kmh: 30, people: { carless: 0, over65: 0 } },
];

describe('equity by fifths', () => {
  it('is the mean of the people of each fifth, and its ratio to the least deprived one', async () => {
    const rows = await rowsFrom(city(six), 'equity', delay);
    expect(rows.map((r) => [r.fifth, r.group_name, r.zones, r.people])).toEqual([
      [1, null, 1, 200],
      [2, null, 2, 200],
      [3, null, 1, 200],
      [4, null, 1, 200],
      [5, null, 1, 200],
      [null, 'all', 6, 1_000],
    ]);
    // Second fifth: (150 * 60 + 50 * 30) / 200. Everybody: (24,000 + 9,000 + 1,500 + 6,000 + 0 + 6,000) / 1,000.
    for (const [i, value] of [120, 52.5, 30, 0, 30, 46.5].entries()) {
      close(rows[i]!.value, value);
      close(rows[i]!.ratio, value / 30);
    }
    expect(rows[0]).toMatchObject({
      indicator: 'delay',
      unit: 's/veh km',
      assignment: 'area centroid within 400 m in a straight line',
      withheld: null,
      zones_left_out: 0,
    });
  });

  it('has a concentration index of 2 cov(h, r) / mean(h), below 0 where the deprived have more of it', async () => {
    // mean(h r) = (24,000 * 0.1 + 9,000 * 0.275 + 1,500 * 0.375 + 6,000 * 0.5 + 6,000 * 0.9) / 1,000 = 13.8375;
    // cov = 13.8375 - 46.5 / 2 = -9.4125.
    const rows = await rowsFrom(city(six), 'equity', delay);
    close(everybody(rows).concentration_index, (2 * -9.4125) / 46.5);
    expect(rows.filter((r) => r.concentration_index !== null)).toHaveLength(1);
    // Turned round, the same is above 0.
    const turned = six.map((z) => ({ ...z, deprivation: -z.deprivation! }));
    close(everybody(await rowsFrom(city(turned), 'equity', delay)).concentration_index, (2 * 9.4125) / 46.5);
  });

  it('has an index of 0, ratios of 1 and no interval to speak of where all have the same', async () => {
    const rows = await rowsFrom(city(six.map((z) => ({ ...z, kmh: 30 }))), 'equity', delay);
    for (const r of rows)
      for (const figure of [r.value, r.low, r.high].slice(0, r.zones === 1 ? 1 : 3)) close(figure, 30);
    for (const r of rows) close(r.ratio, 1);
    close(everybody(rows).concentration_index, 0, 9);
    close(everybody(rows).concentration_low, 0, 9);
    close(everybody(rows).concentration_high, 0, 9);
  });

  it('takes zones that are as deprived as one another for one: order says nothing', async () => {
    // All alike: the middle of everybody is 0.5, so all are the third fifth and rank tells nothing.
    const rows = await rowsFrom(city(six.map((z) => ({ ...z, deprivation: 4 }))), 'equity', delay);
    expect(rows.map((r) => r.zones)).toEqual([0, 0, 6, 0, 0, 6]);
    close(everybody(rows).concentration_index, 0, 9);
  });

  it('leaves out zones without a figure, a population or a deprivation, and counts them', async () => {
    const rows = await rowsFrom(
      city([
        ...six.map((z) => (z.zone === 'c' ? { zone: 'c', deprivation: 7, population: 50 } : z)),
        { zone: 'park', deprivation: 2, population: 0, kmh: 12 },
        { zone: 'unknown', population: 70, kmh: 12 },
      ]),
      'equity',
      delay,
    );
    // c still counts in what the fifths are; its people are in no figure.
    expect(rows[1]).toMatchObject({ zones: 1, people: 150, zones_left_out: 1, people_left_out: 50 });
    close(rows[1]!.value, 60);
    expect(everybody(rows)).toMatchObject({ zones: 5, people: 950, zones_left_out: 3, people_left_out: 120 });
    close(everybody(rows).value, 45_000 / 950);
  });
});

it('equity by group is weighted by its people, and compared with everybody', async () => {
  const rows = await rowsFrom(city(six), 'equity', { ...delay, by: 'group' });
  expect(rows.map((r) => [r.group_name, r.zones, r.people, r.concentration_index])).toEqual([
    ['carless', 3, 200, null],
    ['over65', 2, 40, null],
    ['all', 6, 1_000, null],
  ]);
  // Without a car: (100 * 120 + 50 * 60 + 50 * 0) / 200. Over 65: 30 * 120 / 40.
  for (const [i, value] of [75, 90, 46.5].entries()) {
    close(rows[i]!.value, value);
    close(rows[i]!.ratio, value / 46.5);
  }
});

describe('equity is withheld', () => {
  it('of too few zones, with the ratios to what is withheld', async () => {
    const rows = await rowsFrom(city(six), 'equity', { ...delay, least_zones: 2 });
    expect(rows[0]).toMatchObject({
      value: null,
      low: null,
      ratio: null,
      zones: 1,
      withheld: 'fewer than 2 zones',
    });
    close(rows[1]!.value, 52.5);
    expect(rows[1]).toMatchObject({
      ratio: null,
      ratio_low: null,
      withheld: 'no ratio, for what it is compared with: fewer than 2 zones',
    });
    close(everybody(rows).value, 46.5);
  });

  it('of too few people, in everything', async () => {
    const rows = await rowsFrom(city(six), 'equity', { ...delay, by: 'group', least_people: 41 });
    expect(rows.find((r) => r.group_name === 'over65')).toMatchObject({
      value: null,
      high: null,
      ratio: null,
      people: 40,
      withheld: 'fewer than 41 people',
    });
    const none = await rowsFrom(city(six), 'equity', { ...delay, least_people: 1_001 });
    expect(everybody(none)).toMatchObject({
      value: null,
      concentration_index: null,
      concentration_low: null,
    });
  });
});

describe('the interval', () => {
  const ten: Lived[] = Array.from({ length: 10 }, (_, i) => ({
    zone: `z${i}`,
    deprivation: 10 - i,
    population: 100,
    kmh: [12, 20, 30, 60][i % 4]!,
  }));

  it('of a fifth of two zones reaches from one to the other: one of them is drawn each time', async () => {
    const [first] = await rowsFrom(city(ten), 'equity', delay);
    close(first!.value, 90);
    close(first!.low, 60);
    close(first!.high, 120);
  });

  it('holds the figure it is of, and is none of a single zone', async () => {
    for (const r of await rowsFrom(city(ten), 'equity', delay)) {
      for (const [low, figure, high] of [
        [r.low, r.value, r.high],
        [r.ratio_low, r.ratio, r.ratio_high],
        [r.concentration_low, r.concentration_index, r.concentration_high],
      ] as number[][]) {
        if (figure === null) continue;
        expect(low).toBeLessThanOrEqual(figure!);
        expect(high).toBeGreaterThanOrEqual(figure!);
      }
    }
    const [single] = await rowsFrom(city(six), 'equity', delay);
    expect(single).toMatchObject({ zones: 1, low: null, high: null });
  });

  it('is as wide as the spread of the zones makes it', async () => {
    // Groups draw from all zones: the standard error of a mean of ten equal ones is s / sqrt(10).
    const grouped = ten.map((z) => ({ ...z, people: { some: 10 } }));
    const h = [120, 60, 30, 0, 120, 60, 30, 0, 120, 60];
    const mean = h.reduce((a, b) => a + b) / 10;
    const se = Math.sqrt(h.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 9 / 10);
    const row = everybody(
      await rowsFrom(city(grouped), 'equity', { ...delay, by: 'group', replicates: 4_000 }),
    );
    close(row.value, mean);
    expect(Math.abs((row.high as number) - (row.low as number) - 2 * 1.96 * se)).toBeLessThan(0.06 * 4 * se);
  });

  it('is the same for the same data, in whatever order they lie, and another with another seed', async () => {
    const once = await rowsFrom(city(ten), 'equity', delay);
    const { zones, ...others } = city(ten);
    const again = await rowsFrom({ ...others, zones: [...zones!].reverse() }, 'equity', delay);
    const figures = (rows: Row[]) =>
      rows.map((r) => [
        r.value,
        r.low,
        r.high,
        r.ratio_low,
        r.ratio_high,
        r.concentration_low,
        r.concentration_high,
      ]);
    expect(figures(again)).toEqual(figures(once));
    // Of few samples: those of many lie where they do whatever is drawn.
    const of = async (seed: number) =>
      everybody(await rowsFrom(city(ten), 'equity', { ...delay, seed, replicates: 25 }));
    const drawn = await of(1);
    const other = await of(2);
    expect(other.value).toBe(drawn.value);
    expect(other.concentration_low).not.toBe(drawn.concentration_low);
  });
});

describe('what is a zone’s', () => {
  it('is within a walk of its centroid, or inside it', async () => {
    // The site lies 300 m east of the middle of a square of 222 m.
    const aside = city([{ zone: 'a', deprivation: 1, population: 100, kmh: 30, eastM: 300 }]);
    const zonesOf = async (more: object) =>
      everybody(await rowsFrom(aside, 'equity', { ...delay, ...more })).zones;
    expect(await zonesOf({})).toBe(1);
    expect(await zonesOf({ walk_m: 299 })).toBe(0);
    expect(await zonesOf({ assignment: 'inside' })).toBe(0);
    const wide = city([{ zone: 'a', deprivation: 1, population: 100, kmh: 30, eastM: 300, side: 0.01 }]);
    const [, , inside] = await rowsFrom(wide, 'equity', { ...delay, assignment: 'inside', walk_m: 1 });
    expect(inside).toMatchObject({ zones: 1, assignment: 'inside the area' });
  });
});

it('the travel time index of a zone is the mean of its sites', async () => {
  // Half of the vehicles at 60 km/h, half at 20: (1 + 3) / 2.
  const rows = await rowsFrom(city([{ zone: 'a', deprivation: 1, population: 100, kmh: 20 }]), 'equity', {
    ...delay,
    indicator: 'travel-time-index',
  });
  close(everybody(rows).value, 2);
});

describe('equity is not computable', () => {
  const lake = city(six);
  it('without people, deprivation or groups, and names what is lacking', async () => {
    expect(await refusal({ ...lake, zones: [] }, 'equity', delay)).toBe(
      'no zone with a population (headway network import), no zone with a deprivation (headway network import)',
    );
    const bare = lake.zones!.map(({ people, deprivation, ...zone }) => zone);
    expect(await refusal({ ...lake, zones: bare }, 'equity', delay)).toBe(
      'no zone with a deprivation (headway network import)',
    );
    expect(await refusal({ ...lake, zones: bare }, 'equity', { ...delay, by: 'group' })).toBe(
      'no zone with people by group (headway network import)',
    );
  });

  it('without what the indicator needs', async () => {
    expect(await refusal({ ...lake, windows: [] }, 'equity', delay)).toBe('no data in this period');
    const nowhere = lake.sites!.map(({ lat, lon, ...site }) => site);
    expect(await refusal({ ...lake, sites: nowhere }, 'equity', delay)).toBe('no position');
    expect(await refusal(lake, 'equity', { ...monday, indicator: 'departures' })).toMatch(/^no timetable/);
    expect(await refusal(lake, 'equity', delay)).toBeUndefined();
  });
});

it('equity answers with the columns its header promises, in that order', async () => {
  const result = await ask(city(six), 'equity', delay);
  if (!result.computable) throw new Error(result.because);
  expect(result.columns.map((c) => c.name)).toEqual(getMeasure('equity').columns.map((c) => c.name));
  expect(result.columns.map(({ type }) => type)).not.toContain('HUGEINT');
});
