import { describe, expect, it } from 'vitest';
import { ask, monday, refusal, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

const corridors = {
  main: [
    ['a', 0],
    ['b', 2],
  ] as [string, number][],
};
const sites = [{ site: 'a' }, { site: 'b' }];
const day = (each: object) =>
  ['a', 'b'].flatMap((site) =>
    series(
      '2024-05-13T00:00:00Z',
      Array.from({ length: 24 }, () => ({ site, ...each })),
    ),
  );

describe('a measure that the data can not answer', () => {
  const speedOnly = { sites, corridors, windows: day({ speedKmh: 60 }) };
  const volumesOnly = { sites, windows: day({ count: 9 }) };

  it.each(['vkt', 'vht', 'delay', 'flow-profile', 'average-daily-traffic', 'peak-hour', 'counts'])(
    '%s of a recording with speeds alone says: no flow',
    async (measure) => expect(await refusal(speedOnly, measure, monday)).toBe('no flow'),
  );

  it.each(['speed-by-hour-of-week', 'free-flow-speed', 'travel-time-index', 'slowest-sites'])(
    '%s of a recording with volumes alone says: no speed',
    async (measure) => expect(await refusal(volumesOnly, measure, monday)).toBe('no speed'),
  );

  it('names each field that is missing everywhere', async () => {
    expect(await refusal(volumesOnly, 'vht', monday)).toBe(
      'no speed, no length of road (no length_km, and on no corridor)',
    );
    expect(await refusal(volumesOnly, 'corridor-travel-time', monday)).toBe('no corridor');
    const noNight = {
      sites: [{ site: 'a', km: 1 }],
      windows: series('2024-05-13T08:00:00Z', [{ count: 9, speedKmh: 50 }]),
    };
    expect(await refusal(noNight, 'delay', monday)).toMatch(/^no free-flow speed/);
    expect(await refusal(noNight, 'delay', { ...monday, reference_speed_kmh: 60 })).toBeUndefined();
    expect(await refusal(noNight, 'delay', { ...monday, reference: 'speed-limit' })).toBe('no speed limit');
  });

  it('does not combine the flow of one site with the speed of another', async () => {
    const windows = [
      ...series('2024-05-13T08:00:00Z', [{ site: 'a', count: 9 }]),
      ...series('2024-05-13T08:00:00Z', [{ site: 'b', speedKmh: 50 }]),
    ];
    expect(await refusal({ sites, corridors, windows }, 'vht', monday)).toMatch(/^no site has all of these/);
  });

  it('says which site of a corridor has no speed', async () => {
    const windows = series('2024-05-13T08:00:00Z', [{ site: 'a', speedKmh: 50 }]);
    expect(
      await refusal({ sites, corridors, windows }, 'corridor-travel-time', {
        ...monday,
        corridor_id: 'main',
      }),
    ).toBe('no speed at 1 of 2 sites: b');
  });

  it('says that a period is empty, and that nothing is promised', async () => {
    const june = { from: '2024-06-01T00:00:00Z', to: '2024-06-02T00:00:00Z' };
    expect(await refusal(speedOnly, 'speed-by-hour-of-week', june)).toBe('no data in this period');
    const events = {
      devices: [{ device: 'd-a', site: 'a', periodS: null }],
      windows: series('2024-05-13T08:00:00Z', [{ kind: 'signal-event' as const, lane: 3, count: 2 }]),
    };
    expect(await refusal(events, 'completeness', monday)).toBe('no promised period');
    expect((await ask(events, 'completeness', monday)).dataShare).toMatchObject({
      expectedS: 0,
      missingShare: null,
    });
  });

  it('tells a city of signal events apart from one without data', async () => {
    const events = series('2024-05-13T08:00:00Z', [{ kind: 'signal-event' as const, lane: 3, count: 2 }]);
    expect(await refusal({ windows: events }, 'flow-profile', monday)).toBe('no flow');
    expect(await refusal({ windows: events }, 'slowest-sites', monday)).toBe('no speed');
    expect(await refusal(volumesOnly, 'counts', { ...monday, kind: 'signal-event' })).toBe('no actuations');
  });

  it('answers for a wholly silent period with what was missed', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    const windows = [
      ...series('2024-05-12T00:00:00Z', [{ count: 1 }]),
      ...series('2024-05-15T00:00:00Z', [{ count: 1 }]),
    ];
    expect(await rowsFrom({ devices, windows }, 'completeness', { ...monday, by: 'site' })).toMatchObject([
      { expected_s: 86_400, observed_s: 0, missing_s: 86_400 },
    ]);
    const flow = await ask({ devices, windows }, 'flow-profile', monday);
    expect(flow).toMatchObject({
      computable: false,
      because: 'no data in this period',
      dataShare: { missingShare: 1 },
    });
  });
});
