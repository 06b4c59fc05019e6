import type { CityTime } from '#domain/city-time.ts';
import { DAY_MS, type Instant } from '#domain/instant.ts';
import { atServiceTime, serviceDayStart, serviceSeconds } from './service-time.ts';

/** A trip of the timetable, as far as telling trips apart needs it. */
export interface ScheduledTrip {
  tripId: string;
  routeId: string;
  directionId: number | null;
  patternId: string;
  /** Seconds of the service day. */
  startS: number;
  endS: number;
}

/** Trips that run on each service date. */
export interface TripsByDate {
  /** The trip of that id, whichever day it runs. */
  trip(tripId: string, date: string): ScheduledTrip | undefined;
  runsOn(tripId: string, date: string): boolean;
  /** The trip of a route and direction that starts then; `undefined` where there is none, or more than one. */
  starting(routeId: string, directionId: number, startS: number, date: string): ScheduledTrip | undefined;
}

/** What a reading says of the trip its vehicle is on. */
export interface TripWords {
  at: Instant;
  tripId?: string | undefined;
  routeId?: string | undefined;
  directionId?: number | undefined;
  serviceDate?: string | undefined;
  startTime?: string | undefined;
  relationship?: string | undefined;
  /** The vehicle says that it carries nobody: HFP's deadrun. */
  deadrun?: boolean | undefined;
}

/**
 * How a performed trip relates to the timetable. `unknown`: the feed names a trip that the timetable does not have (on
 * that day). `deadrun`: on no trip at all.
 */
export type TripRelationship = 'scheduled' | 'added' | 'unknown' | 'canceled' | 'deadrun';

export interface ResolvedTrip {
  /** As performed: the timetable's id, else what the feed calls it. '' for a deadrun. */
  tripId: string;
  serviceDate: string;
  relationship: TripRelationship;
  scheduled: ScheduledTrip | undefined;
}

const addedWords = ['added', 'unscheduled', 'replacement', 'duplicated'];
const canceledWords = ['canceled', 'deleted'];

/** Which trip a reading is of. */
export function resolveTrip(words: TripWords, trips: TripsByDate, time: CityTime): ResolvedTrip {
  const { at, tripId, routeId, directionId, startTime, relationship } = words;
  const startS = startTime === undefined ? undefined : serviceSeconds(startTime);
  if (words.deadrun || (tripId === undefined && (routeId === undefined || startS === undefined))) {
    return {
      tripId: '',
      serviceDate: words.serviceDate ?? time.dateOf(at),
      relationship: 'deadrun',
      scheduled: undefined,
    };
  }
  const dates = words.serviceDate === undefined ? nearDates(at, time) : [words.serviceDate];
  const found = dates
    .map((date) => ({ date, trip: tripOn(words, startS, date, trips) }))
    .filter((f): f is { date: string; trip: ScheduledTrip } => f.trip !== undefined)
    .sort((a, b) => awayMs(at, a, time) - awayMs(at, b, time))[0];
  const isAdded = relationship !== undefined && addedWords.includes(relationship);
  const isCanceled = relationship !== undefined && canceledWords.includes(relationship);
  if (found && !isAdded) {
    return {
      tripId: found.trip.tripId,
      serviceDate: found.date,
      relationship: isCanceled ? 'canceled' : 'scheduled',
      scheduled: found.trip,
    };
  }
  return {
    tripId: tripId ?? `${routeId}/${directionId ?? '-'}/${startTime}`,
    serviceDate: words.serviceDate ?? time.dateOf(at),
    relationship: isAdded ? 'added' : isCanceled ? 'canceled' : 'unknown',
    // An added trip may name the trip it is a copy of: its stops are known then.
    scheduled: tripId === undefined ? undefined : dates.map((d) => trips.trip(tripId, d)).find(Boolean),
  };
}

function tripOn(
  { tripId, routeId, directionId }: TripWords,
  startS: number | undefined,
  date: string,
  trips: TripsByDate,
): ScheduledTrip | undefined {
  if (tripId !== undefined) {
    // A run of a trip by headway is named by its start.
    for (const id of startS === undefined ? [tripId] : [tripId, `${tripId}@${clock(startS)}`]) {
      const trip = trips.trip(id, date);
      if (trip && trips.runsOn(id, date)) return trip;
    }
    return undefined;
  }
  return startS === undefined ? undefined : trips.starting(routeId!, directionId ?? 0, startS, date);
}

/** A reading that names no service day is of the local date, or of the night that goes on from the day before. */
function nearDates(at: Instant, time: CityTime): string[] {
  return [time.dateOf(at), time.dateOf(at - DAY_MS), time.dateOf(at + DAY_MS / 4)].filter(
    (date, i, all) => all.indexOf(date) === i,
  );
}

/** From the span in which the trip is scheduled on that day. */
function awayMs(at: Instant, { date, trip }: { date: string; trip: ScheduledTrip }, time: CityTime): number {
  const start = serviceDayStart(time, date);
  return Math.max(0, atServiceTime(start, trip.startS) - at, at - atServiceTime(start, trip.endS));
}

function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
