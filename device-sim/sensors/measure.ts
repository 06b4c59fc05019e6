import type { Sensor } from '../city/city.ts';
import { bell, noise, uniform } from '../random.ts';
import type { CityMinute } from '../traffic/passing.ts';

/** What a sensor made of a minute. Filled anew for each reading. */
export interface Measurement {
  count: number;
  /** Whether the classes below are known to the sensor. */
  classified: boolean;
  cars: number;
  vans: number;
  trucks: number;
  buses: number;
  /** Tenths of km/h; -1 where not measured or nobody passed. */
  speedTenths: number;
  /** Ten-thousandths; -1 where not measured. */
  occupancyParts: number;
  /** Drivers' speeds: vehicles by 10 km/h, or none. */
  bins: Int32Array | undefined;
}

export const BIN_KMH = 10;
const BINS = 25;

export function emptyMeasurement(): Measurement {
  return {
    count: 0,
    classified: false,
    cars: 0,
    vans: 0,
    trucks: 0,
    buses: 0,
    speedTenths: -1,
    occupancyParts: -1,
    bins: undefined,
  };
}

/** Vehicles a healthy sensor misses, and its relative errors of speed and occupancy (standard deviations). */
const quality = {
  'dual-loop': { missed: 0.004, speed: 0.015, occupancy: 0.015 },
  'single-loop': { missed: 0.004, speed: 0, occupancy: 0.015 },
  radar: { missed: 0.01, speed: 0.01, occupancy: 0 },
  camera: { missed: 0.015, speed: 0, occupancy: 0 },
} as const;

/** What the sensor's type lets it see of the true minute at `point`. */
export function measure(
  sensor: Sensor,
  minute: CityMinute,
  point: number,
  seed: number,
  into: Measurement,
): void {
  const { type } = sensor;
  const { missed, speed, occupancy } = quality[type];
  const stream = 0x3ea5 + sensor.firstPoint * 8 + (point & 7);
  const index = minute.at / 60_000;
  const chance = noise(seed, stream, index);
  const count = minute.count[point]!;
  const misses = uniform(chance) < count * missed ? 1 : 0;
  into.count = count - misses;
  into.classified = type === 'camera';
  into.speedTenths = -1;
  into.occupancyParts = -1;
  into.bins = undefined;
  if (into.classified) {
    into.vans = minute.vans[point]!;
    into.trucks = minute.trucks[point]!;
    into.buses = minute.buses[point]!;
    into.cars = minute.cars[point]!;
    if (misses === 1) missOne(into);
    return;
  }
  const errors = noise(seed, stream ^ 0x0cc0, index);
  if (type !== 'single-loop' && into.count > 0) {
    const measured = minute.speedKmh[point]! * (1 + speed * bell(errors));
    into.speedTenths = Math.min(2_490, Math.round(measured * 10));
    if (sensor.speedBins) into.bins = driversSpeeds(measured, into.count, uniform(errors));
  }
  if (type !== 'radar') {
    const share = minute.occupancy[point]! * (1 + occupancy * bell((errors << 16) | (errors >>> 16)));
    into.occupancyParts = Math.min(10_000, Math.round(share * 10_000));
  }
}

function missOne(into: Measurement): void {
  if (into.cars > 0) into.cars--;
  else if (into.vans > 0) into.vans--;
  else if (into.trucks > 0) into.trucks--;
  else into.buses--;
}

/** Inverse of the normal distribution at (i + 1/2)/64. */
const deviates = Float64Array.from({ length: 64 }, (_, i) => normalDeviate((i + 0.5) / 64));

/** `count` drivers around the mean, evenly over the distribution. */
function driversSpeeds(meanKmh: number, count: number, luck: number): Int32Array {
  const bins = new Int32Array(BINS);
  for (let i = 0; i < count; i++) {
    const z = deviates[Math.min(63, Math.floor(((i + luck) / count) * 64))]!;
    const kmh = Math.max(1, meanKmh * (1 + 0.09 * z));
    bins[Math.min(BINS - 1, Math.floor(kmh / BIN_KMH))]!++;
  }
  return bins;
}

/** Bowling, Khasawneh, Kaewkuekool and Cho (2009): logistic approximation, error below 0.01 in the share. */
function normalDeviate(share: number): number {
  return -Math.log(1 / share - 1) / 1.702;
}
