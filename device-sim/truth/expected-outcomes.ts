import { DAY_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { Outgoing } from '../messages/outbox.ts';

/** How many of a sensor's sent readings meet which outcome, and the vehicles of the readings that count. */
export interface ExpectedOutcomes {
  counted: number;
  duplicate: number;
  restated: number;
  ahead: number;
  behind: number;
  vehicles: number;
}

/** The default bounds of the semantics: 60 s ahead of the receiver, 7 days behind. */
const AHEAD_MS = MINUTE_MS;
const BEHIND_MS = 7 * DAY_MS;

/**
 * What must become of a sensor's readings, by the words of the semantics and nothing else: a clock beyond its bounds
 * is quarantined; content seen before under its identity is a duplicate; new content restates, and the last new one
 * counts. Shares no code with admission.
 */
export function expectedOutcomes() {
  const seen = new Map<string, { contents: Set<string>; vehicles: number }>();
  const sums = { counted: 0, duplicate: 0, restated: 0, ahead: 0, behind: 0 };

  const receive = (receivedAt: Instant, item: Outgoing): void => {
    if (item.observedAt > receivedAt + AHEAD_MS) {
      sums.ahead++;
      return;
    }
    if (item.observedAt < receivedAt - BEHIND_MS) {
      sums.behind++;
      return;
    }
    const identity = `${item.observedAt}/${item.point.direction}/${item.point.lane}`;
    const before = seen.get(identity);
    if (!before) {
      sums.counted++;
      seen.set(identity, { contents: new Set([item.content]), vehicles: item.count });
    } else if (before.contents.has(item.content)) sums.duplicate++;
    else {
      sums.restated++;
      before.contents.add(item.content);
      before.vehicles = item.count;
    }
  };

  return {
    received: (receivedAt: Instant, items: readonly Outgoing[]): void => {
      for (const item of items) receive(receivedAt, item);
    },
    result: (): ExpectedOutcomes => {
      let vehicles = 0;
      for (const s of seen.values()) vehicles += s.vehicles;
      return { ...sums, vehicles };
    },
  };
}
