import type { Instant } from '#domain/instant.ts';
import type { PassengerCount } from '#domain/readings/passenger-count.ts';
import type { Reading } from '#domain/readings/reading-kind.ts';
import type { StopEvent } from '#domain/readings/stop-event.ts';
import type { TripUpdate } from '#domain/readings/trip-update.ts';
import type { VehiclePosition } from '#domain/readings/vehicle-position.ts';
import type { LiveLoad, LiveReading } from './live-visits.ts';
import { callsTold } from './recorded-calls.ts';
import type { LiveCount } from './vehicle-counts.ts';
import type { VehicleReading } from './vehicle-day.ts';

/** How many an admitted reading says that a vehicle carries; undefined of others. */
export function liveLoad(reading: Reading, at: Instant): LiveLoad | undefined {
  if (reading.kind !== 'passenger-count') return undefined;
  const { vehicleId, load } = reading as PassengerCount;
  return load === undefined ? undefined : { vehicleId, at, load };
}

/** Who an admitted reading says got on and off; undefined of others. */
export function liveCount(deviceId: string, reading: Reading, at: Instant): LiveCount | undefined {
  if (reading.kind !== 'passenger-count') return undefined;
  const { vehicleId, door = 0, tripId, stopId, boarded, alighted, load } = reading as PassengerCount;
  return { vehicleId, deviceId, at, door, tripId, stopId, boarded, alighted, load };
}

/** What an admitted reading says of a vehicle on its trip, as the nights read it from the lake; undefined for other kinds. */
export function liveReading(reading: Reading, at: Instant): LiveReading | undefined {
  switch (reading.kind) {
    case 'vehicle-position': {
      const r = reading as VehiclePosition;
      const { vehicleId, event, journey, scheduleRelationship, ...words } = r;
      return {
        vehicleId,
        identity: `${r.kind}/${event ?? ''}`,
        reading: {
          ...words,
          at,
          relationship: scheduleRelationship,
          ...((journey === 'deadrun' || journey === 'signoff') && { deadrun: true }),
        } as VehicleReading,
      };
    }
    case 'stop-event': {
      const r = reading as StopEvent;
      return {
        vehicleId: r.vehicleId,
        identity: `${r.kind}/${r.event}`,
        reading: { ...r, at } as VehicleReading,
      };
    }
    case 'trip-update': {
      const { vehicleId, tripId, stops, scheduleRelationship, ...words } = reading as TripUpdate;
      if (tripId === undefined || scheduleRelationship === 'canceled' || scheduleRelationship === 'deleted')
        return undefined;
      const { recorded, next } = callsTold(stops, at);
      return {
        vehicleId: vehicleId ?? `trip:${tripId}`,
        identity: `${reading.kind}/${tripId}`,
        reading: {
          ...words,
          at,
          tripId,
          relationship: scheduleRelationship,
          stopId: next?.stopId,
          stopSequence: next?.stopSequence,
          ...(recorded.length > 0 && { recorded }),
          status: 'in-transit-to',
          isForecast: true,
        } as VehicleReading,
      };
    }
    default:
      return undefined;
  }
}
