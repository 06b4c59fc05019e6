import * as z from 'zod';
import type { Instant } from '../instant.ts';
import { type Content, envelope, fixed, name, type ReadingKind, wholeDevice } from './reading-kind.ts';

export const vehicleClasses = [
  'car',
  'van',
  'truck',
  'bus',
  'tram',
  'motorcycle',
  'bicycle',
  'pedestrian',
  'other',
] as const;

const schema = z.strictObject({
  kind: z.literal('traffic-flow'),
  ...envelope,
  periodS: z.int().min(1).max(86_400),
  direction: name.optional(),
  lane: z.int().min(1).max(999).optional(),
  /** Vehicles in the period. */
  count: z.int().min(0).optional(),
  /** The same by class; without `count` their sum is the count. */
  counts: z.partialRecord(z.enum(vehicleClasses), z.int().min(0)).optional(),
  speedKmh: z.number().min(0).optional(),
  /** Share of the period in which the detector was covered, 0 to 1. */
  occupancy: z.number().min(0).optional(),
  /** Drivers' speeds: vehicles in [fromKmh, toKmh). */
  speedBins: z
    .array(z.strictObject({ fromKmh: z.number().min(0), toKmh: z.number().min(0), count: z.int().min(0) }))
    .max(128)
    .optional(),
  /** Single vehicles; each is one vehicle of the count. */
  vehicles: z
    .array(
      z.strictObject({
        speedKmh: z.number().min(0).optional(),
        lengthM: z.number().min(0).optional(),
        class: z.enum(vehicleClasses).optional(),
      }),
    )
    .max(2_000)
    .optional(),
});

export type TrafficFlow = z.infer<typeof schema>;

/**
 * Content, in order: periodS, count, speed in 1/1000 km/h, occupancy in 1/1,000,000, number of class pairs,
 * then (class, count) pairs in the order of `vehicleClasses`, then (km/h bin, vehicles) pairs, ascending.
 */
export const trafficFlow: ReadingKind<TrafficFlow> = {
  kind: 'traffic-flow',
  schema,
  slot: (r) =>
    r.direction === undefined && r.lane === undefined
      ? wholeDevice
      : { subject: '', direction: r.direction ?? '', lane: r.lane ?? 0 },
  periodS: (r) => r.periodS,
  identity: (r, observedAt) => flowIdentity(observedAt, r.periodS),
  content,
  impossible,
};

export function flowIdentity(observedAt: Instant, periodS: number): number {
  return observedAt * 1_000 + (periodS % 1_000);
}

function content(r: TrafficFlow): Content {
  if (r.counts === undefined && r.speedBins === undefined && r.vehicles === undefined) {
    return [r.periodS, r.count ?? null, fixed(r.speedKmh, 1_000), fixed(r.occupancy, 1_000_000), 0];
  }
  const classes = classCounts(r);
  const total = r.count ?? r.vehicles?.length ?? sum(classes.values()) ?? null;
  const values: (number | string | null)[] = [
    r.periodS,
    total,
    fixed(r.speedKmh, 1_000),
    fixed(r.occupancy, 1_000_000),
    classes.size,
  ];
  for (const [vehicleClass, n] of classes) values.push(vehicleClass, n);
  for (const [kmh, n] of driverSpeedBins(r)) values.push(kmh, n);
  return values;
}

function classCounts(r: TrafficFlow): Map<string, number> {
  const found = new Map<string, number>();
  for (const vehicleClass of vehicleClasses) {
    const n = r.counts
      ? r.counts[vehicleClass]
      : r.vehicles?.reduce((sum, v) => sum + (v.class === vehicleClass ? 1 : 0), 0);
    if (n !== undefined && (r.counts || n > 0)) found.set(vehicleClass, n);
  }
  return found;
}

/** Vehicles by 1 km/h bin. A wider bin's vehicles stand in its middle: exact to half its width. */
function driverSpeedBins(r: TrafficFlow): [number, number][] {
  const bins = new Map<number, number>();
  const add = (kmh: number, n: number) => bins.set(kmh, (bins.get(kmh) ?? 0) + n);
  for (const v of r.vehicles ?? []) if (v.speedKmh !== undefined) add(Math.floor(v.speedKmh), 1);
  if (!r.vehicles) {
    for (const b of r.speedBins ?? []) if (b.count > 0) add(Math.floor((b.fromKmh + b.toKmh) / 2), b.count);
  }
  return [...bins].sort((a, b) => a[0] - b[0]);
}

function sum(values: Iterable<number>): number | undefined {
  let total: number | undefined;
  for (const v of values) total = (total ?? 0) + v;
  return total;
}

/** The shortest time headway a lane can sustain, 0.5 s, bounds a count; a reading without a lane may cover ten. */
const MAX_VEHICLES_PER_LANE_S = 2;
export const MAX_SPEED_KMH = 250;

export function mostVehicles(periodS: number, hasLane: boolean): number {
  return Math.ceil(MAX_VEHICLES_PER_LANE_S * (hasLane ? 1 : 10) * periodS);
}

function impossible(r: TrafficFlow): string | undefined {
  if (r.speedKmh !== undefined && r.speedKmh > MAX_SPEED_KMH) {
    return `speedKmh ${r.speedKmh} is over ${MAX_SPEED_KMH}; is it in another unit?`;
  }
  if (r.occupancy !== undefined && r.occupancy > 1) {
    return `occupancy ${r.occupancy} is over 1; it is a share, not per cent`;
  }
  if (
    r.count === undefined &&
    r.counts === undefined &&
    r.speedKmh === undefined &&
    r.occupancy === undefined &&
    r.speedBins === undefined &&
    r.vehicles === undefined
  ) {
    return 'the reading measures nothing: no count, speed or occupancy';
  }
  const most = mostVehicles(r.periodS, r.lane !== undefined);
  if (r.count !== undefined && r.count > most) {
    return `count ${r.count} in ${r.periodS} s is over ${most}; is periodS right?`;
  }
  const classes = r.counts ? sum(Object.values(r.counts)) : undefined;
  if (classes !== undefined && classes > (r.count ?? most)) {
    return `counts by class add up to ${classes}, more than ${r.count ?? most}`;
  }
  for (const bin of r.speedBins ?? []) {
    if (bin.toKmh <= bin.fromKmh || bin.toKmh > 2 * MAX_SPEED_KMH) {
      return `speed bin ${bin.fromKmh} to ${bin.toKmh} km/h is not a bin`;
    }
  }
  for (const v of r.vehicles ?? []) {
    if (v.speedKmh !== undefined && v.speedKmh > MAX_SPEED_KMH) {
      return `a vehicle's speedKmh ${v.speedKmh} is over ${MAX_SPEED_KMH}`;
    }
  }
  if (r.count !== undefined && r.vehicles !== undefined && r.vehicles.length > r.count) {
    return `${r.vehicles.length} vehicles listed, but count is ${r.count}`;
  }
  return undefined;
}
