import type { Instant } from '#domain/instant.ts';
import { assignCounts } from './assign-counts.ts';
import type { PassengerCount } from './passenger-count.ts';
import { staysOf } from './stay.ts';
import type { StopVisit } from './stop-visits.ts';
import { tripPassengers } from './trip-passengers.ts';
import type { PerformedTrip } from './vehicle-day.ts';

/** What one door, or the load alone, counted at one moment. */
export interface LiveCount {
  vehicleId: string;
  deviceId: string;
  at: Instant;
  /** Another of the same device, moment and door is told instead of it. */
  door: number;
  tripId: string | undefined;
  stopId: string | undefined;
  boarded: number | undefined;
  alighted: number | undefined;
  load: number | undefined;
}

/** Who got on and off at a stop visit; undefined where nothing counted that side. */
export interface VisitCount {
  boardings: number | undefined;
  alightings: number | undefined;
}

export interface VehicleCounts {
  /** False where the same was there. */
  put(count: LiveCount): boolean;
  /** Counts up to then are of trips that are over. */
  drop(until: Instant): void;
  /** By the visits of the trips that are held. */
  assign(trips: readonly PerformedTrip[]): Map<StopVisit, VisitCount>;
  readonly isEmpty: boolean;
}

/** Moments; more are never held, however often a counter reports. */
const MOST_HELD = 500;

/** What a vehicle's counters said lately, to be put to its stop visits by the rules of the night. */
export function vehicleCounts(): VehicleCounts {
  /** By device and moment, its doors. */
  const held = new Map<string, Map<number, LiveCount>>();
  return {
    put: (count) => {
      const key = `${count.deviceId}/${count.at}`;
      const doors = held.get(key) ?? new Map<number, LiveCount>();
      const before = doors.get(count.door);
      if (before && JSON.stringify(before) === JSON.stringify(count)) return false;
      doors.set(count.door, count);
      held.set(key, doors);
      if (held.size > MOST_HELD) held.delete(held.keys().next().value!);
      return true;
    },
    drop: (until) => {
      for (const [key, doors] of held) if (doors.values().next().value!.at <= until) held.delete(key);
    },
    assign: (trips) => {
      const counts = [...held.values()].map((doors) => countOf([...doors.values()]));
      counts.sort((a, b) => a.at - b.at || (a.deviceId < b.deviceId ? -1 : 1));
      const stays = staysOf(trips);
      const passengers = tripPassengers(stays, assignCounts(stays, counts));
      return new Map(
        [...passengers].map(([visit, { boardings, alightings }]) => [visit, { boardings, alightings }]),
      );
    },
    get isEmpty() {
      return held.size === 0;
    },
  };
}

/** All doors together. */
function countOf(doors: readonly LiveCount[]): PassengerCount {
  const { at, deviceId } = doors[0]!;
  const tripId = doors.find((d) => d.tripId !== undefined)?.tripId;
  const stopId = doors.find((d) => d.stopId !== undefined)?.stopId;
  const boarded = sumOf(doors.flatMap((d) => d.boarded ?? []));
  const alighted = sumOf(doors.flatMap((d) => d.alighted ?? []));
  const loads = doors.flatMap((d) => d.load ?? []);
  return {
    at,
    deviceId,
    readings: doors.length,
    ...(tripId !== undefined && { tripId }),
    ...(stopId !== undefined && { stopId }),
    ...(boarded !== undefined && { boarded }),
    ...(alighted !== undefined && { alighted }),
    ...(loads.length > 0 && { load: Math.max(...loads) }),
  };
}

function sumOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, n) => sum + n, 0);
}
