import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#domain/instant.ts';
import { type EventLog, LIVE, type LogEntry } from '#domain/log.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import type { CityState } from './city-state.ts';
import { type DeadLetterSelection, listDeadLetters } from './dead-letters.ts';

/** What is asked to be judged again: every dead letter at these places, for whatever reason. */
export interface ReadmissionPlan {
  /** By device and partition, in the order of the log. */
  places: { deviceId: string; partition: number; positions: number[] }[];
  readings: number;
  /** Readings that stand no longer in the log: they can not be judged again. */
  expired: number;
}

/** An order stays far below what a record may hold. */
const POSITIONS_AN_ORDER = 1_000;

export function planReadmission(
  db: DatabaseSync,
  selection: DeadLetterSelection,
  /** First position kept, by partition. */
  starts: readonly number[],
): ReadmissionPlan {
  const devices = new Map<string, { deviceId: string; partition: number; positions: Set<number> }>();
  let expired = 0;
  for (const { deviceId, partition, position, indices } of listDeadLetters(db, selection)) {
    if (position < (starts[partition] ?? 0)) {
      expired += indices.length;
      continue;
    }
    const name = `${partition}/${deviceId}`;
    const device = devices.get(name);
    if (device) device.positions.add(position);
    else devices.set(name, { deviceId, partition, positions: new Set([position]) });
  }
  const places = [...devices.values()].map((d) => ({
    ...d,
    positions: [...d.positions].sort((a, b) => a - b),
  }));
  return { places, readings: deadReadingsAt(db, places), expired };
}

/** How many readings at these places are dead letters now. */
export function deadReadingsAt(db: DatabaseSync, places: Parameters<CityState['deadReadings']>[0]): number {
  const at = db.prepare(
    'SELECT sum(json_array_length(indices)) AS n FROM dead_letters WHERE partition = ? AND position = ?',
  );
  let n = 0;
  for (const { partition, positions } of places) {
    for (const position of positions) n += (at.get(partition, position)?.n as number | null) ?? 0;
  }
  return n;
}

/**
 * Appends the orders, by which processing judges these places again under today's registry, each to the partition of its
 * places. A recording that has ended is ended once more, so that the windows it gains are published.
 */
export async function appendOrders(
  log: Pick<EventLog, 'append'>,
  plan: Pick<ReadmissionPlan, 'places'>,
  registry: RegistryView,
  now: Instant,
): Promise<void> {
  const domains = new Map(registry.history('device').map((h) => [h.id, h.body.domain]));
  const entries = new Map<number, LogEntry[]>();
  for (const { deviceId, partition, positions } of plan.places) {
    const domain = domains.get(deviceId) ?? LIVE;
    const common = { deviceId, receivedAt: now, domain };
    const orders = entries.get(partition) ?? [];
    entries.set(partition, orders);
    for (let i = 0; i < positions.length; i += POSITIONS_AN_ORDER) {
      const payload = Buffer.from(JSON.stringify({ positions: positions.slice(i, i + POSITIONS_AN_ORDER) }));
      orders.push({ type: 'readmit', ...common, payload });
    }
    if (domain !== LIVE) orders.push({ type: 'end', ...common, payload: new Uint8Array() });
  }
  await Promise.all([...entries].map(([partition, orders]) => log.append(orders, partition)));
}
