import { describe, expect, it } from 'vitest';
import { monday, rowsFrom } from './ask.ts';
import { type LakeWindow, series } from './small-lake.ts';

const hour = (each: Omit<LakeWindow, 'at'>, start = '2024-05-13T08:00:00Z') =>
  series(
    start,
    Array.from({ length: 12 }, () => each),
  );

describe('flow profile', () => {
  it('is count over observed time, summed over lanes', async () => {
    // Lane 1: 12 x 10 = 120 vehicles in 3,600 s = 120 veh/h. Lane 2: 60 vehicles in 1,800 s observed = 120 veh/h.
    const windows = [...hour({ lane: 1, count: 10 }), ...hour({ lane: 2, count: 10 }).slice(0, 6)];
    const devices = [{ device: 'd-a', site: 'a', lanes: [1, 2] }];
    expect(await rowsFrom({ windows, devices }, 'flow-profile', monday)).toMatchObject([
      {
        day_class: 'weekday',
        time_of_day: '08:00',
        flow_veh_h: 240,
        lanes_observed: 2,
        lanes_expected: 2,
        sites: 1,
        days: 1,
      },
    ]);
  });

  it('is not lowered by a reading that never came', async () => {
    // 240 s observed of 300, 8 vehicles: 8 x 3600 / 240 = 120 veh/h, not 96.
    const windows = series('2024-05-13T08:00:00Z', [{ count: 8, observedS: 240 }]);
    expect(await rowsFrom({ windows }, 'flow-profile', monday)).toMatchObject([
      { flow_veh_h: 120, count_s: 240 },
    ]);
  });

  it('shows a lane that was not observed, instead of a lower flow', async () => {
    const windows = hour({ lane: 1, count: 10 });
    const promised = [{ device: 'd-a', site: 'a', lanes: [1, 2] }];
    expect(
      await rowsFrom({ windows, devices: promised }, 'flow-profile', { ...monday, by: 'site' }),
    ).toMatchObject([{ flow_veh_h: 120, lanes_observed: 1, lanes_expected: 2 }]);
    // Three lanes by the registry, of which one has a detector.
    const sites = [{ site: 'a', lanes: 3 }];
    const one = [{ device: 'd-a', site: 'a', lanes: [1] }];
    expect(
      await rowsFrom({ windows, sites, devices: one }, 'flow-profile', { ...monday, by: 'site' }),
    ).toMatchObject([{ flow_veh_h: 120, lanes_observed: 1, lanes_expected: 3 }]);
  });

  it('does not lower the mean of a lane that was dead on one of two days', async () => {
    // Monday both lanes 120 veh/h, Tuesday lane 2 dead: lane means stay 120 + 120.
    const windows = [
      ...hour({ lane: 1, count: 10 }),
      ...hour({ lane: 2, count: 10 }),
      ...hour({ lane: 1, count: 10 }, '2024-05-14T08:00:00Z'),
    ];
    const rows = await rowsFrom({ windows }, 'flow-profile', { ...monday, to: '2024-05-15T00:00:00Z' });
    expect(rows).toMatchObject([{ flow_veh_h: 240, days: 2 }]);
  });

  it('continues the stream of a device that was replaced, and adds devices that stand there at once', async () => {
    const asked = { from: '2024-05-13T00:00:00Z', to: '2024-05-15T00:00:00Z' };
    const old = hour({ device: 'old', count: 10 });
    const fresh = hour({ device: 'new', count: 20 }, '2024-05-14T08:00:00Z');
    // One lane: 120 veh/h on Monday, 240 on Tuesday: 180 on the mean weekday.
    const replaced = [
      { device: 'old', site: 'a', to: '2024-05-14T00:00:00Z' },
      { device: 'new', site: 'a', from: '2024-05-14T00:00:00Z' },
    ];
    expect(
      await rowsFrom({ windows: [...old, ...fresh], devices: replaced }, 'flow-profile', asked),
    ).toMatchObject([{ flow_veh_h: 180, lanes_observed: 1, lanes_expected: 1 }]);
    const together = [
      { device: 'old', site: 'a' },
      { device: 'new', site: 'a' },
    ];
    const both = [...old, ...hour({ device: 'new', count: 20 })];
    expect(await rowsFrom({ windows: both, devices: together }, 'flow-profile', asked)).toMatchObject([
      { flow_veh_h: 360, lanes_observed: 2, lanes_expected: 2 },
    ]);
  });

  it('expects no counts of a device that measures speed alone', async () => {
    const windows = [...hour({ device: 'loop', count: 10 }), ...hour({ device: 'radar', speedKmh: 50 })];
    const devices = [
      { device: 'loop', site: 'a' },
      { device: 'radar', site: 'a' },
    ];
    expect(await rowsFrom({ windows, devices }, 'flow-profile', monday)).toMatchObject([
      { flow_veh_h: 120, lanes_observed: 1, lanes_expected: 1 },
    ]);
  });

  it('averages over sites for the city, and tells Saturdays and Sundays apart by the city clock', async () => {
    // 2024-05-18 is a Saturday; 06:00 UTC on the 19th is still Saturday 23:00 in Los Angeles.
    const windows = [
      ...hour({ site: 'a', count: 10 }, '2024-05-19T06:00:00Z'),
      ...hour({ site: 'b', count: 20 }, '2024-05-19T06:00:00Z'),
      ...hour({ site: 'a', count: 30 }, '2024-05-19T07:00:00Z'),
    ];
    const rows = await rowsFrom({ timezone: 'America/Los_Angeles', windows }, 'flow-profile', {
      from: '2024-05-18T07:00:00Z',
      to: '2024-05-20T07:00:00Z',
    });
    expect(rows.map((row) => [row.day_class, row.time_of_day, row.flow_veh_h, row.sites])).toEqual([
      ['saturday', '23:00', 180, 2],
      ['sunday', '00:00', 360, 1],
    ]);
  });
});

describe('counts', () => {
  const windows = [
    ...series('2024-05-13T08:00:00Z', [
      { device: 'x', lane: 1, count: 4 },
      { device: 'x', lane: 1, count: 6, observedS: 150 },
    ]),
    ...series('2024-05-13T08:00:00Z', [{ device: 'y', lane: 1, count: 5 }]),
  ];

  it('lists windows by site and lane, devices on one lane together', async () => {
    // 4 in 300 s = 48 veh/h and 5 in 300 s = 60: 108. Then 6 in 150 s = 144.
    expect(await rowsFrom({ windows }, 'counts', monday)).toMatchObject([
      {
        start_at: '2024-05-13T08:00:00Z',
        lane: 1,
        counted: 'vehicles',
        count: 9,
        count_s: 600,
        flow_veh_h: 108,
        devices: 2,
      },
      { start_at: '2024-05-13T08:05:00Z', count: 6, count_s: 150, flow_veh_h: 144, devices: 1 },
    ]);
  });

  it('lists them by device, or in longer bins', async () => {
    const each = await rowsFrom({ windows }, 'counts', { ...monday, by: 'device', bin_minutes: 60 });
    // x: 10 in 450 s = 80 veh/h.
    expect(each).toMatchObject([
      { device_id: 'x', count: 10, count_s: 450, flow_veh_h: 80 },
      { device_id: 'y', count: 5, count_s: 300, flow_veh_h: 60 },
    ]);
  });

  it('calls detector events actuations per channel, and gives them no flow', async () => {
    const events: LakeWindow[] = series('2024-05-13T15:00:00Z', [
      { kind: 'signal-event', lane: 7, count: 12 },
      { kind: 'signal-event', lane: 7, count: 3 },
      { kind: 'signal-event', lane: 0 },
    ]);
    expect(
      await rowsFrom({ windows: events }, 'counts', { ...monday, kind: 'signal-event', bin_minutes: 15 }),
    ).toMatchObject([{ lane: 7, counted: 'actuations per channel', count: 15, flow_veh_h: null }]);
  });

  it('makes two hours of the hour that happens twice, and one day of the day that has 25', async () => {
    const autumn = {
      timezone: 'Europe/London',
      windows: series(
        '2024-10-26T23:00:00Z',
        Array.from({ length: 25 * 12 }, () => ({ count: 1 })),
      ),
    };
    const asked = { from: '2024-10-26T23:00:00Z', to: '2024-10-28T00:00:00Z' };
    const hours = await rowsFrom(autumn, 'counts', { ...asked, bin_minutes: 60 });
    expect(hours).toHaveLength(25);
    expect(
      hours.filter((row) => row.local_time === '2024-10-27T01:00:00').map((row) => row.start_at),
    ).toEqual(['2024-10-27T00:00:00Z', '2024-10-27T01:00:00Z']);
    const days = await rowsFrom(autumn, 'counts', { ...asked, bin_minutes: 1440 });
    expect(days).toMatchObject([{ start_at: '2024-10-26T23:00:00Z', count: 300, count_s: 90_000 }]);
  });
});

/** A day of five-minute windows, each with this many vehicles. */
const wholeDay = (date: string, count: number, windows = 288) =>
  series(
    `${date}T00:00:00Z`,
    Array.from({ length: windows }, () => ({ count })),
  );

describe('average daily traffic', () => {
  it('is the mean of the weekday means over complete days, where all seven weekdays are there', async () => {
    // Monday to Sunday 1 vehicle a window (288 a day), a second Monday with 8 (2,304):
    // Monday's mean 1,296; (1296 + 6 x 288) / 7 = 432. The plain mean of eight days would be 540.
    const dates = ['13', '14', '15', '16', '17', '18', '19'].map((d) => `2024-05-${d}`);
    const windows = [...dates.flatMap((date) => wholeDay(date, 1)), ...wholeDay('2024-05-20', 8)];
    const rows = await rowsFrom({ windows }, 'average-daily-traffic', {
      from: '2024-05-13T00:00:00Z',
      to: '2024-05-21T00:00:00Z',
    });
    expect(rows).toMatchObject([
      {
        method: 'mean of weekday means',
        adt_veh_day: 432,
        // Mondays to Fridays: (288 x 5 + 2304) / 6 = 624.
        weekday_veh_day: 624,
        weekend_veh_day: 288,
        complete_days: 8,
        first_date: '2024-05-13',
        last_date: '2024-05-20',
        observed_share: 1,
      },
    ]);
  });

  it('leaves out days that were not observed for 95 %, and adds nothing to the others', async () => {
    // 274 of 288 windows = 95.1 %: complete, 274 vehicles. 273 = 94.8 %: not.
    const windows = [...wholeDay('2024-05-13', 1, 274), ...wholeDay('2024-05-14', 1, 273)];
    const rows = await rowsFrom({ windows }, 'average-daily-traffic', {
      ...monday,
      to: '2024-05-15T00:00:00Z',
    });
    expect(rows).toMatchObject([
      { method: 'mean of complete days', adt_veh_day: 274, complete_days: 1, days: 2, weekend_veh_day: null },
    ]);
    expect(rows[0]!.observed_share).toBeCloseTo(274 / 288, 9);
  });

  it('takes no day as complete on which a promised lane was silent', async () => {
    const windows = wholeDay('2024-05-13', 1).map((w) => ({ ...w, lane: 1 }));
    const devices = [{ device: 'd-a', site: 'a', lanes: [1, 2] }];
    expect(await rowsFrom({ windows, devices }, 'average-daily-traffic', monday)).toMatchObject([
      { adt_veh_day: null, method: null, complete_days: 0, days: 1, lanes_observed: 1, lanes_expected: 2 },
    ]);
  });

  it('knows that a day with a clock change has 23 or 25 hours', async () => {
    const london = (start: string, hours: number, to: string) =>
      rowsFrom(
        {
          timezone: 'Europe/London',
          windows: series(
            start,
            Array.from({ length: hours * 12 }, () => ({ count: 1 })),
          ),
        },
        'average-daily-traffic',
        { from: start, to },
      );
    expect(await london('2024-03-31T00:00:00Z', 23, '2024-03-31T23:00:00Z')).toMatchObject([
      { adt_veh_day: 276, complete_days: 1, observed_share: 1 },
    ]);
    expect(await london('2024-10-26T23:00:00Z', 25, '2024-10-28T00:00:00Z')).toMatchObject([
      { adt_veh_day: 300, complete_days: 1, observed_share: 1 },
    ]);
    // 24 hours of the 25 are 96 %: complete; 23 are 92 %: not.
    expect(await london('2024-10-26T23:00:00Z', 23, '2024-10-28T00:00:00Z')).toMatchObject([
      { complete_days: 0 },
    ]);
  });
});

describe('peak hour', () => {
  /** Quarters from 07:00: V15 of 60, 90, 120, 105, 75 vehicles; the rest of the day 30. */
  const quarters = (date: string) =>
    series(
      `${date}T00:00:00Z`,
      Array.from({ length: 96 }, (_, i) => ({ count: [60, 90, 120, 105, 75][i - 28] ?? 30 })),
      900,
    );

  it('is the worst four consecutive quarters, with the peak hour factor of the highest', async () => {
    // 07:15 to 08:15: 90 + 120 + 105 + 75 = 390; PHF = 390 / (4 x 120) = 0.8125. From 07:00 it is 375.
    const rows = await rowsFrom({ windows: quarters('2024-05-13') }, 'peak-hour', monday);
    expect(rows[0]).toMatchObject({
      part_of_day: 'am',
      peak_start: '07:15',
      peak_flow_veh_h: 390,
      highest_at: '2024-05-13T07:15:00Z',
      highest_veh: 390,
      peak_hour_factor: 0.8125,
      resolution_min: 15,
    });
    expect(rows[1]).toMatchObject({
      part_of_day: 'pm',
      peak_start: '12:00',
      peak_flow_veh_h: 120,
      peak_hour_factor: 1,
    });
  });

  it('leaves weekends out unless asked, and takes the mean day over the others', async () => {
    // Monday's peak 390, Tuesday flat at 30 a quarter (120): the mean day peaks at (390 + 120) / 2 = 255.
    const tuesday = series(
      '2024-05-14T00:00:00Z',
      Array.from({ length: 96 }, () => ({ count: 30 })),
      900,
    );
    const saturday = series(
      '2024-05-18T00:00:00Z',
      Array.from({ length: 96 }, () => ({ count: 500 })),
      900,
    );
    const rows = await rowsFrom(
      { windows: [...quarters('2024-05-13'), ...tuesday, ...saturday] },
      'peak-hour',
      {
        from: '2024-05-13T00:00:00Z',
        to: '2024-05-20T00:00:00Z',
      },
    );
    expect(rows[0]).toMatchObject({ peak_start: '07:15', peak_flow_veh_h: 255, days: 2, highest_veh: 390 });
  });

  it('falls back to clock hours, without a factor, where readings are hourly', async () => {
    const windows = series(
      '2024-05-13T00:00:00Z',
      Array.from({ length: 24 }, (_, i) => ({ count: i === 8 ? 90 : 10 })),
      3600,
    );
    const rows = await rowsFrom({ windows }, 'peak-hour', monday);
    expect(rows[0]).toMatchObject({
      peak_start: '08:00',
      peak_flow_veh_h: 90,
      highest_veh: 90,
      peak_hour_factor: null,
      resolution_min: 60,
    });
  });

  it('takes no single hour with a quarter that was not observed', async () => {
    // Without 07:45 the highest whole hour before noon is that of 06:45: 30 + 60 + 90 + 120 = 300.
    const windows = quarters('2024-05-13').filter((w) => !w.at.includes('T07:45'));
    const rows = await rowsFrom({ windows }, 'peak-hour', monday);
    expect(rows[0]).toMatchObject({ highest_at: '2024-05-13T06:45:00Z', highest_veh: 300 });
  });
});
