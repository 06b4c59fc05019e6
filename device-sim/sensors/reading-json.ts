import { formatInstant, type Instant } from '#domain/instant.ts';
import type { Point } from '../city/city.ts';
import { BIN_KMH, type Measurement } from './measure.ts';

/**
 * A traffic-flow reading on the wire is `head(at) + slotFields(point) + contentFields(measurement)`: put together by
 * hand, since a city makes millions.
 */
export function head(at: Instant): string {
  return `{"kind":"traffic-flow","observedAt":"${formatInstant(at)}","periodS":60`;
}

export function slotFields(point: Point): string {
  const direction = point.direction === '' ? '' : `,"direction":${JSON.stringify(point.direction)}`;
  return point.lane === 0 ? direction : `${direction},"lane":${point.lane}`;
}

/** What was measured, to the closing brace: two readings of one identity are duplicates where this is the same. */
export function contentFields(m: Measurement): string {
  if (m.classified) {
    return `,"count":${m.count},"counts":{"car":${m.cars},"van":${m.vans},"truck":${m.trucks},"bus":${m.buses}}}`;
  }
  let text = `,"count":${m.count}`;
  if (m.speedTenths >= 0) text += tenths[m.speedTenths]!;
  if (m.occupancyParts >= 0) text += parts[m.occupancyParts]!;
  if (m.bins) text += binFields(m.bins);
  return `${text}}`;
}

const tenths = Array.from({ length: 2_501 }, (_, n) => `,"speedKmh":${n / 10}`);
const parts = Array.from({ length: 10_001 }, (_, n) => `,"occupancy":${n / 10_000}`);

function binFields(bins: Int32Array): string {
  const filled: string[] = [];
  for (let b = 0; b < bins.length; b++) {
    if (bins[b]! === 0) continue;
    filled.push(`{"fromKmh":${b * BIN_KMH},"toKmh":${(b + 1) * BIN_KMH},"count":${bins[b]}}`);
  }
  return `,"speedBins":[${filled.join(',')}]`;
}
