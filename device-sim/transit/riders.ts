import { type Instant, SECOND_MS } from '#domain/instant.ts';
import { type Random, seededRandom } from '../random.ts';
import type { TransitNetwork, TransitPattern } from './transit-network.ts';

/** Passengers of one way of a route on a service date. */
export interface Riders {
  isWaiting(stop: number, at: Instant, random: Random): boolean;
  /** Those who have come since the vehicle before left, as far as there is room. */
  boarding(stop: number, at: Instant, load: number, random: Random): number;
  alighting(stop: number, load: number, random: Random): number;
}

const PLACES = 90;
/** Passengers a minute at a busy stop, at the busiest time. */
const BUSIEST_PER_MIN = 0.7;
/** Who waited before the first vehicle of the day. */
const BEFORE_FIRST_MS = 300_000;

export function riders(network: TransitNetwork, seed: number, date: string, pattern: TransitPattern): Riders {
  const { stops, patternId } = pattern;
  const liking = seededRandom(seed, `transit/stops/${patternId}`);
  const last = stops.length - 1;
  // Most board early on the way, some stops are busier than others; the same every day.
  const weight = stops.map((_, n) => (n === last ? 0 : (1.25 - n / last) * liking.between(0.25, 1)));
  const dayMs = Date.parse(`${date}T00:00:00Z`);
  const hourOf = hourIn(network.timezone);
  /** People at each stop, and up to when they were counted. */
  const people = stops.map(() => 0);
  const upTo: (Instant | undefined)[] = stops.map(() => undefined);

  const gather = (stop: number, at: Instant, random: Random) => {
    const from = upTo[stop] ?? at - BEFORE_FIRST_MS;
    if (at <= from) return;
    const minutes = (at - from) / SECOND_MS / 60;
    const share = shareOfBusiest(hourOf(at), new Date(dayMs).getUTCDay());
    people[stop]! += poisson(minutes * BUSIEST_PER_MIN * weight[stop]! * share, random);
    upTo[stop] = at;
  };

  return {
    isWaiting: (stop, at, random) => {
      gather(stop, at, random);
      return people[stop]! > 0;
    },
    boarding: (stop, at, load, random) => {
      gather(stop, at, random);
      const boarded = Math.min(people[stop]!, PLACES - load);
      people[stop]! -= boarded;
      return boarded;
    },
    alighting: (stop, load, random) => {
      // Each who is aboard gets off at one of the stops to come, the nearer half of them more likely.
      const share = Math.min(1, 1.3 / (last - stop + 1));
      let alighted = 0;
      for (let i = 0; i < load; i++) if (random.next() < share) alighted += 1;
      return alighted;
    },
  };
}

function hourIn(timezone: string): (at: Instant) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', hourCycle: 'h23' });
  let hour = 0;
  let from = Number.NaN;
  // Zones are a whole number of quarters away from UTC.
  return (at) => {
    const quarter = Math.floor(at / 900_000);
    if (quarter !== from) {
      from = quarter;
      hour = Number(format.format(at));
    }
    return hour;
  };
}

const weekdayShares = [
  0.05, 0.02, 0.02, 0.02, 0.05, 0.2, 0.45, 0.85, 1, 0.7, 0.5, 0.5, 0.55, 0.55, 0.6, 0.75, 0.95, 1, 0.75, 0.5,
  0.35, 0.3, 0.25, 0.15,
];

/** By hour of the clock; weekends are quieter, without peaks. */
function shareOfBusiest(hour: number, weekday: number): number {
  const share = weekdayShares[hour]!;
  return weekday === 0 || weekday === 6 ? 0.7 * Math.min(0.6, share) : share;
}

/** Knuth's product of uniforms; above 30 in parts. */
function poisson(mean: number, random: Random): number {
  if (mean > 30) return poisson(mean / 2, random) + poisson(mean / 2, random);
  const least = Math.exp(-mean);
  let product = random.next();
  let n = 0;
  while (product > least) {
    product *= random.next();
    n += 1;
  }
  return n;
}
