import type { DuckDBConnection } from '@duckdb/node-api';
import { type Instant, SECOND_MS } from '#domain/instant.ts';

export interface DueTimes {
  arrivalAt: Instant;
  departureAt: Instant;
  timepoint: boolean;
}

/** When a trip of the timetable is due at a call of its pattern (from 1), on a service date. */
export type ScheduledTimes = (tripId: string, date: string, position: number) => DueTimes | undefined;

/**
 * The times of the trips of a service date and of those beside it, as `timetableDay` has the trips. Trips that go alike share
 * them, so that a large city's fit in some megabytes.
 */
export async function scheduledTimes(db: DuckDBConnection, date: string): Promise<ScheduledTimes> {
  const rows = (sql: string) => db.runAndReadAll(sql).then((reader) => reader.getRowObjectsJS());
  const trips = await rows(`
    SELECT d.date::VARCHAR AS date, t.trip_id, t.timetable || '/' || t.times_id AS times, t.shift_s::DOUBLE AS shift_s,
      epoch_ms(service_day_start(d.date, v.timezone))::DOUBLE AS start_ms
    FROM timetables v JOIN timetable_service_dates d USING (timetable)
    JOIN timetable_trips t ON t.timetable = v.timetable AND t.service_id = d.service_id
    WHERE d.date BETWEEN DATE '${date}' - 1 AND DATE '${date}' + 1 AND d.date >= v.valid_from AND d.date < v.valid_to
    ORDER BY v.feed, v.version`);
  const times = new Map<string, { arrivalS: number[]; departureS: number[]; timepoint: boolean[] }>();
  for (const row of await rows(`
    SELECT timetable || '/' || times_id AS times, list(arrival_s::DOUBLE ORDER BY position) AS arrival_s,
      list(departure_s::DOUBLE ORDER BY position) AS departure_s, list(timepoint ORDER BY position) AS timepoint
    FROM timetable_stop_times GROUP BY ALL`)) {
    times.set(row.times as string, {
      arrivalS: listOf(row.arrival_s),
      departureS: listOf(row.departure_s),
      timepoint: listOf(row.timepoint),
    });
  }
  const byTrip = new Map<string, { times: string; startMs: number }>();
  for (const row of trips) {
    const key = `${row.date}/${row.trip_id}`;
    if (byTrip.has(key)) continue;
    byTrip.set(key, {
      times: row.times as string,
      startMs: (row.start_ms as number) + (row.shift_s as number) * SECOND_MS,
    });
  }
  return (tripId, on, position) => {
    const trip = byTrip.get(`${on}/${tripId}`);
    const due = trip && times.get(trip.times);
    if (!due || due.arrivalS[position - 1] === undefined) return undefined;
    return {
      arrivalAt: trip.startMs + due.arrivalS[position - 1]! * SECOND_MS,
      departureAt: trip.startMs + due.departureS[position - 1]! * SECOND_MS,
      timepoint: due.timepoint[position - 1]!,
    };
  };
}

function listOf<T>(value: unknown): T[] {
  return (Array.isArray(value) ? value : (value as { items: T[] }).items) as T[];
}
