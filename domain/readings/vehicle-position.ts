import * as z from 'zod';
import { envelope, fixed, impossiblePosition, name, type ReadingKind } from './reading-kind.ts';

const schema = z.strictObject({
  kind: z.literal('vehicle-position'),
  ...envelope,
  vehicleId: name,
  /** What made the vehicle report, in its feed's own word (HFP `vp`, `due`, `arr`, ...). */
  event: name.optional(),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
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
  ],
  impossible: (r) =>
    impossiblePosition(r.lat, r.lon) ??
    (r.speedKmh !== undefined && r.speedKmh > 500
      ? `speedKmh ${r.speedKmh} is over 500; is it in another unit?`
      : undefined),
};
