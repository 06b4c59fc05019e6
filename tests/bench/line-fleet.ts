import { lineOf } from '#device-sim/transit/line.ts';
import { serviceDay } from '#device-sim/transit/service-day.ts';
import type { ServiceDays } from '#device-sim/transit/service-days.ts';
import type { TransitNetwork, TransitPattern, TransitTrip } from '#device-sim/transit/transit-network.ts';
import { DAY_MS, type Instant, SECOND_MS } from '#domain/instant.ts';

const STOPS = 16;
const GAP_M = 400;
const SEGMENT_S = 60;
const HEADWAY_S = 90;
/** On the way at any moment on each way of a route. */
const VEHICLES_A_WAY = 10;

/** Straight lines of 6 km in UTC, ten vehicles on each way at any moment from `from` to `to`, all of one service date. */
export function lineNetwork(
  vehicles: number,
  from: Instant,
  to: Instant,
  headwayS = HEADWAY_S,
): TransitNetwork {
  const routes = Math.ceil(vehicles / 2 / VEHICLES_A_WAY);
  const dayStartAt = Math.floor(from / DAY_MS) * DAY_MS;
  const stops: { stopId: string; name: string; lat: number; lon: number }[] = [];
  const patterns: TransitPattern[] = [];
  for (let r = 0; r < routes; r++) {
    for (const directionId of [0, 1] as const) {
      const place = (alongM: number) => ({
        lat: 50 + r * 0.01,
        lon: 10 + (directionId === 0 ? alongM : 6_200 - alongM) / 71_475,
      });
      const patternId = `${r}-${directionId}`;
      patterns.push({
        patternId,
        routeId: String(r),
        directionId,
        headsign: patternId,
        line: lineOf(Array.from({ length: 63 }, (_, i) => place(i * 100))),
        stops: Array.from({ length: STOPS }, (_, n) => {
          const stopId = `${patternId}-${n + 1}`;
          stops.push({ stopId, name: stopId, ...place(100 + n * GAP_M) });
          return { stopId, alongM: 100 + n * GAP_M };
        }),
        roads: [],
      });
    }
  }
  const lastsS = VEHICLES_A_WAY * HEADWAY_S;
  const trips: TransitTrip[] = patterns.flatMap((p, i) => {
    const own: TransitTrip[] = [];
    const first = Math.floor((from - dayStartAt) / SECOND_MS) - lastsS + (i % headwayS);
    for (let s = Math.max(60, first); s < (to - dayStartAt) / SECOND_MS; s += headwayS) {
      // Not one run like the other, as in a real timetable.
      const arrivalS = Array.from({ length: STOPS }, (_, n) => s + n * (SEGMENT_S + (own.length % 7)));
      own.push({ tripId: `${p.patternId}-${s}`, patternId: p.patternId, arrivalS, departureS: arrivalS });
    }
    return own;
  });
  return {
    agency: 'Lines',
    timezone: 'UTC',
    routes: Array.from({ length: routes }, (_, r) => ({
      routeId: String(r),
      shortName: String(r),
      longName: `Line ${r}`,
      type: 3,
      character: 'ordinary' as const,
    })),
    stops,
    patterns,
    tripsOn: () => trips,
  };
}

/** The same, as they drive. */
export function lineFleet(
  vehicles: number,
  from: Instant,
  to: Instant,
): { network: TransitNetwork; days: ServiceDays; date: string } {
  const network = lineNetwork(vehicles, from, to);
  const dayStartAt = Math.floor(from / DAY_MS) * DAY_MS;
  const date = new Date(dayStartAt).toISOString().slice(0, 10);
  const day = serviceDay(network, 1, date, dayStartAt, undefined);
  return { network, date, days: { day: () => day, datesIn: () => [date], forgetBefore: () => {} } };
}
