import type { FeedText } from './small-feed.ts';

const METRES_PER_DEGREE = 111_195;

interface Route {
  id: string;
  headwayMin: number;
  /** From the first stop, in the order of direction 0. */
  stopsM: number[];
  secondsPerStretch: number;
}

const routes: Route[] = [
  { id: 'F', headwayMin: 6, stopsM: [0, 600, 1_200, 1_800, 2_400], secondsPerStretch: 120 },
  { id: 'P', headwayMin: 12, stopsM: [0, 1_000, 2_000, 3_000], secondsPerStretch: 180 },
  { id: 'S', headwayMin: 20, stopsM: [0, 400, 800, 1_600, 2_000], secondsPerStretch: 130 },
];

/**
 * Three streets from south to north, each with a route up and down: F every six minutes from 06:00 to 22:00 (161 trips each way),
 * P every twelve (81), S every twenty (49). No shapes, and no dwell in the timetable. Of route S only S3 and S4 are 700 m apart.
 * Trips are ROUTE-DIRECTION-HHMM, stops ROUTE and number. Service on 13 May 2024, in Berlin.
 */
export const threeRoutes: FeedText = {
  agency: 'agency_id,agency_name,agency_url,agency_timezone\na,Agency,http://x,Europe/Berlin\n',
  calendar_dates: 'service_id,date,exception_type\nday,20240513,1\n',
  routes: table(
    'route_id,agency_id,route_short_name,route_long_name,route_type',
    routes.map(({ id }) => `${id},a,${id},Route ${id},3`),
  ),
  stops: table(
    'stop_id,stop_name,stop_lat,stop_lon',
    routes.flatMap(({ id, stopsM }, r) =>
      stopsM.map((m, n) => `${id}${n + 1},${id}${n + 1},${52 + m / METRES_PER_DEGREE},${13 + r / 10}`),
    ),
  ),
  trips: table(
    'route_id,service_id,trip_id,direction_id',
    routes.flatMap((r) => departures(r).map(({ tripId, direction }) => `${r.id},day,${tripId},${direction}`)),
  ),
  stop_times: table(
    'trip_id,arrival_time,departure_time,stop_id,stop_sequence',
    routes.flatMap((r) =>
      departures(r).flatMap(({ tripId, direction, s }) =>
        r.stopsM.map((_, n) => {
          const number = direction === 0 ? n + 1 : r.stopsM.length - n;
          const time = clock(s + n * r.secondsPerStretch);
          return `${tripId},${time},${time},${r.id}${number},${n + 1}`;
        }),
      ),
    ),
  ),
};

function departures({ id, headwayMin }: Route): { tripId: string; direction: number; s: number }[] {
  return [0, 1].flatMap((direction) =>
    Array.from({ length: (16 * 60) / headwayMin + 1 }, (_, i) => {
      const s = (6 * 60 + i * headwayMin) * 60;
      return { tripId: `${id}-${direction}-${clock(s).slice(0, 5).replace(':', '')}`, direction, s };
    }),
  );
}

function clock(s: number): string {
  return [s / 3_600, (s / 60) % 60, s % 60].map((n) => String(Math.floor(n)).padStart(2, '0')).join(':');
}

function table(header: string, rows: string[]): string {
  return `${header}\n${rows.join('\n')}\n`;
}
