import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Row } from '#analytics/measures/rows.ts';
import { removeTemporaryFolders } from '../../unit/gtfs/small-feed.ts';
import { type Line, lineLake, type Seen } from './line-lake.ts';
import { fillZones } from './small-lake.ts';

/** Stops A, B, C and D lie a kilometre (0.008993 degrees) apart; one zone at A, one half-way to B, one at D. */
const STEP = 0.008993;
let line: Line;
beforeAll(async () => {
  line = await lineLake();
  await fillZones(line.db, [
    { zone: 'at-a', lat: 0, lon: 1, deprivation: 3, population: 100, people: { young: 40 } },
    { zone: 'between', lat: 0, lon: 1 + STEP / 2, deprivation: 2, population: 100, people: { young: 10 } },
    { zone: 'at-d', lat: 0, lon: 1 + 3 * STEP, deprivation: 1, population: 300, people: { young: 50 } },
  ]);
});
afterAll(() => {
  line.db.closeSync();
  removeTemporaryFolders();
});

/** Trip 2 leaves A four minutes late. */
const seen: Seen[] = [0, 14, 20, 30, 40, 50].map((departure, i) => ({ trip: i + 1, stop: 'A', departure }));
const all = { least_zones: 1, least_people: 1 };
const everybody = (rows: readonly Row[]) => rows.find((r) => r.group_name === 'all')!;

it('equity of departures takes each route once, by the stop that has most; where nothing leaves it is 0', async () => {
  const hour = { from_at: Date.parse('2024-05-13T08:00:00Z'), to_at: Date.parse('2024-05-13T09:00:00Z') };
  // Six an hour from A. Within 600 m of half-way are A and B, which is the same six; at D all get off.
  const rows = await line.ask('equity', seen, { ...all, ...hour, walk_m: 600 });
  expect(rows.map((r) => [r.fifth, r.zones, r.value])).toEqual([
    [1, 1, 6],
    [2, 1, 6],
    [3, 0, null],
    [4, 1, 0],
    [5, 0, null],
    [null, 3, (100 * 6 + 100 * 6) / 500],
  ]);
  // Middles at 0.1, 0.3 and 0.7: mean(h r) = (600 * 0.1 + 600 * 0.3) / 500 = 0.48; 2 * (0.48 - 2.4 / 2) / 2.4.
  expect(everybody(rows).concentration_index).toBeCloseTo(-0.6, 9);
  expect(rows[0]).toMatchObject({ unit: 'departures/h', ratio: null });
  expect(rows[0]!.withheld).toBe('no ratio, for what it is compared with: no zone with a figure');
});

it('equity of departures over a day is an hour of that day', async () => {
  const rows = await line.ask('equity', [], { ...all, by: 'group' });
  // Only the zone at A has a stop within 400 m from which anything leaves: six in 24 hours.
  expect(everybody(rows).value).toBeCloseTo((100 * 0.25) / 500, 9);
  expect(rows[0]).toMatchObject({ group_name: 'young', people: 100, zones: 3 });
  expect(rows[0]!.value).toBeCloseTo((40 * 0.25) / 100, 9);
  expect(rows[0]!.ratio).toBeCloseTo(2, 9);
});

it('equity of excess wait is what excess-wait says of the stops, and leaves out where it says nothing', async () => {
  // 0.32 minutes at A. From B, which is within 600 m of half-way too, nobody saw anything leave: half of that zone's trips.
  const [stop] = await line.ask('excess-wait', seen, { by: 'stop', stop: 'A' });
  const asked = { ...all, indicator: 'excess-wait', walk_m: 600 };
  const row = everybody(await line.ask('equity', seen, asked));
  expect(row).toMatchObject({ zones: 1, people: 100, zones_left_out: 2, people_left_out: 400, unit: 'min' });
  expect(row.value).toBeCloseTo(stop!.ewt_min as number, 9);
  expect(row.value).toBeCloseTo(0.32, 9);
  expect(everybody(await line.ask('equity', seen, { ...asked, observed_at_least: 0.5 })).zones).toBe(2);
  expect(everybody(await line.ask('equity', seen, { ...asked, frequent_per_h: 7 })).zones).toBe(0);
});
