import { HOUR_MS, type Instant } from '#domain/instant.ts';
import type { City } from '../city/city.ts';
import { seededRandom } from '../random.ts';
import type { RoadSpeeds } from './road-speeds.ts';
import type { RoadStretch, TransitNetwork } from './transit-network.ts';

/** GTFS route types that share their way with other traffic: trams, buses, trolleybuses. */
const ON_STREETS: ReadonlySet<number> = new Set([0, 3, 11]);

/**
 * Lays the ways of trams and buses on the arterials of a simulated city, from stop to stop: whoever drives from one stop to the next lies
 * on the same piece of street, whatever the route, and meets the same traffic. Others keep a track of their own.
 */
export function lendRoads(network: TransitNetwork, city: Pick<City, 'seed' | 'streets'>): TransitNetwork {
  const onStreets = new Set(network.routes.filter((r) => ON_STREETS.has(r.type)).map((r) => r.routeId));
  const arterials = [...city.streets.keys()].filter((index) => city.streets[index]!.type === 'arterial');
  const patterns = network.patterns.map((pattern) => {
    if (!onStreets.has(pattern.routeId)) return pattern;
    const lentRoads = pattern.stops.slice(1).map((to, n): RoadStretch => {
      const from = pattern.stops[n]!;
      const random = seededRandom(city.seed, `lent-roads/${from.stopId}/${to.stopId}`);
      const index = random.pick(arterials);
      const leftKm = city.streets[index]!.lengthKm - (to.alongM - from.alongM) / 1_000;
      return {
        fromM: from.alongM,
        toM: to.alongM,
        road: { type: 'street', index },
        startKm: random.between(0, Math.max(0, leftKm)),
      };
    });
    return { ...pattern, lentRoads };
  });
  return { ...network, patterns };
}

const USUAL_FROM_MS = 6 * HOUR_MS;
const USUAL_TO_MS = 20 * HOUR_MS;
const SAMPLED_EVERY_MS = HOUR_MS / 2;

/**
 * The speed of the traffic in the middle of a stretch, as a share of the usual one there: of the median from 06:00 to 20:00, by which
 * a timetable is made.
 */
export function lentTraffic(
  speeds: RoadSpeeds,
  dayStartAt: Instant,
): (stretch: RoadStretch, at: Instant) => number {
  const usual = new Map<string, number>();
  const kmhAt = ({ road, startKm, fromM, toM }: RoadStretch, at: Instant) =>
    speeds.kmh(road, startKm + (toM - fromM) / 2_000, at);
  const usualOf = (stretch: RoadStretch) => {
    const key = `${stretch.road.index}/${stretch.startKm}`;
    let kmh = usual.get(key);
    if (kmh === undefined) {
      const sampled: number[] = [];
      for (let t = USUAL_FROM_MS; t < USUAL_TO_MS; t += SAMPLED_EVERY_MS)
        sampled.push(kmhAt(stretch, dayStartAt + t));
      kmh = sampled.sort((a, b) => a - b)[sampled.length >> 1]!;
      usual.set(key, kmh);
    }
    return kmh;
  };
  return (stretch, at) => kmhAt(stretch, at) / usualOf(stretch);
}
