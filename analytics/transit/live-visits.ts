import type { CityTime } from '#domain/city-time.ts';
import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { VehiclePosition } from '#domain/readings/vehicle-position.ts';
import type { ReportWay } from '../feed-quality/live/vehicle-report.ts';
import { type LiveVisit, type OpenTrip, openTrip } from './open-trip.ts';
import type { ResolvedTrip } from './resolve-trip.ts';
import type { TimetableDay } from './timetable-day.ts';
import { type LiveCount, type VehicleCounts, vehicleCounts } from './vehicle-counts.ts';
import { performedKey, tripResolver, type VehicleReading } from './vehicle-day.ts';

/** A vehicle's reading, with the name under which another one replaces it. */
export interface LiveReading {
  vehicleId: string;
  /** Another of the same vehicle and identity is told instead of it: the last by the order of the log counts. */
  identity: string;
  reading: VehicleReading;
}

/** How many a vehicle says that it carries. */
export interface LiveLoad {
  vehicleId: string;
  at: Instant;
  load: number;
}

export interface LiveVisits {
  /** Trips that begin from here on are of this timetable. */
  setTimetable(timetable: TimetableDay): void;
  put(reading: LiveReading): void;
  /** Of the trip that it says it is on; undefined where that is in no timetable, or has no way. */
  wayOf(reading: VehiclePosition, at: Instant): ReportWay | undefined;
  /** Of the trip on which the vehicle was heard last. */
  putLoad(load: LiveLoad): void;
  /** Of the stop visit that the rules of the night give it to. */
  putCount(count: LiveCount): void;
  /** Stop visits that are new, or other than told before. */
  changed(): LiveVisit[];
  /** Lets go of trips of which nothing was heard for a quarter of an hour. */
  letGo(now: Instant): void;
  readonly openTrips: number;
}

/** What is older when it comes is left to the night: it was held back, or told by a clock that is behind. */
export const LATEST_MS = 10 * MINUTE_MS;
const SILENT_MS = 15 * MINUTE_MS;
/** So long a count waits for its vehicle to be seen. */
const UNPLACED_MS = 30 * MINUTE_MS;
/** Vehicles with counters. */
const MOST_COUNTED = 50_000;

/**
 * Stop visits while vehicles are still under way: `stopVisits`, the function of the nights, folded over what is held of each
 * open trip of the timetable as its readings come. What is told can change: by a late reading, ten minutes late at most, by new content under an
 * old identity, and in the end by the night.
 */
export function liveVisits(time: CityTime): LiveVisits {
  const vehicles = new Map<string, Map<string, OpenTrip>>();
  const touched = new Set<OpenTrip>();
  const counts = new Map<string, VehicleCounts>();
  const countedAnew = new Set<string>();
  let timetable: TimetableDay | undefined;
  let resolve: ((reading: VehicleReading) => ResolvedTrip) | undefined;
  let openTrips = 0;
  return {
    setTimetable: (given) => {
      timetable = given;
      resolve = tripResolver(given, time);
    },
    put: ({ vehicleId, identity, reading }) => {
      if (!resolve || !timetable) return;
      const resolved = resolve(reading);
      const way = resolved.scheduled && timetable.wayOf(resolved.scheduled.patternId);
      if (!way || resolved.relationship === 'canceled') return;
      let trips = vehicles.get(vehicleId);
      if (!trips) {
        trips = new Map();
        vehicles.set(vehicleId, trips);
      }
      const key = performedKey(resolved);
      let trip = trips.get(key);
      if (!trip) {
        trip = openTrip(vehicleId, resolved, way);
        trips.set(key, trip);
        openTrips += 1;
      }
      trip.put(identity, reading);
      touched.add(trip);
    },
    wayOf: (r, at) => {
      const trip = resolve?.({
        at,
        tripId: r.tripId,
        routeId: r.routeId,
        directionId: r.directionId,
        serviceDate: r.serviceDate,
        startTime: r.startTime,
        relationship: r.scheduleRelationship,
        deadrun: r.journey === 'deadrun' || r.journey === 'signoff',
      });
      const shape = trip?.scheduled && timetable?.wayOf(trip.scheduled.patternId)?.shape;
      return shape && { key: performedKey(trip), tripId: trip.tripId, shape };
    },
    putLoad: ({ vehicleId, at, load }) => {
      const trips = [...(vehicles.get(vehicleId)?.values() ?? [])];
      const trip = trips.sort((a, b) => b.heardAt - a.heardAt)[0];
      if (!trip) return;
      trip.putLoad(at, load);
      touched.add(trip);
    },
    putCount: (count) => {
      let own = counts.get(count.vehicleId);
      if (!own) {
        if (counts.size >= MOST_COUNTED) return;
        own = vehicleCounts();
        counts.set(count.vehicleId, own);
      }
      if (own.put(count)) countedAnew.add(count.vehicleId);
    },
    changed: () => {
      const visits: LiveVisit[] = [];
      for (const trip of touched) trip.changed(visits);
      touched.clear();
      for (const { vehicleId } of visits) if (counts.has(vehicleId)) countedAnew.add(vehicleId);
      for (const vehicleId of countedAnew) {
        const trips = [...(vehicles.get(vehicleId)?.values() ?? [])];
        const found = counts.get(vehicleId)!.assign(trips.map((trip) => trip.performed()));
        for (const trip of trips) trip.count(found, visits);
      }
      countedAnew.clear();
      return visits;
    },
    letGo: (now) => {
      for (const [vehicleId, trips] of vehicles) {
        for (const [key, trip] of trips) {
          if (trip.heardAt > now - SILENT_MS) continue;
          trips.delete(key);
          counts.get(vehicleId)?.drop(trip.heardAt);
          openTrips -= 1;
        }
        if (trips.size === 0) vehicles.delete(vehicleId);
      }
      for (const [vehicleId, own] of counts) {
        if (!vehicles.has(vehicleId)) own.drop(now - UNPLACED_MS);
        if (own.isEmpty) counts.delete(vehicleId);
      }
    },
    get openTrips() {
      return openTrips;
    },
  };
}
