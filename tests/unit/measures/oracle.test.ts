import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '#analytics/measures/rows.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { fillWindows, type LakeWindow, smallLake } from '../../golden/measures/small-lake.ts';

const HOUR_MS = 3_600_000;
const START = Date.parse('2024-10-26T20:00:00Z');
const HOURS = 12;
const ZONE = 'Europe/London';
const km: Record<string, number> = { a: 0.7, b: 1.3 };

/** Any windows of two sites around the night on which London's clocks go back. */
const anyWindows = fc
  .uniqueArray(
    fc.record({
      site: fc.constantFrom('a', 'b'),
      lane: fc.integer({ min: 1, max: 2 }),
      slot: fc.integer({ min: 0, max: HOURS * 12 - 1 }),
      count: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
      speedKmh: fc.option(fc.integer({ min: 1, max: 130 }), { nil: undefined }),
      observedS: fc.constantFrom(60, 180, 240, 300),
    }),
    { selector: (w) => `${w.site}/${w.lane}/${w.slot}`, minLength: 1, maxLength: 80 },
  )
  .map((all) =>
    all.map(
      ({ slot, count, speedKmh, ...rest }): LakeWindow => ({
        ...rest,
        at: new Date(START + slot * 300_000).toISOString(),
        ...(count === undefined ? {} : { count }),
        ...(speedKmh === undefined ? {} : { speedKmh }),
      }),
    ),
  );

const lake = await smallLake({
  timezone: ZONE,
  sites: Object.entries(km).map(([site, length]) => ({ site, km: length })),
  devices: Object.keys(km).map((site) => ({ device: `d-${site}`, site, domain: 'live', lanes: [1, 2] })),
});

const lakeOf = async (windows: LakeWindow[]): Promise<DuckDBConnection> => {
  await fillWindows(lake, windows);
  return lake;
};

const ask = async (connection: DuckDBConnection, name: string, more: object = {}): Promise<Row[]> => {
  const answer = await runMeasure(connection, name, {
    from_at: START,
    to_at: START + HOURS * HOUR_MS,
    ...more,
  });
  return answer.computable ? answer.rows : [];
};

const london = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  weekday: 'short',
  hour: '2-digit',
  hourCycle: 'h23',
});
const hourOfWeek = (at: string): number => {
  const parts = london.formatToParts(Date.parse(at));
  const part = (type: string) => parts.find((p) => p.type === type)!.value;
  return (
    ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday')) * 24 + Number(part('hour'))
  );
};

const groupBy = <T>(items: readonly T[], key: (item: T) => string): T[][] =>
  Object.values(Object.groupBy(items, key)) as T[][];
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const vehiclesWithSpeed = (w: LakeWindow) => w.count !== undefined && w.count > 0 && w.speedKmh !== undefined;

/** Mean speed of vehicles one by one: each drives a kilometre; without vehicles, of seconds one by one. */
function meanSpeed(windows: readonly LakeWindow[]): number | null {
  const counted = windows.filter(vehiclesWithSpeed);
  if (counted.length > 0) {
    const hours = sum(counted.map((w) => sum(Array.from({ length: w.count! }, () => 1 / w.speedKmh!))));
    return sum(counted.map((w) => w.count!)) / hours;
  }
  const timed = windows.filter((w) => w.count === undefined && w.speedKmh !== undefined);
  if (timed.length === 0) return null;
  return sum(timed.map((w) => w.speedKmh! * w.observedS!)) / sum(timed.map((w) => w.observedS!));
}

const close = (actual: unknown, expected: number) =>
  expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)));

const runs = { numRuns: 12 };

describe('measures agree with plain arithmetic over any windows', () => {
  it('speed by hour of the week, through the night on which clocks go back', async () => {
    await fc.assert(
      fc.asyncProperty(anyWindows, async (windows) => {
        const rows = await ask(await lakeOf(windows), 'speed-by-hour-of-week', { by: 'site' });
        const expected = groupBy(windows, (w) => `${w.site}/${String(hourOfWeek(w.at)).padStart(3, '0')}`)
          .map((group) => ({
            site: group[0]!.site!,
            hour: hourOfWeek(group[0]!.at),
            speed: meanSpeed(group),
          }))
          .filter((row) => row.speed !== null)
          .sort((x, y) => (x.site === y.site ? x.hour - y.hour : x.site < y.site ? -1 : 1));
        expect(rows.map((row) => [row.site_id, row.hour_of_week])).toEqual(
          expected.map((row) => [row.site, row.hour]),
        );
        for (const [i, row] of rows.entries()) close(row.speed_kmh, expected[i]!.speed!);
      }),
      runs,
    );
  });

  it('vehicle kilometres, vehicle hours and delay', async () => {
    await fc.assert(
      fc.asyncProperty(anyWindows, async (windows) => {
        const connection = await lakeOf(windows);
        const counted = windows.filter((w) => w.count !== undefined);
        const vkt = sum((await ask(connection, 'vkt')).map((row) => row.vkt_veh_km as number));
        close(vkt, sum(counted.map((w) => w.count! * km[w.site!]!)));

        let vht = 0;
        let delay = 0;
        for (const group of groupBy(windows, (w) => `${w.site}/${w.at}`)) {
          const speed = meanSpeed(group);
          if (speed === null) continue;
          const vehicleKm = sum(group.map((w) => (w.count ?? 0) * km[w.site!]!));
          vht += vehicleKm / Math.max(5, speed);
          delay += Math.max(0, vehicleKm / Math.max(5, speed) - vehicleKm / 70);
        }
        const [vhtRows, delayRows] = [
          await ask(connection, 'vht'),
          await ask(connection, 'delay', { reference_speed_kmh: 70 }),
        ];
        if (vhtRows.length > 0) close(sum(vhtRows.map((row) => (row.vht_veh_h as number | null) ?? 0)), vht);
        if (delayRows.length > 0) close(sum(delayRows.map((row) => row.delay_veh_h as number)), delay);
      }),
      runs,
    );
  });

  it('flow profile: each lane by itself, then added up', async () => {
    await fc.assert(
      fc.asyncProperty(anyWindows, async (windows) => {
        const rows = await ask(await lakeOf(windows), 'flow-profile', { by: 'site' });
        const counted = windows.filter((w) => w.count !== undefined);
        const expected = groupBy(
          counted,
          (w) => `${w.site}/${Math.floor(hourOfWeek(w.at) / 24)}/${hourOfWeek(w.at)}`,
        ).map((group) => {
          const lanes = groupBy(group, (w) => String(w.lane));
          return {
            key: `${group[0]!.site}/${hourOfWeek(group[0]!.at)}`,
            flow: sum(
              lanes.map(
                (lane) => (3_600 * sum(lane.map((w) => w.count!))) / sum(lane.map((w) => w.observedS!)),
              ),
            ),
            lanes: lanes.length,
          };
        });
        expect(rows).toHaveLength(expected.length);
        for (const row of rows) {
          const day = { saturday: 5, sunday: 6 }[row.day_class as string]!;
          const found = expected.find(
            ({ key }) =>
              key === `${row.site_id}/${day * 24 + Number((row.time_of_day as string).slice(0, 2))}`,
          )!;
          close(row.flow_veh_h, found.flow);
          expect([row.lanes_observed, row.lanes_expected]).toEqual([found.lanes, 2]);
        }
      }),
      runs,
    );
  });

  it('completeness adds up exactly: expected = observed + missing, by hour, site and device alike', async () => {
    await fc.assert(
      fc.asyncProperty(anyWindows, async (windows) => {
        const connection = await lakeOf(windows);
        const first = Math.min(...windows.map((w) => Date.parse(w.at)));
        const last = Math.max(...windows.map((w) => Date.parse(w.at))) + 300_000;
        const expected = (4 * (last - first)) / 1_000;
        const observed = sum(windows.map((w) => w.observedS!));
        for (const by of ['hour', 'day', 'site', 'device']) {
          const rows = await ask(connection, 'completeness', { by });
          const total = (column: string) => sum(rows.map((row) => row[column] as number));
          expect([total('expected_s'), total('observed_s'), total('missing_s'), total('extra_s')]).toEqual([
            expected,
            observed,
            expected - observed,
            0,
          ]);
        }
      }),
      runs,
    );
  });
});
