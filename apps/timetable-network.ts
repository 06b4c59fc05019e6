import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from '#analytics/lake/lake-context.ts';
import { makeShape } from '#analytics/transit/shape.ts';
import { type Line, lineOf } from '#device-sim/transit/line.ts';
import type { TransitNetwork, TransitPattern, TransitTrip } from '#device-sim/transit/transit-network.ts';

/**
 * What an imported timetable has run on a service date, for the simulator to drive. A direction that the feed does not tell is 0;
 * trips and patterns that go nowhere are left out. Undefined where there is no such timetable, or no service on that date.
 */
export async function timetableNetwork(
  db: DuckDBConnection,
  feed: string,
  date: string,
): Promise<TransitNetwork | undefined> {
  const rows = async <T>(sql: string) => (await db.runAndReadAll(sql)).getRowObjectsJS() as unknown as T[];
  const [version] = await rows<{ timetable: string; timezone: string }>(
    `SELECT timetable, timezone FROM timetables WHERE feed = ${quoted(feed)} AND valid_from <= DATE ${quoted(date)} AND valid_to > DATE ${quoted(date)}`,
  );
  if (!version) return undefined;
  const of = `timetable = ${quoted(version.timetable)}`;
  const trips = await rows<{
    trip_id: string;
    pattern_id: string;
    by_headway: boolean;
    arrivals: number[];
    departures: number[];
  }>(`
    SELECT t.trip_id, t.pattern_id, t.timing = 'headway' AS by_headway, list(c.arrival_s + t.shift_s ORDER BY c.position) AS arrivals,
      list(c.departure_s + t.shift_s ORDER BY c.position) AS departures
    FROM timetable_trips t JOIN timetable_service_dates d USING (timetable, service_id) JOIN timetable_stop_times c USING (timetable, times_id)
    WHERE t.${of} AND d.date = DATE ${quoted(date)} GROUP BY t.trip_id, t.pattern_id, t.timing`);
  if (trips.length === 0) return undefined;
  const shapes = new Map(
    (
      await rows<{ shape_id: string; lats: number[]; lons: number[] }>(
        `SELECT shape_id, list(lat ORDER BY position) AS lats, list(lon ORDER BY position) AS lons FROM timetable_shapes WHERE ${of} GROUP BY 1`,
      )
    ).map((s) => [s.shape_id, s.lats.map((lat, i) => ({ lat, lon: s.lons[i]! }))]),
  );
  const patterns = (
    await rows<{
      pattern_id: string;
      route_id: string;
      direction_id: number | null;
      shape_id: string | null;
      way_basis: string;
      stop_ids: string[];
      along: number[];
      lats: number[];
      lons: number[];
    }>(`
    SELECT p.pattern_id, p.route_id, p.direction_id, p.shape_id, p.way_basis, list(ps.stop_id ORDER BY ps.position) AS stop_ids,
      list(ps.along_m ORDER BY ps.position) AS along, list(s.lat ORDER BY ps.position) AS lats, list(s.lon ORDER BY ps.position) AS lons
    FROM timetable_patterns p JOIN timetable_pattern_stops ps USING (timetable, pattern_id) JOIN timetable_stops s USING (timetable, stop_id)
    WHERE p.${of} GROUP BY ALL`)
  ).map((p): TransitPattern => {
    const shape = p.way_basis === 'shape' ? shapes.get(p.shape_id ?? '') : undefined;
    const points = shape ?? p.lats.map((lat, i) => ({ lat, lon: p.lons[i]! }));
    const line = lineOf(points);
    const along = sameOnLine(line, makeShape(points).along, p.along);
    return {
      patternId: p.pattern_id,
      routeId: p.route_id,
      directionId: p.direction_id === 1 ? 1 : 0,
      headsign: p.route_id,
      line,
      stops: p.stop_ids.map((stopId, i) => ({ stopId, alongM: along[i]! })),
      roads: [],
    };
  });
  const goes = new Set(
    patterns.filter((p) => p.stops.length > 1 && p.line.lengthM > 0).map((p) => p.patternId),
  );
  const runs = trips
    .filter((t) => goes.has(t.pattern_id))
    .map(
      (t): TransitTrip => ({
        tripId: t.trip_id,
        patternId: t.pattern_id,
        arrivalS: t.arrivals,
        departureS: t.departures,
        byHeadway: t.by_headway,
      }),
    );
  const routes = await rows<{
    route_id: string;
    short_name: string | null;
    long_name: string | null;
    route_type: number;
  }>(`SELECT route_id, short_name, long_name, route_type FROM timetable_routes WHERE ${of}`);
  return {
    agency: feed,
    timezone: version.timezone,
    routes: routes.map((r) => ({
      routeId: r.route_id,
      shortName: r.short_name ?? r.route_id,
      longName: r.long_name ?? '',
      type: r.route_type,
      character: 'ordinary',
    })),
    stops: [],
    patterns: patterns.filter((p) => goes.has(p.patternId)),
    tripsOn: (asked) => (asked === date ? runs : []),
  };
}

/**
 * Places along a way, ascending, in the simulator's metres: the timetable measures degrees of longitude where the way begins,
 * which on a long way from north to south is some hundreds of metres beside what its line measures.
 */
function sameOnLine(line: Line, pointsM: Float64Array, placesM: readonly number[]): number[] {
  let i = 1;
  return placesM.map((m) => {
    while (i + 1 < pointsM.length && pointsM[i]! < m) i += 1;
    const [from, to] = [pointsM[i - 1]!, pointsM[i]!];
    const share = to > from ? (m - from) / (to - from) : 0;
    return line.alongM[i - 1]! + share * (line.alongM[i]! - line.alongM[i - 1]!);
  });
}
