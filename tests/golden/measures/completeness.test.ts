import { describe, expect, it } from 'vitest';
import { ask, monday, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

const heard = (start: string, n: number, more: object = {}) =>
  series(
    start,
    Array.from({ length: n }, () => ({ count: 1, ...more })),
  );

describe('completeness', () => {
  it('is expected = observed + missing, windows that never came included', async () => {
    // a, the whole day: 86,400 s. b has nothing but 30 windows, 9,000 s. c nothing at all.
    const devices = ['a', 'b', 'c'].map((site) => ({ device: `d-${site}`, site }));
    const windows = [
      ...heard('2024-05-13T00:00:00Z', 288, { site: 'a' }),
      ...heard('2024-05-13T10:00:00Z', 30, { site: 'b' }),
    ];
    const rows = await rowsFrom({ devices, windows }, 'completeness', { ...monday, by: 'site' });
    expect(rows).toMatchObject([
      { site_id: 'a', expected_s: 86_400, observed_s: 86_400, missing_s: 0, observed_share: 1 },
      { site_id: 'b', expected_s: 86_400, observed_s: 9_000, missing_s: 77_400 },
      { site_id: 'c', expected_s: 86_400, observed_s: 0, missing_s: 86_400, promises: 1, silent_promises: 1 },
    ]);
    const answer = await ask({ devices, windows }, 'completeness', monday);
    expect(answer.dataShare).toEqual({
      expectedS: 259_200,
      observedS: 95_400,
      missingShare: 1 - 95_400 / 259_200,
      imputedShare: 0,
    });
  });

  it('lists every observed hour', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    const windows = [
      ...heard('2024-05-13T08:00:00Z', 12),
      ...heard('2024-05-13T09:30:00Z', 6, { observedS: 240 }),
    ];
    const rows = await rowsFrom({ devices, windows }, 'completeness', monday);
    expect(rows).toMatchObject([
      { hour_at: '2024-05-13T08:00:00Z', expected_s: 3_600, observed_s: 3_600, missing_s: 0 },
      { hour_at: '2024-05-13T09:00:00Z', expected_s: 3_600, observed_s: 1_440, missing_s: 2_160 },
    ]);
  });

  it('expects readings only while a device is installed', async () => {
    // Installed from 06:00 to 09:30 of a recording that runs all day: 3.5 h = 12,600 s.
    const devices = [
      { device: 'd-a', site: 'a' },
      { device: 'd-b', site: 'b', from: '2024-05-13T06:00:00Z', to: '2024-05-13T09:30:00Z' },
    ];
    const windows = heard('2024-05-13T00:00:00Z', 288, { site: 'a' });
    const rows = await rowsFrom({ devices, windows }, 'completeness', { ...monday, by: 'device' });
    expect(rows[1]).toMatchObject({ device_id: 'd-b', expected_s: 12_600, missing_s: 12_600 });
  });

  it('expects of a recording no more than it spans', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    const windows = heard('2024-05-13T08:00:00Z', 12);
    const year = { from: '2024-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z', by: 'site' };
    expect(await rowsFrom({ devices, windows }, 'completeness', year)).toMatchObject([
      { expected_s: 3_600, missing_s: 0 },
    ]);
  });

  it('goes on expecting readings of live devices up to as_of, though all of them are silent', async () => {
    const devices = [{ device: 'd-a', site: 'a', domain: 'live', from: '2024-05-13T08:00:00Z' }];
    const windows = heard('2024-05-13T08:00:00Z', 12);
    expect(await rowsFrom({ devices, windows }, 'completeness', { ...monday, by: 'site' })).toMatchObject([
      { expected_s: 3_600 },
    ]);
    const later = { ...monday, by: 'site', as_of: Date.parse('2024-05-13T11:00:00Z') };
    expect(await rowsFrom({ devices, windows }, 'completeness', later)).toMatchObject([
      { expected_s: 10_800, missing_s: 7_200 },
    ]);
  });

  it('counts each promised lane and direction, and keeps what nobody promised outside the sum', async () => {
    const devices = [{ device: 'd-a', site: 'a', lanes: [1, 2], directions: ['N', 'S'] }];
    const windows = [
      ...heard('2024-05-13T08:00:00Z', 12, { direction: 'N', lane: 1 }),
      ...heard('2024-05-13T08:00:00Z', 12, { direction: 'S', lane: 2 }),
      ...heard('2024-05-13T08:00:00Z', 1, { direction: 'N', lane: 3 }),
    ];
    expect(await rowsFrom({ devices, windows }, 'completeness', monday)).toMatchObject([
      {
        expected_s: 14_400,
        observed_s: 7_200,
        missing_s: 7_200,
        extra_s: 300,
        promises: 4,
        silent_promises: 2,
      },
    ]);
  });

  it('does not let a chattering window make up for a silent one', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    const windows = [
      ...heard('2024-05-13T08:00:00Z', 11, { observedS: 600 }),
      // So that the recording spans the whole hour.
      ...heard('2024-05-13T09:00:00Z', 1),
    ];
    expect((await rowsFrom({ devices, windows }, 'completeness', monday))[0]).toMatchObject({
      expected_s: 3_600,
      observed_s: 3_300,
      missing_s: 300,
      extra_s: 3_300,
    });
  });

  it('expects 23 and 25 hours of the days with a clock change', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    const of = (start: string, hours: number, to: string) =>
      rowsFrom({ timezone: 'Europe/London', devices, windows: heard(start, hours * 12) }, 'completeness', {
        from: start,
        to,
        by: 'day',
      });
    expect(await of('2024-03-31T00:00:00Z', 23, '2024-03-31T23:00:00Z')).toMatchObject([
      { date: '2024-03-31', expected_s: 82_800, observed_s: 82_800 },
    ]);
    expect(await of('2024-10-26T23:00:00Z', 25, '2024-10-28T00:00:00Z')).toMatchObject([
      { date: '2024-10-27', expected_s: 90_000, observed_s: 90_000 },
    ]);
  });

  it('spreads a reading longer than an hour over the hours it covers', async () => {
    const devices = [{ device: 'd-a', site: 'a', periodS: 14_400 }];
    const windows = series('2024-05-13T08:00:00Z', [{ count: 900 }], 14_400);
    const rows = await rowsFrom({ devices, windows }, 'completeness', monday);
    expect(rows.map((row) => [row.expected_s, row.observed_s])).toEqual(
      Array.from({ length: 4 }, () => [3_600, 3_600]),
    );
  });
});

describe('silent sensors', () => {
  it('lists silences within what is owed, and whether they last', async () => {
    // a: heard 00:00-06:00 and 10:00-24:00: silent 4 h. b: until 20:00, then silent. c: never. d: all day.
    const devices = ['a', 'b', 'c', 'd'].map((site) => ({ device: `d-${site}`, site }));
    const windows = [
      ...heard('2024-05-13T00:00:00Z', 72, { site: 'a' }),
      ...heard('2024-05-13T10:00:00Z', 168, { site: 'a' }),
      ...heard('2024-05-13T00:00:00Z', 240, { site: 'b' }),
      ...heard('2024-05-13T00:00:00Z', 288, { site: 'd' }),
    ];
    const rows = await rowsFrom({ devices, windows }, 'silent-sensors', monday);
    expect(rows).toMatchObject([
      { device_id: 'd-c', silent_h: 24, silent_share: 1, last_heard_at: null, still_silent: true },
      {
        device_id: 'd-a',
        silences: 1,
        silent_h: 4,
        longest_from: '2024-05-13T06:00:00Z',
        longest_to: '2024-05-13T10:00:00Z',
        last_heard_at: '2024-05-14T00:00:00Z',
        still_silent: false,
      },
      { device_id: 'd-b', silent_h: 4, longest_from: '2024-05-13T20:00:00Z', still_silent: true },
    ]);
  });

  it('leaves out short gaps, and does not take zeros for silence', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    const windows = [
      ...heard('2024-05-13T00:00:00Z', 12, { count: 0 }),
      ...heard('2024-05-13T01:55:00Z', 12),
    ];
    expect(await rowsFrom({ devices, windows }, 'silent-sensors', monday)).toEqual([]);
    expect(
      await rowsFrom({ devices, windows }, 'silent-sensors', { ...monday, silence_hours: 0.5 }),
    ).toHaveLength(1);
  });

  it('of two silences that are as long names the earlier, whichever comes first in the data', async () => {
    const devices = [{ device: 'd-a', site: 'a' }];
    // Heard from midnight, from 06:00 and from 12:00, an hour each, and from 15:00 on: silent for five hours twice, and for two.
    const parts = [
      heard('2024-05-13T00:00:00Z', 12),
      heard('2024-05-13T06:00:00Z', 12),
      heard('2024-05-13T12:00:00Z', 12),
      heard('2024-05-13T15:00:00Z', 108),
    ];
    for (const windows of [parts.flat(), parts.toReversed().flat()]) {
      expect(await rowsFrom({ devices, windows }, 'silent-sensors', monday)).toMatchObject([
        { longest_h: 5, longest_from: '2024-05-13T01:00:00Z', longest_to: '2024-05-13T06:00:00Z' },
      ]);
    }
  });

  it('puts lanes that were silent alike in one row', async () => {
    const devices = [{ device: 'd-a', site: 'a', lanes: [1, 2, 3] }];
    const windows = heard('2024-05-13T00:00:00Z', 288, { lane: 2 });
    expect(await rowsFrom({ devices, windows }, 'silent-sensors', monday)).toMatchObject([
      { lanes: '1, 3', silent_h: 24 },
    ]);
  });
});
