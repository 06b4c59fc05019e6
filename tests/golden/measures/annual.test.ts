import { describe, expect, it } from 'vitest';
import { monday, rowsFrom } from './ask.ts';
import { type LakeWindow, series } from './small-lake.ts';

const DAY_MS = 86_400_000;
const year = { from: '2023-01-01T00:00:00Z', to: '2024-01-01T00:00:00Z' };

/** A reading a day of 2023: 1,000 vehicles, 400 on Sundays, twice that in July. */
const days = (keep: (date: Date) => boolean = () => true): LakeWindow[] =>
  Array.from({ length: 365 }, (_, i) => new Date(Date.parse(year.from) + i * DAY_MS))
    .filter(keep)
    .map((date) => ({
      at: date.toISOString(),
      windowS: 86_400,
      count: (date.getUTCDay() === 0 ? 400 : 1_000) * (date.getUTCMonth() === 6 ? 2 : 1),
    }));
const inMarch = (date: Date, weekday: number) => date.getUTCMonth() === 2 && date.getUTCDay() === weekday;

describe('AADT by AASHTO', () => {
  it('is the mean over weekdays of the mean over months of their means', async () => {
    // A weekday: (11 x 1000 + 2000) / 12 = 1083.33; Sunday (11 x 400 + 800) / 12 = 433.33; (6 x 1083.33 + 433.33) / 7.
    const [row] = await rowsFrom({ windows: days() }, 'aadt', year);
    expect(row).toMatchObject({ year: 2023, cells: 84, complete_days: 365 });
    expect(row!.aadt_veh_day).toBeCloseTo((6 * 13_000 + 5_200) / 12 / 7, 6);
  });

  it('does not lean on how many days of a kind there were', async () => {
    const oneMonday = days((d) => !inMarch(d, 1) || d.getUTCDate() === 6);
    const [row] = await rowsFrom({ windows: oneMonday }, 'aadt', year);
    expect(row!.complete_days).toBe(362);
    expect(row!.aadt_veh_day).toBeCloseTo((6 * 13_000 + 5_200) / 12 / 7, 6);
  });

  it('is none where a weekday of a month is missing: then there is average daily traffic, with its dates', async () => {
    const [row] = await rowsFrom({ windows: days((d) => !inMarch(d, 1)) }, 'aadt', year);
    expect(row).toMatchObject({
      aadt_veh_day: null,
      cells: 83,
      first_date: '2023-01-01',
      last_date: '2023-12-31',
    });
    expect(row!.adt_veh_day).toBeGreaterThan(0);
  });

  it('is of both directions together too, on days complete in both', async () => {
    const each = (direction: string, count: number) =>
      series('2024-05-13T00:00:00Z', [{ direction, count }], 86_400);
    const rows = await rowsFrom({ windows: [...each('N', 100), ...each('S', 50)] }, 'aadt', monday);
    expect(rows.map((row) => [row.direction, row.adt_veh_day])).toEqual([
      ['N', 100],
      ['S', 50],
      [null, 150],
    ]);
  });
});

/** 10 vehicles an hour through 2023, 20 in February. */
const hours = (keep: (date: Date) => boolean = () => true): LakeWindow[] =>
  Array.from({ length: 8_760 }, (_, i) => new Date(Date.parse(year.from) + i * 3_600_000))
    .filter(keep)
    .map((date) => ({ at: date.toISOString(), windowS: 3_600, count: date.getUTCMonth() === 1 ? 20 : 10 }));

describe('AADT by hours (FHWA)', () => {
  it('is the mean of the months weighted by their days, and keeps partial days', async () => {
    // (337 days x 240 + 28 x 480) / 365; of March's Tuesdays one has its morning, the others their afternoon.
    const gaps = (d: Date) =>
      !inMarch(d, 2) || (d.getUTCDate() === 7 ? d.getUTCHours() < 12 : d.getUTCHours() >= 12);
    for (const keep of [undefined, gaps]) {
      const [row] = await rowsFrom({ windows: hours(keep) }, 'aadt-hourly', year);
      expect(row!.months).toBe(12);
      expect(row!.aadt_veh_day).toBeCloseTo((337 * 240 + 28 * 480) / 365, 6);
    }
  });

  it('is none without an hour that no day of a month has', async () => {
    const gap = (d: Date) => !(inMarch(d, 2) && d.getUTCHours() === 4);
    const [row] = await rowsFrom({ windows: hours(gap) }, 'aadt-hourly', year);
    expect(row).toMatchObject({ aadt_veh_day: null, months: 11 });
  });
});

describe('design hour', () => {
  const both = (counts: readonly number[]) =>
    ['N', 'S'].flatMap((direction) =>
      series(
        '2024-05-13T00:00:00Z',
        counts.map((n) => ({ direction, count: direction === 'N' ? 2 * n : n })),
        3_600,
      ),
    );
  const two = { from: '2024-05-13T00:00:00Z', to: '2024-05-15T00:00:00Z' };

  it('is the 30th highest clock hour of both directions, K its share of the day, D its larger direction', async () => {
    // Hours of 3, 6, ... 120 vehicles: the 30th from the top is 33, of which 22 northbound. Monday: 3 x (1 + ... + 24) = 900.
    const [row] = await rowsFrom(
      { windows: both(Array.from({ length: 40 }, (_, i) => i + 1)) },
      'design-hour',
      two,
    );
    expect(row).toMatchObject({
      design_hour_veh: 33,
      design_hour_at: '2024-05-13T10:00:00Z',
      daily_veh_day: 900,
      daily_basis: 'average of complete days',
      highest_veh: 120,
      hours: 40,
      standing: 'indicative',
    });
    expect(row!.k_factor).toBeCloseTo(33 / 900, 9);
    expect(row!.d_factor).toBeCloseTo(2 / 3, 9);
  });

  it('is one hour also where many are equal: the thirtieth of them, on a clock half an hour beside UTC too', async () => {
    const windows = both(Array.from({ length: 40 }, () => 5));
    const rows = await rowsFrom({ windows }, 'design-hour', two);
    expect(rows).toMatchObject([{ design_hour_at: '2024-05-14T05:00:00Z' }]);
    const later = windows.map((w) => ({ ...w, at: new Date(Date.parse(w.at) + 1_800_000).toISOString() }));
    const india = await rowsFrom({ windows: later, timezone: 'Asia/Kolkata' }, 'design-hour', two);
    expect(india).toMatchObject([{ design_hour_at: '2024-05-14T05:30:00Z' }]);
  });
});

describe('peak spreading', () => {
  it('is the share of the peak hour in the three hours around it', async () => {
    const counts = [0, 0, 0, 0, 0, 0, 0, 100, 200, 100, 0, 0, 0, 0, 0, 0, 95, 100, 95, 90, 0, 0, 0, 0];
    const windows = series(
      '2024-05-13T00:00:00Z',
      counts.map((count) => ({ count })),
      3_600,
    );
    expect(await rowsFrom({ windows }, 'peak-spreading', monday)).toMatchObject([
      {
        part_of_day: 'am',
        month: '2024-05-01',
        peak_hour: 8,
        peak_veh_h: 200,
        peak_share: 0.5,
        broad_hours: 1,
      },
      // 100 / 290; four hours carry 90 and more.
      { part_of_day: 'pm', peak_hour: 17, peak_share: 100 / 290, broad_hours: 4 },
    ]);
  });
});
