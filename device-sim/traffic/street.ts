import { type Instant, MINUTE_MS, mod } from '#domain/instant.ts';
import { bell, nameHash, noise, uniform } from '../random.ts';
import type { Calendar } from './calendar.ts';
import { demandShare, highestShare, type PeakShape, type RoadType } from './demand.ts';

/** One direction of an arterial or a rural road. */
export interface Street {
  streetId: string;
  road: string;
  direction: string;
  type: Exclude<RoadType, 'freeway'>;
  lengthKm: number;
  lanes: number;
  freeFlowKmh: number;
  peak: PeakShape;
  /** Vehicles an hour at the highest demand, all lanes. */
  flow: number;
  /** Vehicles an hour that the signals let through, all lanes. */
  capacity: number;
  /** Nobody drives here from 23:00 to 05:00. */
  emptyAtNight: boolean;
}

export const EMPTY_FROM_HOUR = 23;
export const EMPTY_TO_HOUR = 5;

export interface StreetTraffic {
  /** Vehicles that pass the head of the street in a minute; depends on seed and minute alone. */
  entering(minute: number): number;
  /** Speed at a flow of vehicles a minute: a BPR curve on what the signals let through. */
  speedKmh(perMinute: number): number;
}

/** How long a minute's arrivals are remembered: longer than any street takes to drive. */
const REMEMBERED = 64;

/** `factorAt` scales demand, as of a planted change. */
export function streetTraffic(
  street: Street,
  seed: number,
  calendar: Calendar,
  factorAt: (at: Instant) => number,
): StreetTraffic {
  const stream = nameHash(`${street.streetId}/arrivals`);
  const highest = highestShare(street.peak);
  const minutes = new Float64Array(REMEMBERED).fill(-1);
  const arrivals = new Float64Array(REMEMBERED);

  // No zone's clock changes within a quarter of an hour: the calendar is asked once for each.
  let quarter = { first: Number.NaN, day: calendar.dayOf(0), minuteOfDay: 0 };

  const draw = (minute: number): number => {
    const first = minute - mod(minute, 15);
    if (quarter.first !== first) {
      const at = first * MINUTE_MS;
      quarter = { first, day: calendar.dayOf(at), minuteOfDay: calendar.minuteOfDay(at) };
    }
    const minuteOfDay = quarter.minuteOfDay + (minute - first);
    if (street.emptyAtNight && isNight(minuteOfDay)) return 0;
    const share = demandShare(quarter.day, minuteOfDay, street.peak) / highest;
    return poisson((factorAt(minute * MINUTE_MS) * share * street.flow) / 60, seed, stream, minute);
  };

  return {
    entering: (minute) => {
      const slot = minute % REMEMBERED;
      if (minutes[slot] !== minute) {
        arrivals[slot] = draw(minute);
        minutes[slot] = minute;
      }
      return arrivals[slot]!;
    },
    speedKmh: (perMinute) => {
      const load = Math.min(1.1, (perMinute * 60) / street.capacity);
      return street.freeFlowKmh / (1 + 0.6 * load ** 4);
    },
  };
}

/** The road closes to newcomers half an hour early, so that the last one is past every sensor by 23:00. */
function isNight(minuteOfDay: number): boolean {
  const hour = minuteOfDay / 60;
  return hour >= EMPTY_FROM_HOUR - 0.5 || hour < EMPTY_TO_HOUR;
}

/** By inversion of one uniform number; above 30 the bell curve of the same mean and spread. */
function poisson(mean: number, seed: number, stream: number, index: number): number {
  if (mean <= 0) return 0;
  const bits = noise(seed, stream, index);
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * bell(bits)));
  let rest = uniform(bits);
  let chance = Math.exp(-mean);
  let n = 0;
  while (rest >= chance && n < 120) {
    rest -= chance;
    n++;
    chance *= mean / n;
  }
  return n;
}
