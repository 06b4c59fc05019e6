import * as z from 'zod';
import {
  envelope,
  fixed,
  impossiblePosition,
  name,
  type ReadingKind,
  serviceTime,
  tripRelationship,
} from './reading-kind.ts';

const schema = z.strictObject({
  kind: z.literal('vehicle-position'),
  ...envelope,
  vehicleId: name,
  /** What made the vehicle report, in its feed's own word (HFP `vp`, `due`, `arr`, ...). */
  event: name.optional(),
  /** Both or neither: without a fix a vehicle still says which trip it serves, its odometer, its doors. */
  lat: z.number().min(-90).max(90).optional(),
  lon: z.number().min(-180).max(180).optional(),
  speedKmh: z.number().min(0).optional(),
  headingDeg: z.number().min(0).max(360).optional(),
  accuracyM: z.number().min(0).optional(),
  odometerM: z.number().min(0).optional(),
  tripId: name.optional(),
  routeId: name.optional(),
  directionId: z.int().min(0).max(1).optional(),
  /** Local service day, YYYY-MM-DD. */
  serviceDate: z.iso.date().optional(),
  stopId: name.optional(),
  stopSequence: z.int().min(0).optional(),
  status: z.enum(['incoming-at', 'stopped-at', 'in-transit-to']).optional(),
  /** Positive is late. */
  delayS: z.number().optional(),
  /** Share of the vehicle's places taken; over 1 is a crush load. */
  loadShare: z.number().min(0).optional(),
  /** Start of the trip: with route, direction and service day it names a trip where the feed has no trip id. */
  startTime: serviceTime.optional(),
  scheduleRelationship: tripRelationship.optional(),
  /** What the vehicle is about; absent where the feed does not tell. */
  journey: z.enum(['service', 'upcoming', 'deadrun', 'signoff']).optional(),
  doorsOpen: z.boolean().optional(),
  positionSource: z.enum(['gps', 'odometer', 'manual', 'dead-reckoning', 'none']).optional(),
  /** GTFS-Realtime's OccupancyStatus in small letters, such as `standing-room-only`. */
  occupancyStatus: name.optional(),
});

export type VehiclePosition = z.infer<typeof schema>;

export const vehiclePosition: ReadingKind<VehiclePosition> = {
  kind: 'vehicle-position',
  schema,
  slot: (r) => ({ subject: r.vehicleId, direction: '', lane: 0 }),
  periodS: () => 0,
  identity: (r, observedAt) => `${observedAt}/${r.event ?? ''}`,
  content: (r) => [
    fixed(r.lat, 1e7),
    fixed(r.lon, 1e7),
    fixed(r.speedKmh, 1_000),
    fixed(r.headingDeg, 10),
    fixed(r.accuracyM, 10),
    fixed(r.odometerM, 1),
    r.tripId ?? null,
    r.routeId ?? null,
    r.directionId ?? null,
    r.serviceDate ?? null,
    r.stopId ?? null,
    r.stopSequence ?? null,
    r.status ?? null,
    fixed(r.delayS, 1),
    fixed(r.loadShare, 1_000),
    r.startTime ?? null,
    r.scheduleRelationship ?? null,
    r.journey ?? null,
    r.doorsOpen === undefined ? null : Number(r.doorsOpen),
    r.positionSource ?? null,
    r.occupancyStatus ?? null,
  ],
  impossible: (r) =>
    wrongPosition(r) ??
    (r.speedKmh !== undefined && r.speedKmh > 500
      ? `speedKmh ${r.speedKmh} is over 500; is it in another unit?`
      : undefined),
};

function wrongPosition({ lat, lon }: VehiclePosition): string | undefined {
  if (lat === undefined && lon === undefined) return undefined;
  if (lat === undefined || lon === undefined) return 'half a position: lat and lon come together';
  return impossiblePosition(lat, lon);
}
