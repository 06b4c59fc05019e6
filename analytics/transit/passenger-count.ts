import type { DuckDBConnection } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';

/** What a counter said of one moment, all its doors together. What it did not count is absent. */
export interface PassengerCount {
  at: Instant;
  deviceId: string;
  /** Readings it is the sum of: one a door, and one for the load. */
  readings: number;
  /** Where the counter itself names them. */
  tripId?: string;
  stopId?: string;
  boarded?: number;
  alighted?: number;
  /** Aboard after the exchange, as the vehicle works it out. */
  load?: number;
  /** The vehicle's clock is known to be behind. */
  clockBehind?: true;
}

/** All counts in force within a span (SQL on `observed_at`), in order of time, by vehicle. */
export async function passengerCounts(
  db: DuckDBConnection,
  span: string,
  /** SQL that is true of what a clock behind has told. */
  isBehind: string,
): Promise<Map<string, PassengerCount[]>> {
  const result = await db.stream(`
    SELECT vehicle_id, bool_or(is_behind), epoch_ms(observed_at)::DOUBLE, device_id, count(*)::DOUBLE, any_value(trip_id), any_value(stop_id),
      sum(boarded)::DOUBLE, sum(alighted)::DOUBLE, max(load)::DOUBLE
    FROM (SELECT *, ${isBehind} AS is_behind FROM readings WHERE kind = 'passenger-count' AND outcome IN ('counted', 'restated') AND ${span}
      QUALIFY row_number() OVER (PARTITION BY device_id, vehicle_id, coalesce(door, 0), observed_at
        ORDER BY coalesce(via, position) DESC, position DESC, index DESC) = 1)
    GROUP BY ALL ORDER BY 1, 3, 4`);
  const counts = new Map<string, PassengerCount[]>();
  for await (const rows of result.yieldRowsJs()) {
    for (const [vehicleId, isBehind, ...values] of rows) {
      const count: Record<string, unknown> = isBehind === true ? { clockBehind: true } : {};
      for (const [i, name] of told.entries()) if (values[i] !== null) count[name] = values[i];
      const own = counts.get(vehicleId as string) ?? [];
      own.push(count as unknown as PassengerCount);
      counts.set(vehicleId as string, own);
    }
  }
  return counts;
}

/** In the order in which they are asked for. */
const told = [
  'at',
  'deviceId',
  'readings',
  'tripId',
  'stopId',
  'boarded',
  'alighted',
  'load',
] as const satisfies readonly (keyof PassengerCount)[];
