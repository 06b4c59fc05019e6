import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { DayBoardings } from '#analytics/transit/live-boardings.ts';
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';

/** A vehicle's latest stop. */
export interface SeenVehicle {
  vehicleId: string;
  tripId: string;
  stopId: string;
  seenAt: Instant;
  /** Seconds after the timetable; null where the trip has none. */
  lateS: number | null;
  /** Passengers aboard when it left, as the vehicle has it; null where it does not count. */
  load: number | null;
}

export interface LiveRoute {
  routeId: string;
  directionId: number;
  /** Seen at a stop in the last quarter of an hour. */
  vehicles: number;
  early: number;
  onTime: number;
  late: number;
  medianLateS: number | null;
  /** Passengers aboard, the mean of the vehicles that count; null where none does. */
  meanLoad: number | null;
  latest: SeenVehicle;
  /** At the stop of the latest: since the vehicle before, and as the timetable has it; null where there was none before. */
  headwayS: number | null;
  dueHeadwayS: number | null;
}

export interface LiveTransit {
  asOf: Instant;
  /** Those with most late vehicles first. */
  routes: LiveRoute[];
  /** The newest first. */
  latest: (SeenVehicle & { routeId: string; directionId: number })[];
  boardings: CountedDay | null;
}

/** Who was counted at the stop visits of the newest service date; the night counts anew. */
export interface CountedDay extends DayBoardings {
  /** Of the visits, those that carried a count. */
  countedShare: number;
}

const EARLY_S = 60;
const LATE_S = 300;
const ON_THE_ROAD_MS = 15 * MINUTE_MS;
const LATEST_SHOWN = 15;
/** An hour or so of a large city's stop visits. */
const TAIL_BYTES = 8 * 1_024 * 1_024;

/** What was told of vehicles that are under way now, and of the day's passengers; null where there are none of either. */
export function liveTransit(
  files: readonly string[],
  days: readonly DayBoardings[] | null,
  now: Instant,
): LiveTransit | null {
  const seen = surveyVisits(files.slice(-2).flatMap(lastLines), now);
  const boardings = countedDay(days ?? []);
  if (!seen && !boardings) return null;
  return { asOf: now, routes: seen?.routes ?? [], latest: seen?.latest ?? [], boardings };
}

/** null where nothing counts passengers. */
export function countedDay(days: readonly DayBoardings[]): CountedDay | null {
  const day = days.findLast((d) => d.visits > 0);
  return day && day.countedVisits > 0 ? { ...day, countedShare: day.countedVisits / day.visits } : null;
}

/** The end of a file, by lines; a day of a large city is too much to read for every page. */
function lastLines(path: string): string[] {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(file, bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8', 0, read).split('\n');
    return from > 0 ? lines.slice(1) : lines;
  } finally {
    closeSync(file);
  }
}

interface Told {
  date: string;
  route_id?: string;
  direction_id?: number | null;
  trip_id: string;
  vehicle_id: string;
  position: number;
  stop_id: string;
  is_last: boolean;
  arrival_at: string | null;
  departure_at: string | null;
  scheduled_arrival_at?: string | null;
  scheduled_departure_at?: string | null;
  reported_load?: number | null;
  withdrawn: boolean;
}

type Visit = SeenVehicle & { routeId: string; directionId: number; dueAt: Instant | null };

/** Of lines in the order in which they were told: what was said last of a visit counts. */
export function surveyVisits(lines: readonly string[], now: Instant): Omit<LiveTransit, 'boardings'> | null {
  const visits = new Map<string, Visit>();
  for (const line of lines) {
    const told = parsed(line);
    if (!told) continue;
    const key = [told.date, told.trip_id, told.vehicle_id, told.position].join('/');
    visits.delete(key);
    const visit = told.withdrawn ? undefined : visitOf(told);
    if (visit) visits.set(key, visit);
  }
  const all = [...visits.values()].sort((a, b) => b.seenAt - a.seenAt);
  const newest = new Map<string, Visit>();
  for (const visit of all) {
    if (visit.seenAt >= now - ON_THE_ROAD_MS && !newest.has(visit.vehicleId))
      newest.set(visit.vehicleId, visit);
  }
  if (newest.size === 0) return null;
  const groups = Map.groupBy(newest.values(), (v) => `${v.routeId}\n${v.directionId}`);
  const routes = [...groups.values()].map((vehicles) => routeOf(vehicles, all));
  routes.sort((a, b) => b.late - a.late || b.vehicles - a.vehicles || (a.routeId < b.routeId ? -1 : 1));
  const latest = all
    .slice(0, LATEST_SHOWN)
    .map((v) => ({ ...seen(v), routeId: v.routeId, directionId: v.directionId }));
  return { asOf: now, routes, latest };
}

function routeOf(vehicles: readonly Visit[], all: readonly Visit[]): LiveRoute {
  const latest = vehicles[0]!;
  const known = vehicles.flatMap((v) => v.lateS ?? []).sort((a, b) => a - b);
  const loads = vehicles.flatMap((v) => v.load ?? []);
  const before = all.find(
    (v) =>
      v.routeId === latest.routeId &&
      v.directionId === latest.directionId &&
      v.stopId === latest.stopId &&
      v.tripId !== latest.tripId &&
      v.seenAt <= latest.seenAt,
  );
  const due = before && latest.dueAt !== null && before.dueAt !== null ? latest.dueAt - before.dueAt : null;
  return {
    routeId: latest.routeId,
    directionId: latest.directionId,
    vehicles: vehicles.length,
    early: known.filter((s) => s < -EARLY_S).length,
    onTime: known.filter((s) => s >= -EARLY_S && s <= LATE_S).length,
    late: known.filter((s) => s > LATE_S).length,
    medianLateS: known.length === 0 ? null : known[Math.floor(known.length / 2)]!,
    meanLoad: loads.length === 0 ? null : loads.reduce((sum, n) => sum + n, 0) / loads.length,
    latest: seen(latest),
    headwayS: before ? Math.round((latest.seenAt - before.seenAt) / SECOND_MS) : null,
    dueHeadwayS: due === null ? null : Math.round(due / SECOND_MS),
  };
}

function seen({ vehicleId, tripId, stopId, seenAt, lateS, load }: Visit): SeenVehicle {
  return { vehicleId, tripId, stopId, seenAt, lateS, load };
}

/** The last line may still be being written. */
function parsed(line: string): Told | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as Told);
  } catch {
    return undefined;
  }
}

/** As the measures have it: departure where there is one and a way on, else arrival. */
function visitOf(told: Told): Visit | undefined {
  const at = (text: string | null | undefined) => (text ? Date.parse(text) : null);
  const leaves = told.departure_at !== null && !told.is_last;
  const seenAt = at(leaves ? told.departure_at : (told.arrival_at ?? told.departure_at));
  if (seenAt === null) return undefined;
  const dueAt = at(leaves ? told.scheduled_departure_at : told.scheduled_arrival_at);
  return {
    routeId: told.route_id ?? '',
    directionId: told.direction_id ?? 0,
    vehicleId: told.vehicle_id,
    tripId: told.trip_id,
    stopId: told.stop_id,
    seenAt,
    dueAt,
    lateS: dueAt === null ? null : Math.round((seenAt - dueAt) / SECOND_MS),
    load: told.reported_load ?? null,
  };
}
