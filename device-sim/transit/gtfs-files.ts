import { TIMEPOINT_EVERY, type TransitNetwork } from './transit-network.ts';

/** The network as a static GTFS feed, text by file name: service every day from one date to another, both included. */
export function gtfsFiles(network: TransitNetwork, from: string, to: string): Map<string, string> {
  const trips = network.tripsOn(from);
  const patterns = new Map(network.patterns.map((p) => [p.patternId, p]));
  const table = (header: string, rows: readonly (readonly (string | number)[])[]) =>
    `${header}\n${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
  return new Map([
    [
      'agency.txt',
      table('agency_id,agency_name,agency_url,agency_timezone', [
        ['agency', network.agency, 'https://example.org', network.timezone],
      ]),
    ],
    [
      'routes.txt',
      table(
        'route_id,agency_id,route_short_name,route_long_name,route_type',
        network.routes.map((r) => [r.routeId, 'agency', r.shortName, r.longName, r.type]),
      ),
    ],
    [
      'stops.txt',
      table(
        'stop_id,stop_name,stop_lat,stop_lon',
        network.stops.map((s) => [s.stopId, s.name, s.lat.toFixed(6), s.lon.toFixed(6)]),
      ),
    ],
    [
      'calendar.txt',
      table('service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date', [
        ['daily', 1, 1, 1, 1, 1, 1, 1, from.replaceAll('-', ''), to.replaceAll('-', '')],
      ]),
    ],
    [
      'trips.txt',
      table(
        'route_id,service_id,trip_id,trip_headsign,direction_id,shape_id',
        trips.map((t) => {
          const p = patterns.get(t.patternId)!;
          return [p.routeId, 'daily', t.tripId, p.headsign, p.directionId, p.patternId];
        }),
      ),
    ],
    [
      'stop_times.txt',
      table(
        'trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint',
        trips.flatMap((t) => {
          const { stops } = patterns.get(t.patternId)!;
          return stops.map(({ stopId }, n) => [
            t.tripId,
            clock(t.arrivalS[n]!),
            clock(t.departureS[n]!),
            stopId,
            n + 1,
            n % TIMEPOINT_EVERY === 0 || n + 1 === stops.length ? 1 : 0,
          ]);
        }),
      ),
    ],
    [
      'shapes.txt',
      table(
        'shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence',
        network.patterns.flatMap(({ patternId, line }) =>
          [...line.lat].map((lat, i) => [patternId, lat.toFixed(6), line.lon[i]!.toFixed(6), i + 1]),
        ),
      ),
    ],
  ]);
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
