import { DuckDBTimestampTZValue } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MeasureResult, runMeasure } from '#analytics/measures/run-measure.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { DAY_MS, MINUTE_MS } from '#domain/instant.ts';
import { simulatedLake } from './simulated-lake.ts';

const from = Date.UTC(2026, 2, 3);
const WINDOW_MS = 5 * MINUTE_MS;

interface Compared {
  windows: number;
  /** Median of how far the estimate is off, in km/h: of windows at 64 km/h and more, and of those in a queue. */
  offFlowing: number;
  offQueued: number;
  /** Of windows below 40 km/h, those that the estimate puts below 64. */
  queuesSeen: number;
}

describe('a simulated working day, on which the speeds of single loops are known to nobody but the simulator', () => {
  let compared: Compared;
  beforeAll(async () => {
    const city = simulatedCity({ seed: 1, sensors: 300, incidentsPer100KmDay: 0 });
    const covered = new Map<
      string,
      { device: string; at: number; direction: string; lane: number; sum: number }
    >();
    const lake = await simulatedLake(
      city,
      { from, to: from + DAY_MS },
      {
        onMinute: (minute) => {
          for (const point of city.points) {
            const at = Math.floor(minute.at / WINDOW_MS) * WINDOW_MS;
            const { deviceId } = city.sensors[point.sensor]!;
            const { direction, lane } = point;
            const key = `${point.index}/${at}`;
            const known = covered.get(key) ?? { device: deviceId, at, direction, lane, sum: 0 };
            known.sum += minute.occupancy[point.index]!;
            covered.set(key, known);
          }
        },
      },
    );
    await lake.run(
      'CREATE TEMP TABLE covered (device_id VARCHAR, start_at TIMESTAMPTZ, direction VARCHAR, lane INTEGER, micro_s BIGINT)',
    );
    const appender = await lake.createAppender('covered');
    for (const { device, at, direction, lane, sum } of covered.values()) {
      appender.appendVarchar(device);
      appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(at) * 1_000n));
      appender.appendVarchar(direction);
      appender.appendInteger(lane);
      appender.appendBigInt(BigInt(Math.round(sum * 60 * 1e6)));
      appender.endRow();
    }
    appender.closeSync();
    await lake.run(`
      UPDATE windows w SET occupancy_micro_s = c.micro_s, occupancy_s = 300 FROM covered c
      WHERE c.device_id = w.device_id AND c.start_at = w.start_at AND c.direction = w.direction AND c.lane = w.lane;
      CREATE TEMP TABLE truth AS SELECT device_id, direction, lane, start_at, speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s) AS true_kmh
      FROM windows WHERE starts_with(device_id, 'single-loop') AND pace_count > 0;
      UPDATE windows SET pace_micro_s = 0, pace_count = 0, speed_milli_s = 0, speed_s = 0 WHERE starts_with(device_id, 'single-loop')`);
    for (const s of city.sites)
      if (s.road) await lake.run(`UPDATE sites SET road = '${s.road}' WHERE site_id = '${s.siteId}'`);
    const answer: MeasureResult = await runMeasure(lake, 'single-loop-speeds', {
      from_at: from,
      to_at: from + DAY_MS,
      by: 'window',
    });
    if (!answer.computable) throw new Error(answer.because);
    await lake.run(
      `CREATE TEMP TABLE estimated (device_id VARCHAR, direction VARCHAR, lane INTEGER, start_at TIMESTAMPTZ, kmh DOUBLE)`,
    );
    const out = await lake.createAppender('estimated');
    for (const row of answer.rows) {
      out.appendVarchar(String(row.device_id));
      out.appendVarchar(String(row.direction));
      out.appendInteger(Number(row.lane));
      out.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(Date.parse(String(row.start_at))) * 1_000n));
      out.appendDouble(Number(row.speed_kmh));
      out.endRow();
    }
    out.closeSync();
    const reader = await lake.runAndReadAll(`
      SELECT count(*)::INTEGER AS windows, median(abs(kmh - true_kmh)) FILTER (true_kmh >= 64) AS "offFlowing",
        median(abs(kmh - true_kmh)) FILTER (true_kmh < 64) AS "offQueued",
        count(*) FILTER (true_kmh < 40 AND kmh < 64) / count(*) FILTER (true_kmh < 40) AS "queuesSeen"
      FROM estimated JOIN truth USING (device_id, direction, lane, start_at)`);
    compared = reader.getRowObjectsJS()[0] as unknown as Compared;
  }, 120_000);

  it('has every one of them estimated, within 4 km/h as a rule where traffic flows and within 6 in queues', () => {
    expect(compared.windows).toBeGreaterThan(10_000);
    expect(compared.offFlowing).toBeLessThan(4);
    expect(compared.offQueued).toBeLessThan(6);
  });

  it('has its queues seen', () => {
    expect(compared.queuesSeen).toBeGreaterThan(0.98);
  });
});
