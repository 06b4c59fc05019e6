import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '#analytics/measures/rows.ts';
import { smallLake } from '../../golden/measures/small-lake.ts';

let lake: DuckDBConnection;
beforeAll(async () => {
  lake = await smallLake({});
  await lake.run("SET VARIABLE city_tz = 'Europe/London'");
});

const value = async (sql: string) => (await rowsOf(lake, `SELECT ${sql} AS value`))[0]!.value;

describe('the macros', () => {
  it('give no figure where nothing was measured', async () => {
    expect(await value('flow_veh_h(NULL::BIGINT, 0)')).toBeNull();
    expect(await value('speed_kmh(0, 0, 0, 0)')).toBeNull();
    expect(await value('speed_basis(0, 0)')).toBeNull();
    expect(await value('occupancy_share(0, 0)')).toBeNull();
    expect(await value('travel_h(1, NULL::DOUBLE)')).toBeNull();
  });

  it('turn sums into figures', async () => {
    // 3 vehicles at 90 km/h: 3 x 40,000,000 us/km. 25 % of 60 s. 5 vehicles in 60 s.
    expect(await value('speed_kmh(120000000, 3, 0, 0)')).toBe(90);
    expect(await value('speed_kmh(0, 0, 50000 * 60, 60)')).toBe(50);
    expect(await value('occupancy_share(250000 * 60, 60)')).toBe(0.25);
    expect(await value('flow_veh_h(5, 60)')).toBe(300);
  });

  it('find the quantile of a histogram of 1 km/h bins, straight within a bin', async () => {
    // Four vehicles in [50, 51), four in [60, 61): the median is the end of the first bin, 75 % the middle of the second.
    const histogram = 'MAP {60::SMALLINT: 4::BIGINT, 50::SMALLINT: 4::BIGINT}';
    expect(await value(`histogram_quantile(${histogram}, 0.5)`)).toBe(51);
    expect(await value(`histogram_quantile(${histogram}, 0.75)`)).toBe(60.5);
    expect(await value('histogram_quantile(MAP {}::MAP(SMALLINT, BIGINT), 0.5)')).toBeNull();
  });

  it('know the city clock', async () => {
    expect(await value("city_time(TIMESTAMPTZ '2024-03-31 01:00:00+00')")).toBe('2024-03-31T02:00:00');
    expect(await value("hour_of_week(city_time(TIMESTAMPTZ '2024-03-31 22:30:00+00'))")).toBe(167);
    expect(
      await value(
        "[day_seconds(DATE '2024-03-31'), day_seconds(DATE '2024-10-27'), day_seconds(DATE '2024-06-01')]::VARCHAR",
      ),
    ).toBe('[82800, 90000, 86400]');
    expect(await value('clock_text(485)')).toBe('08:05');
    await expect(value("on_days('weekday', 'mondays')")).rejects.toThrow('days is all, weekdays');
  });

  it('begin bins where the city clock does, also where its hours lie off those of UTC', async () => {
    expect(await value("bin_start(TIMESTAMPTZ '2024-05-13 08:44:59+00', 15)")).toBe('2024-05-13T08:30:00Z');
    expect(await value("bin_start(TIMESTAMPTZ '2024-05-13 23:30:00+00', 1440)")).toBe('2024-05-13T23:00:00Z');
    await lake.run("SET VARIABLE city_tz = 'Asia/Kathmandu'");
    expect(await value("hour_start(TIMESTAMPTZ '2024-05-13 08:20:00+00')")).toBe('2024-05-13T08:15:00Z');
    expect(await value("hour_start(TIMESTAMPTZ '2024-05-13 08:10:00+00')")).toBe('2024-05-13T07:15:00Z');
    await lake.run("SET VARIABLE city_tz = 'America/St_Johns'");
    expect(await value("hour_start(TIMESTAMPTZ '2024-05-13 08:20:00+00')")).toBe('2024-05-13T07:30:00Z');
    await lake.run("SET VARIABLE city_tz = 'Europe/London'");
  });
});
