import { type DuckDBConnection, DuckDBTimestampTZValue } from '@duckdb/node-api';
import type { City } from '#device-sim/city/city.ts';
import { cityTraffic } from '#device-sim/traffic/city-traffic.ts';
import type { CityMinute } from '#device-sim/traffic/passing.ts';
import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import { type LakeWindow, type SmallLake, smallLake } from '../../golden/measures/small-lake.ts';

const WINDOW_MS = 5 * MINUTE_MS;

/**
 * A lake that holds what truly passed the sensors of a simulated city, in five-minute windows by lane and direction:
 * what measures make of perfect sensors. The pipeline has its own tests.
 */
export async function simulatedLake(
  city: City,
  period: { from: Instant; to: Instant },
  more: { incidents?: SmallLake['incidents']; onMinute?: (minute: CityMinute) => void } = {},
): Promise<DuckDBConnection> {
  const windows: LakeWindow[] = [];
  const lake = await smallLake({
    timezone: city.timezone,
    sites: city.sites.map((s) => ({
      site: s.siteId,
      ...(s.direction === undefined ? {} : { direction: s.direction }),
      ...(s.lanes === undefined ? {} : { lanes: s.lanes }),
      ...(s.speedLimitKmh === undefined ? {} : { limit: s.speedLimitKmh }),
      ...(s.position ?? {}),
    })),
    corridors: Object.fromEntries(
      city.corridors.map((c) => [c.corridorId, c.sites.map((s) => [s.siteId, s.km])]),
    ),
    devices: city.sensors.map((s) => ({ device: s.deviceId, site: s.siteId })),
    ...(more.incidents ? { incidents: more.incidents } : {}),
    windows,
  });
  const points = city.points.length;
  const [count, pace] = [new Float64Array(points), new Float64Array(points)];
  const appender = await lake.createAppender('windows');
  for (const minute of cityTraffic(city, period)) {
    more.onMinute?.(minute);
    for (let p = 0; p < points; p++) {
      const n = minute.count[p]!;
      if (n === 0) continue;
      count[p]! += n;
      pace[p]! += (n * 3.6e9) / minute.speedKmh[p]!;
    }
    const start = Math.floor(minute.at / WINDOW_MS) * WINDOW_MS;
    if (minute.at !== start + WINDOW_MS - MINUTE_MS) continue;
    for (const point of city.points) {
      const sensor = city.sensors[point.sensor]!;
      const [n, us] = [BigInt(count[point.index]!), BigInt(Math.round(pace[point.index]!))];
      appender.appendVarchar('traffic-flow');
      appender.appendVarchar(sensor.deviceId);
      appender.appendVarchar('');
      appender.appendVarchar(sensor.siteId);
      appender.appendVarchar(point.direction);
      appender.appendSmallInt(point.lane);
      appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(start) * 1_000n));
      appender.appendInteger(300);
      for (const value of [5n, 300n, n, 300n]) appender.appendBigInt(value);
      appender.appendNull();
      for (const value of [0n, 0n, us, n, 0n, 0n]) appender.appendBigInt(value);
      appender.appendNull();
      appender.appendNull();
      appender.appendBigInt(300n);
      appender.appendInteger(0);
      appender.appendVarchar('published');
      appender.endRow();
    }
    count.fill(0);
    pace.fill(0);
  }
  appender.closeSync();
  await lake.run(`
    INSERT INTO hourly
    SELECT kind, site_id, direction, lane, date_trunc('hour', start_at), count(*), sum(readings), sum(observed_s),
      sum(count), sum(count_s), 0, 0, sum(pace_micro_s), sum(pace_count), 0, 0, sum(expected_s)
    FROM windows GROUP BY ALL`);
  return lake;
}
