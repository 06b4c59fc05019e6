import type { Instant } from '#domain/instant.ts';
import type { Point, Sensor } from '../city/city.ts';
import { noise, uniform } from '../random.ts';
import type { Measurement } from '../sensors/measure.ts';
import { type Fault, type FaultKind, UNDERCOUNT_SHARE } from './fault.ts';

/** What a sensor's faults do to what it measures: which traffic it watches, and which values it makes of it. */
export interface MeasuringFaults {
  /** The point whose traffic is measured in place of this one. */
  watched(point: Point, at: Instant): number;
  /** Changes the measurement as the faults of that minute do. */
  distort(point: Point, at: Instant, m: Measurement): void;
}

export function measuringFaults(
  seed: number,
  sensor: Sensor,
  opposite: Sensor | undefined,
  faults: readonly Fault[],
): MeasuringFaults {
  const active = (kind: FaultKind, at: Instant) =>
    faults.find((f) => f.kind === kind && at >= f.from && at < f.to);
  const stuckAt = new Map<number, Measurement>();
  const seen = new Map<number, number>();

  const watched = (point: Point, at: Instant): number => {
    const within = point.index - sensor.firstPoint;
    if (active('swapped-lanes', at)) return sensor.firstPoint + sensor.points - 1 - within;
    if (!active('swapped-directions', at)) return point.index;
    if (point.direction !== '') return sensor.firstPoint + (1 - within);
    return opposite ? opposite.firstPoint + within : point.index;
  };

  const distort = (point: Point, at: Instant, m: Measurement): void => {
    if (active('undercount', at)) undercount(m, seen, point.index);
    if (active('chattering', at)) chatter(m, noise(seed, 0xcba77e4 + point.index, at / 60_000));
    if (active('stuck', at)) {
      const before = stuckAt.get(point.index);
      if (before) Object.assign(m, before);
      else stuckAt.set(point.index, { ...m });
    } else stuckAt.delete(point.index);
  };

  return { watched, distort };
}

/** Every class loses its share over time; occupancy falls with the count, so each vehicle looks as long as ever. */
function undercount(m: Measurement, seen: Map<number, number>, point: number): void {
  const before = seen.get(point) ?? 0.5;
  const after = before + m.count * (1 - UNDERCOUNT_SHARE);
  seen.set(point, after);
  const count = Math.floor(after) - Math.floor(before);
  const kept = m.count === 0 ? 0 : count / m.count;
  if (m.classified) {
    m.vans = Math.floor(m.vans * kept);
    m.trucks = Math.floor(m.trucks * kept);
    m.buses = Math.floor(m.buses * kept);
    m.cars = count - m.vans - m.trucks - m.buses;
  }
  if (m.bins) m.bins = m.bins.map((n) => Math.floor(n * kept));
  m.count = count;
  if (m.occupancyParts >= 0) m.occupancyParts = Math.round(m.occupancyParts * kept);
  if (count === 0) m.speedTenths = -1;
}

/** Pulses too short to be vehicles, in bursts, that add counts and next to no occupancy. */
function chatter(m: Measurement, bits: number): void {
  const burst = (bits & 3) === 0;
  const pulses = burst ? 30 + Math.floor(40 * uniform(bits)) : (bits >>> 2) & 7;
  m.count += pulses;
  if (m.classified) m.cars += pulses;
  if (m.occupancyParts >= 0) m.occupancyParts = Math.min(10_000, m.occupancyParts + Math.round(pulses * 0.4));
}
