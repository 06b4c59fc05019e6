import { cityTime } from '#domain/city-time.ts';
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts';
import type { City } from '../city/city.ts';
import { roadSpeeds } from './road-speeds.ts';
import { type ServiceDay, serviceDay } from './service-day.ts';
import type { TransitNetwork } from './transit-network.ts';

/** Service dates as they truly go, each lived through when it is first asked for. */
export interface ServiceDays {
  day(date: string): ServiceDay;
  /** Dates whose vehicles can be out in the span, ascending. */
  datesIn(from: Instant, to: Instant): string[];
  /** What is kept of earlier dates is let go. */
  forgetBefore(date: string): void;
}

/** Vehicles of a date are out from some hours before its midnight until the morning after. */
const OUT_BEFORE_MS = 2 * HOUR_MS;
const OUT_AFTER_MS = 32 * HOUR_MS;
/** Model days of the city's traffic begin at 04:00. */
const TRAFFIC_FROM_MS = 4 * HOUR_MS;

/** `city`: the one on whose roads the network runs; without it vehicles keep to the speeds of their timetable. */
export function serviceDays(network: TransitNetwork, seed: number, city: City | undefined): ServiceDays {
  const time = cityTime(network.timezone);
  const days = new Map<string, ServiceDay>();
  return {
    day: (date) => {
      let day = days.get(date);
      if (!day) {
        const startAt = dayStart(network.timezone, date);
        const from = startAt + TRAFFIC_FROM_MS;
        const speeds = city && roadSpeeds(city, { from, to: from + DAY_MS });
        day = serviceDay(network, seed, date, startAt, speeds);
        days.set(date, day);
      }
      return day;
    },
    datesIn: (from, to) => {
      const dates: string[] = [];
      const first = Date.parse(time.dateOf(from - OUT_AFTER_MS));
      const last = Date.parse(time.dateOf(to + OUT_BEFORE_MS));
      for (let day = first; day <= last; day += DAY_MS) dates.push(new Date(day).toISOString().slice(0, 10));
      return dates.filter((date) => {
        const startAt = dayStart(network.timezone, date);
        return (
          startAt - OUT_BEFORE_MS < to && startAt + OUT_AFTER_MS > from && network.tripsOn(date).length > 0
        );
      });
    },
    forgetBefore: (date) => {
      for (const known of days.keys()) if (known < date) days.delete(known);
    },
  };
}

/** Noon less 12 hours, as GTFS has it. */
function dayStart(zone: string, date: string): Instant {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const noon = cityTime(zone).meaningOf({ year, month, day, hour: 12, minute: 0 });
  if (noon.type === 'impossible') throw new Error(`${date} has no noon in ${zone}`);
  return (noon.type === 'once' ? noon.at : noon.first) - 12 * HOUR_MS;
}
