import { describe, expect, it } from 'vitest';
import { ask, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

/** Monday 13 to Sunday 19 May 2024, ten vehicles at 08:00 on each day and ten more on each later one. */
const week = { from: '2024-05-13T00:00:00Z', to: '2024-05-20T00:00:00Z' };
const windows = Array.from({ length: 7 }, (_, day) =>
  series(`2024-05-${13 + day}T08:00:00Z`, [{ count: 10 * (day + 1) }]),
).flat();
const flows = async (calendar: { type: string; first: string; last?: string }[]) => {
  const rows = await rowsFrom({ windows, calendar }, 'flow-profile', { ...week, by: 'site' });
  return Object.fromEntries(rows.map((row) => [row.day_class, row.flow_veh_h]));
};

describe('day types', () => {
  it('are weekday, Saturday and Sunday where no calendar says more, and the answer says so', async () => {
    // Ten vehicles in five minutes are 120 an hour; Monday to Friday 120 to 600: 360.
    expect(await flows([])).toEqual({ weekday: 360, saturday: 720, sunday: 840 });
    const answer = await ask({ windows }, 'flow-profile', week);
    expect(answer.caveats[0]).toMatch(/^Holidays unknown/);
  });

  it('keep holidays, school holidays and events apart, an event before a holiday', async () => {
    const calendar = [
      { type: 'holiday', first: '2024-05-13' },
      { type: 'school-holiday', first: '2024-05-14', last: '2024-05-18' },
      { type: 'event', first: '2024-05-16' },
      { type: 'holiday', first: '2024-05-16' },
    ];
    // Tuesday, Wednesday and Friday without school: 240, 360, 600; Saturday stays a Saturday.
    expect(await flows(calendar)).toEqual({
      holiday: 120,
      'school-holiday': 400,
      event: 480,
      saturday: 720,
      sunday: 840,
    });
    const answer = await ask({ windows, calendar }, 'flow-profile', week);
    expect(answer.caveats.join()).not.toContain('Holidays unknown');
  });

  it('are what a measure of weekdays, school days or holidays is of', async () => {
    const calendar = [
      { type: 'holiday', first: '2024-05-13' },
      { type: 'school-holiday', first: '2024-05-14' },
    ];
    const speeds = Array.from({ length: 7 }, (_, day) =>
      series(`2024-05-${13 + day}T08:00:00Z`, [{ speedKmh: 10 * (day + 1) }]),
    ).flat();
    const night = series(
      '2024-05-13T00:00:00Z',
      Array.from({ length: 14 }, () => ({ speedKmh: 100 })),
    );
    const windowsAt8 = async (days: string) => {
      const rows = await rowsFrom({ windows: [...night, ...speeds], calendar }, 'travel-time-index', {
        ...week,
        days,
      });
      return rows.find((row) => row.hour === 8)?.windows ?? 0;
    };
    const found: unknown[] = [];
    for (const days of ['all', 'weekdays', 'school-days', 'weekends', 'holidays', 'events']) {
      found.push(await windowsAt8(days));
    }
    expect(found).toEqual([7, 4, 3, 2, 1, 0]);
  });
});
