import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { Point, Sensor } from '../city/city.ts';
import type { Fault, FaultKind } from '../faults/fault.ts';
import { noise, uniform } from '../random.ts';

/** A reading on its way. */
export interface Outgoing {
  point: Point;
  /** As the device's clock had it. */
  observedAt: Instant;
  /** What was measured: `contentFields`. */
  content: string;
  count: number;
  /** When it is sent at the earliest. */
  dueAt: Instant;
  json: string;
}

export interface Made {
  point: Point;
  at: Instant;
  count: number;
  content: string;
  /** The whole reading at another observation time, or with other content. */
  json(observedAt: Instant, content: string): string;
  /** The content that a correction of this reading has: so many more vehicles. */
  corrected(more: number): string;
}

/** What a faulty line does with a sensor's readings: drops, holds, repeats, corrects, reorders. */
export interface Outbox {
  /** Takes a reading; false where it is never sent. */
  put(made: Made): boolean;
  /** What is sent at this moment, in this order. `everything`: also what is not yet due. */
  take(sentAt: Instant, everything: boolean): Outgoing[];
}

/** A device's memory, nearly a fortnight of each of its points: beyond it the oldest readings are forgotten. */
const KEEPS_MINUTES = 20_000;

export function outbox(seed: number, sensor: Sensor, faults: readonly Fault[], batchMinutes: number): Outbox {
  const room = KEEPS_MINUTES * sensor.points;
  const batchMs = batchMinutes * MINUTE_MS;
  let waiting: Outgoing[] = [];
  const active = (kind: FaultKind, at: Instant) =>
    faults.find((f) => f.kind === kind && at >= f.from && at < f.to);

  const put = (made: Made): boolean => {
    const { point, at } = made;
    const chance = (use: number) => noise(seed, 0x0b0c + use * 0x10001 + point.index, at / MINUTE_MS);
    if (active('silent', at) || active('dead-cabinet', at)) return false;
    const lose = active('lose', at);
    if (lose && uniform(chance(1)) < (lose.share ?? 0.2)) return false;
    const clock = active('clock-hour', at) ?? active('clock-minutes', at);
    const observedAt = at + (clock?.clockOffsetS ?? 0) * 1_000;
    const held = active('delay', at)?.to;
    const item: Outgoing = {
      point,
      observedAt,
      content: made.content,
      count: made.count,
      dueAt: held ?? at,
      json: made.json(observedAt, made.content),
    };
    if (active('reorder', at) && uniform(chance(2)) < 0.25) {
      item.dueAt = at + batchMs * (1 + (chance(3) % 3));
    }
    if (waiting.length >= room) waiting.shift();
    waiting.push(item);
    const repeat = active('repeat', at);
    if (repeat && uniform(chance(4)) < (repeat.share ?? 0.15)) {
      waiting.push({ ...item, dueAt: item.dueAt + batchMs * (chance(5) % 4) });
    }
    const restate = active('restate', at);
    if (restate && uniform(chance(6)) < (restate.share ?? 0.1)) {
      const more = 1 + (chance(7) % 3);
      const content = made.corrected(more);
      waiting.push({
        ...item,
        content,
        count: made.count + more,
        dueAt: item.dueAt + (5 + (chance(8) % 90)) * MINUTE_MS,
        json: made.json(observedAt, content),
      });
    }
    return true;
  };

  const take = (sentAt: Instant, everything: boolean): Outgoing[] => {
    const due = waiting.filter((item) => everything || item.dueAt <= sentAt);
    waiting = waiting.filter((item) => !(everything || item.dueAt <= sentAt));
    return active('reorder', sentAt - batchMs) ? shuffled(due, seed, sentAt) : due;
  };

  return { put, take };
}

function shuffled(items: Outgoing[], seed: number, at: Instant): Outgoing[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = noise(seed, i, Math.floor(at / MINUTE_MS)) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
