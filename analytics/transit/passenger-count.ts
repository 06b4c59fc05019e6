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
    SELECT vehicle_id, epoch_ms(observed_at)::DOUBLE AS at, device_id, count(*)::DOUBLE AS readings, any_value(trip_id) AS trip_id,
      any_value(stop_id) AS stop_id, sum(boarded)::DOUBLE AS boarded, sum(alighted)::DOUBLE AS alighted, max(load)::DOUBLE AS load,
      bool_or(is_behind) AS is_behind
    FROM (SELECT *, ${isBehind} AS is_behind FROM readings WHERE kind = 'passenger-count' AND outcome IN ('counted', 'restated') AND ${span}
      QUALIFY row_number() OVER (PARTITION BY device_id, vehicle_id, coalesce(door, 0), observed_at
        ORDER BY coalesce(via, position) DESC, position DESC, index DESC) = 1)
    GROUP BY ALL ORDER BY 1, 2, 3`);
  const counts = new Map<string, PassengerCount[]>();
  for await (const rows of result.yieldRowsJs()) {
    for (const [
      vehicleId,
      at,
      deviceId,
      readings,
      tripId,
      stopId,
      boarded,
      alighted,
      load,
      isBehind,
    ] of rows) {
      const count: Record<string, unknown> = {
        at,
        deviceId,
        readings,
        tripId,
        stopId,
        boarded,
        alighted,
        load,
        ...(isBehind === true && { clockBehind: true }),
      };
      for (const key of Object.keys(count)) if (count[key] === null) delete count[key];
      const own = counts.get(vehicleId as string) ?? [];
      own.push(count as unknown as PassengerCount);
      counts.set(vehicleId as string, own);
    }
  }
  return counts;
}
