import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { type Fault, faultKinds } from '#device-sim/faults/fault.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import type { SensorTruth } from '#device-sim/truth/truth.ts';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import { auditDifferences } from '../../system/recovery/audit-differences.ts';
import { sendSimulatedPast, temporaryCity } from './simulated-past.ts';

/** HEADWAY_SIMULATED_DAYS=14 HEADWAY_SIMULATED_SENSORS=300 HEADWAY_SIMULATED_SEEDS=20: the longer form. */
const asked = (name: string, usual: number) => Number(process.env[`HEADWAY_SIMULATED_${name}`] ?? usual);
const days = asked('DAYS', 1);
const sensors = asked('SENSORS', 50);
const moreSeeds = Math.max(0, asked('SEEDS', 2) - 2);

/** Midnights in London. The second city lives through the night when clocks go forward. */
const pasts = [
  { seed: 1, from: Date.UTC(2026, 2, 4) },
  { seed: 4, from: Date.UTC(2026, 2, 29) },
  ...Array.from({ length: moreSeeds }, (_, i) => ({ seed: 101 + i, from: Date.UTC(2026, 9, 20 + i) })),
];

describe.each(pasts)('a simulated city whose truth is known (seed $seed)', ({ seed, from }) => {
  const to = from + days * DAY_MS;
  const city = simulatedCity({ seed, sensors });
  const faults = [...plantedFaults(city, { from, to })];
  faults.push(...impossibleClocks(city.sensors, faults, from, to));
  const data = temporaryCity(city);
  let truth: SensorTruth[];
  let lake: DuckDBConnection;
  beforeAll(async () => {
    truth = await sendSimulatedPast(data, { city, from, to, faults });
    lake = await lakeSession(data);
  });
  afterAll(() => {
    lake?.closeSync();
    data.remove();
  });

  test('has every kind of fault, and every outcome that faults can lead to', () => {
    const planted = new Set(faults.map((f) => f.kind));
    expect(faultKinds.filter((kind) => !planted.has(kind) && kind !== 'swapped-lanes')).toEqual([]);
    const outcomes = ['counted', 'duplicate', 'restated', 'ahead', 'behind', 'lost'] as const;
    expect(outcomes.filter((outcome) => sum(truth, outcome) === 0)).toEqual([]);
  });

  test('has each reading under the outcome it must have, device by device', async () => {
    const ledger = await rows<{ device_id: string; name: string; readings: number }>(
      `SELECT device_id, if(reason = '', outcome, reason) AS name, sum(readings)::DOUBLE AS readings
       FROM ledger GROUP BY ALL HAVING sum(readings) > 0`,
    );
    const found = Object.fromEntries(truth.map((t) => [t.deviceId, {} as Record<string, number>]));
    for (const { device_id, name, readings } of ledger) found[device_id]![name] = readings;
    expect(found).toEqual(
      Object.fromEntries(
        truth.map(({ deviceId, counted, duplicate, restated, ahead, behind }) => [
          deviceId,
          withoutZeros({ counted, duplicate, restated, ahead, behind }),
        ]),
      ),
    );
  });

  test('has each vehicle that was counted in a window, and no other', async () => {
    const found = await rows<{ device_id: string; readings: number; vehicles: number; observed_s: number }>(
      `SELECT device_id, sum(readings)::DOUBLE AS readings, coalesce(sum(count), 0)::DOUBLE AS vehicles,
         sum(observed_s)::DOUBLE AS observed_s FROM windows GROUP BY ALL ORDER BY device_id`,
    );
    const expected = truth
      .filter((t) => t.counted > 0)
      .map((t) => ({
        device_id: t.deviceId,
        readings: t.counted,
        vehicles: t.vehicles,
        observed_s: 60 * t.counted,
      }));
    expect(found).toEqual(expected.sort((a, b) => (a.device_id < b.device_id ? -1 : 1)));
  });

  test('misses just the minutes that never left their sensor', async () => {
    const asked = { from_at: from, to_at: to, by: 'device' };
    const answer = await runMeasure(lake, 'completeness', asked);
    if (!answer.computable) throw new Error(answer.because);
    const wrongClock = new Set(
      faults.filter((f) => f.clockOffsetS !== undefined).flatMap((f) => f.deviceIds),
    );
    const found = answer.rows.filter((row) => !wrongClock.has(row.device_id as string));
    expect(found.length).toBeGreaterThan(30);
    const byDevice = new Map(truth.map((t) => [t.deviceId, t]));
    for (const row of found) {
      const { made, lost } = byDevice.get(row.device_id as string)!;
      expect(row).toMatchObject({
        expected_s: 60 * made,
        missing_s: 60 * lost,
        observed_s: 60 * (made - lost),
        extra_s: 0,
      });
    }
  });

  test('is found without a difference by the audit', async () => {
    expect(await auditDifferences(data.path)).toEqual([]);
  });

  async function rows<T>(sql: string): Promise<T[]> {
    return (await lake.runAndReadAll(sql)).getRowObjectsJS() as T[];
  }
});

/** Two sensors that nothing else ails, for some hours in the day after tomorrow and in the week before last. */
function impossibleClocks(
  sensors: readonly { deviceId: string; watchesBottleneck: boolean }[],
  planted: readonly Fault[],
  from: number,
  to: number,
): Fault[] {
  const ill = new Set(planted.flatMap((f) => f.deviceIds));
  const [ahead, behind] = sensors.filter((s) => !ill.has(s.deviceId));
  const span = { from: from + 5 * HOUR_MS, to: to - 5 * HOUR_MS };
  const days = (n: number) => (n * DAY_MS) / 1_000;
  return [
    {
      faultId: 'far-ahead',
      kind: 'clock-hour',
      deviceIds: [ahead!.deviceId],
      clockOffsetS: days(2),
      ...span,
    },
    {
      faultId: 'far-behind',
      kind: 'clock-hour',
      deviceIds: [behind!.deviceId],
      clockOffsetS: days(-8),
      ...span,
    },
  ];
}

function withoutZeros(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
}

function sum(truth: readonly SensorTruth[], field: keyof Omit<SensorTruth, 'deviceId'>): number {
  return truth.reduce((total, t) => total + t[field], 0);
}
