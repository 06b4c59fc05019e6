import { HOUR_MS, type Instant } from '#domain/instant.ts';
import type { LiveVisit } from './open-trip.ts';

/** Passengers counted at the stop visits of a service date, as far as they are known by now. */
export interface RouteBoardings {
  routeId: string;
  directionId: number;
  /** Of the first visit that was seen: nobody followed before. */
  since: Instant;
  visits: number;
  /** Of which carried a count, of nobody too. */
  countedVisits: number;
  boardings: number;
  alightings: number;
}

export interface DayBoardings extends Omit<RouteBoardings, 'routeId' | 'directionId'> {
  date: string;
  /** By name. */
  routes: RouteBoardings[];
}

/** A visit as its file has it last: what goes on after a restart. */
export interface ToldVisit {
  date: string;
  key: string;
  routeId: string;
  directionId: number;
  seenAt: Instant;
  boardings: number | undefined;
  alightings: number | undefined;
}

export interface LiveBoardings {
  put(visit: LiveVisit): void;
  /** Goes on from what was told before: single visits, and sums of those that change no more. */
  resume(told: readonly ToldVisit[], sums: readonly (RouteBoardings & { date: string })[]): void;
  /** Service dates that are held, ascending. */
  days(): DayBoardings[];
  /** Visits so old change no more, and service dates before `date` are let go. */
  letGo(now: Instant, date: string): void;
}

/** So long a visit is known by itself: what is told of it later is the night's. */
const CHANGES_MS = HOUR_MS;

/** Adds up what stop visits carry, and what is told of one anew instead of what was told before. */
export function liveBoardings(): LiveBoardings {
  const dates = new Map<string, Map<string, RouteBoardings>>();
  const known = new Map<string, ToldVisit>();

  const add = (visit: ToldVisit, sign: 1 | -1) => {
    const { date, routeId, directionId, boardings, alightings } = visit;
    const sum = routeOf(dates, date, routeId, directionId);
    sum.since = Math.min(sum.since, visit.seenAt);
    sum.visits += sign;
    if (boardings !== undefined || alightings !== undefined) sum.countedVisits += sign;
    sum.boardings += sign * (boardings ?? 0);
    sum.alightings += sign * (alightings ?? 0);
  };

  return {
    put: (live) => {
      const visit = toldVisit(live);
      const before = known.get(visit.key);
      // It can not be taken back: nobody knows any more what it was.
      if (!before && live.revision > 0) return;
      if (before) add(before, -1);
      known.delete(visit.key);
      if (live.withdrawn) return;
      // A trip that is picked up in its midst after a restart has not heard the counts before.
      if (before && live.revision === 0) {
        visit.boardings ??= before.boardings;
        visit.alightings ??= before.alightings;
      }
      add(visit, 1);
      known.set(visit.key, visit);
    },
    resume: (told, sums) => {
      for (const visit of told) {
        add(visit, 1);
        known.set(visit.key, visit);
      }
      for (const { date, routeId, directionId, ...more } of sums) {
        const sum = routeOf(dates, date, routeId, directionId);
        sum.since = Math.min(sum.since, more.since);
        for (const name of ['visits', 'countedVisits', 'boardings', 'alightings'] as const)
          sum[name] += more[name];
      }
    },
    days: () =>
      [...dates]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([date, own]) => {
          const routes = [...own.values()].filter((r) => r.visits > 0).sort(byName);
          const all = (name: 'visits' | 'countedVisits' | 'boardings' | 'alightings') =>
            routes.reduce((sum, r) => sum + r[name], 0);
          return {
            date,
            since: Math.min(...routes.map((r) => r.since)),
            visits: all('visits'),
            countedVisits: all('countedVisits'),
            boardings: all('boardings'),
            alightings: all('alightings'),
            routes,
          };
        }),
    letGo: (now, date) => {
      for (const [key, { seenAt }] of known) if (seenAt < now - CHANGES_MS) known.delete(key);
      for (const held of dates.keys()) if (held < date) dates.delete(held);
    },
  };
}

/** From when on visits are still known by themselves. */
export function changesSince(now: Instant): Instant {
  return now - CHANGES_MS;
}

function toldVisit({ trip, vehicleId, visit, counted }: LiveVisit): ToldVisit {
  return {
    date: trip.serviceDate,
    key: visitKey(trip.serviceDate, trip.tripId, vehicleId, visit.call.position),
    routeId: trip.scheduled?.routeId ?? '',
    directionId: trip.scheduled?.directionId ?? 0,
    seenAt: visit.departureAt ?? visit.arrivalAt ?? 0,
    boardings: counted?.boardings,
    alightings: counted?.alightings,
  };
}

export function visitKey(date: string, tripId: string, vehicleId: string, position: number): string {
  return `${date}/${tripId}/${vehicleId}/${position}`;
}

function routeOf(
  dates: Map<string, Map<string, RouteBoardings>>,
  date: string,
  routeId: string,
  directionId: number,
): RouteBoardings {
  const routes = dates.get(date) ?? new Map<string, RouteBoardings>();
  dates.set(date, routes);
  const key = `${routeId}/${directionId}`;
  const sum = routes.get(key) ?? {
    routeId,
    directionId,
    since: Number.POSITIVE_INFINITY,
    visits: 0,
    countedVisits: 0,
    boardings: 0,
    alightings: 0,
  };
  routes.set(key, sum);
  return sum;
}

function byName(a: RouteBoardings, b: RouteBoardings): number {
  return a.routeId.localeCompare(b.routeId, 'en', { numeric: true }) || a.directionId - b.directionId;
}
