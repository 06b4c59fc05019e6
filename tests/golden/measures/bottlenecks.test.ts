import { describe, expect, it } from 'vitest';
import { ask, monday, rowsFrom } from './ask.ts';
import { type LakeWindow, type SmallLake, series } from './small-lake.ts';

/** Five sites a kilometre apart: a, b, c, d, e, driven in that order. */
const corridors = { f: ['a', 'b', 'c', 'd', 'e'].map((site, i) => [site, i]) as [string, number][] };

/** A night at 100 km/h, so that all are freeways, and from 08:00 on five-minute steps of these speeds, site by site. */
function lakeOf(
  steps: readonly (readonly number[])[],
  more: Partial<LakeWindow> = {},
  free = 100,
): SmallLake {
  const windows = 'abcde'.split('').flatMap((site, s) => [
    ...series(
      '2024-05-13T00:00:00Z',
      Array.from({ length: 14 }, () => ({ site, speedKmh: free, ...more })),
    ),
    ...series(
      '2024-05-13T08:00:00Z',
      steps.map((speeds) => ({ site, speedKmh: speeds[s]!, ...more })),
    ),
  ]);
  return { corridors, windows };
}

const queued = [90, 40, 30, 90, 100];
const freely = [100, 100, 100, 100, 100];

describe('a bottleneck', () => {
  it('is where speed rises by more than 32 km/h from below 64, sustained in 5 of 7 steps', async () => {
    // At c 30, at d 90: a rise of 60 over 1 km. Steps 1 to 3, 5 and 6 of seven: five of seven.
    const steps = [queued, queued, queued, freely, queued, queued, freely];
    const rows = await rowsFrom(lakeOf(steps), 'bottleneck-episodes', monday);
    expect(rows).toMatchObject([
      {
        upstream_site: 'c',
        downstream_site: 'd',
        km: 2,
        from_time: '08:00',
        to_time: '08:30',
        active_min: 25,
        // b and c are below 64: each speaks for 1 km.
        mean_queue_km: 2,
        delay_veh_h: null,
        least_speed_kmh: 30,
      },
    ]);
    // A vehicle loses 1/40 - 1/97 h over the kilometre of b and 1/30 - 1/97 h over that of c: 2.263 min.
    expect(rows[0]!.lost_min_per_veh).toBeCloseTo(60 * (1 / 40 + 1 / 30 - 2 / 97), 3);
  });

  it('is none when it holds in four steps of seven only', async () => {
    const steps = [queued, queued, freely, queued, freely, freely, queued, freely, freely];
    expect(await rowsFrom(lakeOf(steps), 'bottleneck-episodes', monday)).toEqual([]);
  });

  it('needs a rise of more than 32 km/h that is strict across the sites between', async () => {
    const all = (speeds: number[]) => lakeOf(Array.from({ length: 8 }, () => speeds));
    const heads = async (speeds: number[]) =>
      (await rowsFrom(all(speeds), 'bottleneck-episodes', monday)).map((r) => [
        r.upstream_site,
        r.downstream_site,
      ]);
    // 60 to 92 is 32 and not more.
    expect(await heads([100, 100, 60, 92, 92])).toEqual([]);
    // 50 - 70 - 90 rises strictly: c to e by 40.
    expect(await heads([100, 100, 50, 70, 90])).toEqual([['c', 'e']]);
    // 50 - 70 - 70 - 90 does not.
    expect(await heads([100, 50, 70, 70, 90])).toEqual([]);
    // 30 - 45 - 90: the last slow site is c.
    expect(await heads([100, 30, 45, 90, 100])).toEqual([['c', 'd']]);
  });

  it('has its delay from flow where there is flow', async () => {
    // 60 vehicles in each of 8 steps: 8 x 60 x (1/40 + 1/30 - 2/97) h.
    const steps = Array.from({ length: 8 }, () => queued);
    const [row] = await rowsFrom(lakeOf(steps, { count: 60 }), 'bottleneck-episodes', monday);
    expect(row!.delay_veh_h).toBeCloseTo(8 * 60 * (1 / 40 + 1 / 30 - 2 / 97), 3);
  });

  it('stands on freeways only', async () => {
    const steps = Array.from({ length: 8 }, () => [70, 30, 25, 70, 80]);
    expect(await rowsFrom(lakeOf(steps, {}, 80), 'bottleneck-episodes', monday)).toEqual([]);
  });

  it('names the incident on its queue', async () => {
    const steps = Array.from({ length: 8 }, () => queued);
    const incident = { incident: 'i1', name: 'Lorry', sites: ['c'] };
    const incidents = [
      { ...incident, from: '2024-05-13T07:50:00Z', to: '2024-05-13T08:20:00Z' },
      {
        ...incident,
        incident: 'i2',
        name: 'Elsewhere in time',
        from: '2024-05-13T15:00:00Z',
        to: '2024-05-13T16:00:00Z',
      },
    ];
    expect(await rowsFrom({ ...lakeOf(steps), incidents }, 'bottleneck-episodes', monday)).toMatchObject([
      { incidents: 1, incident_names: 'Lorry' },
    ]);
  });
});

describe('bottlenecks, ranked', () => {
  /** Monday and Tuesday with the queue, Wednesday to Friday without. */
  const week = { from: '2024-05-13T00:00:00Z', to: '2024-05-18T00:00:00Z' };
  const days = (queuedDays: readonly number[]): SmallLake => {
    const windows = 'abcde'.split('').flatMap((site, s) =>
      [13, 14, 15, 16, 17].flatMap((day) => [
        ...series(
          `2024-05-${day}T00:00:00Z`,
          Array.from({ length: 14 }, () => ({ site, speedKmh: 100 })),
        ),
        ...series(
          `2024-05-${day}T08:00:00Z`,
          Array.from({ length: 8 }, () => ({
            site,
            speedKmh: (queuedDays.includes(day) ? queued : freely)[s]!,
          })),
        ),
      ]),
    );
    return { corridors, windows };
  };

  it('tell recurrent from one-off, with days a month', async () => {
    expect(await rowsFrom(days([13, 14]), 'bottlenecks', week)).toMatchObject([
      {
        rank: 1,
        kind: 'recurrent',
        upstream_site: 'c',
        part_of_day: 'am',
        typical_from: '08:00',
        typical_to: '08:40',
        days_active: 2,
        days: 5,
        days_a_month: (2 / 5) * 30.4,
      },
    ]);
    expect(await rowsFrom(days([13]), 'bottlenecks', week)).toEqual([]);
    expect(await rowsFrom(days([13]), 'bottlenecks', { ...week, recurrence: 'one-off' })).toMatchObject([
      { kind: 'one-off', days_active: 1 },
    ]);
  });

  it('do not count days that an incident explains as recurrent', async () => {
    const incidents = [
      { incident: 'i', sites: ['c'], from: '2024-05-13T08:00:00Z', to: '2024-05-13T09:00:00Z' },
    ];
    expect(
      await rowsFrom({ ...days([13, 14]), incidents }, 'bottlenecks', { ...week, recurrence: 'all' }),
    ).toMatchObject([{ kind: 'one-off', days_active: 2, incident_days: 1, incidents: 'i' }]);
  });

  it('say what they lack', async () => {
    const answer = await ask({ windows: days([13]).windows! }, 'bottlenecks', week);
    expect(answer).toMatchObject({ computable: false, because: 'no corridor' });
  });
});

describe('slow sections', () => {
  it('are streets below half of their own free-flow speed, sustained, on two days at least', async () => {
    const windows = [13, 14].flatMap((day) => [
      ...series(
        `2024-05-${day}T00:00:00Z`,
        Array.from({ length: 14 }, () => ({ speedKmh: 60 })),
      ),
      ...series(
        `2024-05-${day}T17:00:00Z`,
        Array.from({ length: 8 }, () => ({ speedKmh: 24 })),
      ),
    ]);
    const rows = await rowsFrom({ windows }, 'slow-sections', {
      from: '2024-05-13T00:00:00Z',
      to: '2024-05-15T00:00:00Z',
    });
    // 24 of 60 km/h is 40 %; eight windows a day are 40 minutes.
    expect(rows).toMatchObject([
      { part_of_day: 'pm', typical_from: '17:00', typical_to: '17:40', days_active: 2, speed_share: 0.4 },
    ]);
    expect(rows[0]!.slow_h).toBeCloseTo(80 / 60, 9);
  });
});

describe('a site whose slowness looks like a fault', () => {
  it('is slow by night while both neighbours are free', async () => {
    const windows = 'abcde'.split('').flatMap((site) =>
      series(
        '2024-05-13T00:00:00Z',
        Array.from({ length: 12 }, () => ({ site, speedKmh: site === 'c' ? 70 : 100 })),
      ),
    );
    expect(await rowsFrom({ corridors, windows }, 'slow-outliers', monday)).toMatchObject([
      { site_id: 'c', night_kmh: 70, before_kmh: 100, after_kmh: 100, slow_share: 1, steps: 12 },
    ]);
  });
});
