import type { FedReading } from '../feed.ts';

/**
 * Automatic passenger counts: what went through each door (its lane is the door), and the load of the vehicle as a
 * reading of its own without a door, so that doors sum up to what boarded and nothing counts twice. A load below 0 is
 * missing.
 */
export function countReadings(
  content: Record<string, unknown>,
  vehicleId: string,
  observedAt: string,
): FedReading[] {
  const counts = record(content.vehiclecounts);
  const readings: FedReading[] = [];
  for (const entry of list(counts.doorcounts)) {
    const { door, count } = record(entry);
    const classes = list(count).map(record);
    const boarded = sumOf(classes.map((c) => c.in));
    const alighted = sumOf(classes.map((c) => c.out));
    if (boarded === undefined && alighted === undefined) continue;
    readings.push({
      kind: 'passenger-count',
      observedAt,
      vehicleId,
      ...(/^\d+$/.test(String(door)) && { door: Number(door) }),
      ...(boarded !== undefined && { boarded }),
      ...(alighted !== undefined && { alighted }),
    });
  }
  const load = counts.vehicleload;
  if (typeof load === 'number' && load >= 0) {
    readings.push({ kind: 'passenger-count', observedAt, vehicleId, load });
  }
  return readings;
}

/** Of the classes of passengers that were counted; a count below 0 is missing. */
function sumOf(values: unknown[]): number | undefined {
  const counted = values.filter((v): v is number => typeof v === 'number' && v >= 0);
  return counted.length === 0 ? undefined : counted.reduce((sum, n) => sum + n, 0);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
