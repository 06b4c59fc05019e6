import { type DuckDBConnection, DuckDBDateValue, DuckDBTimestampTZValue } from '@duckdb/node-api';
import type { CityTime } from '#domain/city-time.ts';
import { DAY_MS, SECOND_MS } from '#domain/instant.ts';
import type { AssignedCount } from './assign-counts.ts';
import { passengerCountsTable } from './transit-tables.ts';

interface CountsAppender {
  /** Takes a count of the date: of its trip's service date, else of the local date on which it was made. */
  append(vehicleId: string, count: AssignedCount): void;
  close(): void;
}

/** Makes the table `matched_counts` anew, and fills it with the counts of a date. */
export async function countsAppender(
  db: DuckDBConnection,
  date: string,
  time: CityTime,
): Promise<CountsAppender> {
  await db.run(`CREATE OR REPLACE TEMP TABLE matched_counts (${passengerCountsTable.columns})`);
  const to = await db.createAppender('matched_counts');
  const days = new DuckDBDateValue(Date.parse(date) / DAY_MS);
  const text = (value: string | undefined) =>
    value === undefined ? to.appendNull() : to.appendVarchar(value);
  return {
    append: (vehicleId, { at, deviceId, side, passengers, readings, place, reason }) => {
      if ((place?.trip.serviceDate ?? time.dateOf(at)) !== date) return;
      to.appendDate(days);
      to.appendVarchar(vehicleId);
      to.appendVarchar(deviceId);
      to.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(at) * BigInt(SECOND_MS)));
      to.appendVarchar(side);
      to.appendInteger(passengers);
      to.appendInteger(readings);
      text(place?.trip.tripId);
      text(place?.trip.relationship);
      if (place) to.appendInteger(place.visit.call.position);
      else to.appendNull();
      text(place?.visit.call.stopId);
      text(place?.method);
      if (place) to.appendDouble(place.withinS);
      else to.appendNull();
      text(reason);
      to.endRow();
    },
    close: () => to.closeSync(),
  };
}
