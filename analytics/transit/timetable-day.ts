import type { DuckDBConnection } from '@duckdb/node-api';
import type { Call } from './observation.ts';
import type { ScheduledTrip, TripsByDate } from './resolve-trip.ts';
import { makeShape } from './shape.ts';
import type { TripWay } from './stop-visits.ts';

/** The timetable around a service date, in memory: what matching a day's readings asks of it. */
export interface TimetableDay extends TripsByDate {
  wayOf(patternId: string): TripWay | undefined;
}

/**
 * Trips of the service date and of those beside it (a reading may be of the night before), each by the version that held.
 * Where two operators' feeds have a trip of one id, the first by name is taken. Stands on the views of
 * `scheduled-views.sql`; sets the session's period to those dates.
 */
export async function timetableDay(db: DuckDBConnection, date: string): Promise<TimetableDay> {
  const rows = (
    await db.runAndReadAll(`
    SELECT a.service_date::VARCHAR AS date, t.trip_id, t.route_id, t.direction_id, t.pattern_id, t.start_s, t.end_s
    FROM timetables v JOIN timetable_service_dates d USING (timetable)
    JOIN timetable_trips t ON t.timetable = v.timetable AND t.service_id = d.service_id
    CROSS JOIN LATERAL (SELECT d.date AS service_date) a
    WHERE d.date BETWEEN DATE '${date}' - 1 AND DATE '${date}' + 1 AND d.date >= v.valid_from AND d.date < v.valid_to
    ORDER BY v.feed, v.version`)
  ).getRowObjectsJS() as unknown as Row[];
  const byDate = new Map<string, Map<string, ScheduledTrip>>();
  const byStart = new Map<string, ScheduledTrip | null>();
  for (const row of rows) {
    const trip: ScheduledTrip = {
      tripId: row.trip_id,
      routeId: row.route_id,
      directionId: row.direction_id,
      patternId: row.pattern_id,
      startS: row.start_s,
      endS: row.end_s,
    };
    const trips = byDate.get(row.date) ?? new Map<string, ScheduledTrip>();
    byDate.set(row.date, trips);
    if (trips.has(trip.tripId)) continue;
    trips.set(trip.tripId, trip);
    const key = startKey(trip.routeId, trip.directionId ?? 0, trip.startS, row.date);
    // Two trips of one start can not be told apart by it.
    byStart.set(key, byStart.has(key) ? null : trip);
    // HFP tells the start by the minute.
    const minute = `minute ${startKey(trip.routeId, trip.directionId ?? 0, trip.startS - (trip.startS % 60), row.date)}`;
    byStart.set(minute, byStart.has(minute) ? null : trip);
  }
  const ways = await waysOf(db, date);
  return {
    trip: (tripId, day) => byDate.get(day)?.get(tripId),
    runsOn: (tripId, day) => byDate.get(day)?.has(tripId) ?? false,
    starting: (routeId, directionId, startS, day) =>
      byStart.get(startKey(routeId, directionId, startS, day)) ??
      byStart.get(`minute ${startKey(routeId, directionId, startS, day)}`) ??
      undefined,
    wayOf: (patternId) => ways.get(patternId),
  };
}

interface Row {
  date: string;
  trip_id: string;
  route_id: string;
  direction_id: number | null;
  pattern_id: string;
  start_s: number;
  end_s: number;
}

function startKey(routeId: string, directionId: number, startS: number, date: string): string {
  return `${date}/${routeId}/${directionId}/${startS}`;
}

async function waysOf(db: DuckDBConnection, date: string): Promise<Map<string, TripWay>> {
  const held = `timetable IN (SELECT timetable FROM timetables WHERE valid_from <= DATE '${date}' + 1 AND valid_to > DATE '${date}' - 1)`;
  const shapes = new Map<string, { lat: number; lon: number }[]>();
  const shapeRows = await db.runAndReadAll(
    `SELECT timetable || '/' || shape_id AS id, list(lat ORDER BY position) AS lats, list(lon ORDER BY position) AS lons
     FROM timetable_shapes WHERE ${held} GROUP BY 1`,
  );
  for (const { id, lats, lons } of shapeRows.getRowObjectsJS()) {
    shapes.set(
      id as string,
      (lats as number[]).map((lat, i) => ({ lat, lon: (lons as number[])[i]! })),
    );
  }
  // A pattern's name stands for its stops and shape: versions that share it share its way, but for stops that moved.
  const patterns = await db.runAndReadAll(`
    SELECT p.pattern_id, any_value(p.timetable || '/' || p.shape_id) AS shape_id, any_value(p.way_basis) AS basis,
      list(ps.stop_id ORDER BY ps.position) AS stop_ids, list(ps.along_m ORDER BY ps.position) AS along,
      list(s.lat ORDER BY ps.position) AS lats, list(s.lon ORDER BY ps.position) AS lons,
      list(q.stop_sequence ORDER BY ps.position) AS sequences
    FROM timetable_patterns p JOIN timetable_pattern_stops ps USING (timetable, pattern_id)
    JOIN timetable_stops s USING (timetable, stop_id)
    JOIN (SELECT t.timetable, t.pattern_id, c.position, min(c.stop_sequence) AS stop_sequence
      FROM timetable_stop_times c JOIN (SELECT timetable, pattern_id, min(times_id) AS times_id FROM timetable_trips WHERE ${held} GROUP BY ALL) t
        USING (timetable, times_id) GROUP BY ALL) q
      ON q.timetable = p.timetable AND q.pattern_id = p.pattern_id AND q.position = ps.position
    WHERE p.${held}
    GROUP BY p.timetable, p.pattern_id ORDER BY p.timetable`);
  const ways = new Map<string, TripWay>();
  for (const row of patterns.getRowObjectsJS()) {
    const stopIds = row.stop_ids as string[];
    const along = row.along as number[];
    const sequences = row.sequences as number[];
    const calls = stopIds.map(
      (stopId, i): Call => ({ position: i + 1, stopSequence: sequences[i]!, stopId, alongM: along[i]! }),
    );
    const lats = row.lats as number[];
    const lons = row.lons as number[];
    const stops = lats.map((lat, i) => ({ lat, lon: lons[i]! }));
    const points = row.basis === 'shape' ? shapes.get(row.shape_id as string) : undefined;
    ways.set(row.pattern_id as string, { calls, shape: makeShape(points ?? stops) });
  }
  return ways;
}
