import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { StatusRule } from './feed-statuses.ts';

/** Judged report by report. */
export const reportRules = [
  'clock-ahead',
  'stale-vehicle',
  'no-position',
  'zero-position',
  'position-off-earth',
  'conflicting-duplicate',
] as const;

/** Judged by a vehicle's reports in order. */
export const runRules = ['impossible-jump', 'frozen-vehicle', 'stuck-sequence'] as const;

/** Rules about what vehicles and trips tell, as they are named in the report. */
export const readingRules = [
  ...reportRules,
  ...runRules,
  'off-shape',
  'one-vehicle-on-two-trips',
  'two-vehicles-on-one-trip',
  'times-run-back',
  'unknown-trip',
  'unknown-stop',
] as const;

export type ReadingRule = (typeof readingRules)[number];

/** What a rule looked at and found lately. */
export interface RuleSum {
  rule: ReadingRule | StatusRule;
  lookedAt: number;
  /** What came too late, or was too much, to be looked at live: the night looks at it. */
  leftToNight: number;
  findings: number;
  /** findings / lookedAt; null where nothing was looked at. */
  share: number | null;
  /** With a finding; 0 of a rule that is about no single vehicle. */
  vehicles: number;
  lastAt: Instant | null;
  examples: string[];
}

export interface RuleTally {
  received(receivedAt: Instant): void;
  readings(now: Instant): number;
  looked(rule: ReadingRule, receivedAt: Instant, things?: number): void;
  left(rule: ReadingRule, receivedAt: Instant): void;
  found(
    rule: ReadingRule,
    vehicleId: string | undefined,
    receivedAt: Instant,
    detail: string,
    things?: number,
  ): void;
  /** Rules that had anything to look at, in the order of `readingRules`. */
  sums(now: Instant): RuleSum[];
}

const SLICE_MS = 5 * MINUTE_MS;
const SLICES = HOUR_MS / SLICE_MS + 1;
const EXAMPLES = 2;
/** More vehicles than this are not told apart. */
const MOST_VEHICLES = 5_000;

/** The slice under way and those of the hour before it. */
export function tallySince(now: Instant): Instant {
  return (Math.floor(now / SLICE_MS) - SLICES + 1) * SLICE_MS;
}

interface Known {
  /** With the slice of the last finding. */
  vehicles: Map<string, number>;
  examples: { who: string | undefined; text: string; at: Instant }[];
  lastAt: Instant;
}

/** Counts by the time of receipt, in slices of five minutes, of which the oldest is let go as a new one begins. */
export function ruleTally(): RuleTally {
  // The first column counts readings.
  const width = 1 + readingRules.length * 3;
  const counts = new Float64Array(SLICES * width);
  const sliceOf = new Float64Array(SLICES).fill(Number.NaN);
  const known = new Map<ReadingRule, Known>();
  const at: Record<string, number> = Object.fromEntries(readingRules.map((rule, i) => [rule, 1 + 3 * i]));

  const add = (column: number, receivedAt: Instant, things: number) => {
    const slice = Math.floor(receivedAt / SLICE_MS);
    const row = slice % SLICES;
    if (sliceOf[row] !== slice) {
      // What comes after its slice was let go is of no hour that anybody sees.
      if (sliceOf[row]! > slice) return;
      sliceOf[row] = slice;
      counts.fill(0, row * width, (row + 1) * width);
    }
    counts[row * width + column]! += things;
  };

  const sum = (column: number, first: number) => {
    let total = 0;
    for (const [row, slice] of sliceOf.entries()) if (slice >= first) total += counts[row * width + column]!;
    return total;
  };

  return {
    received: (receivedAt) => add(0, receivedAt, 1),
    readings: (now) => sum(0, tallySince(now) / SLICE_MS),
    looked: (rule, receivedAt, things = 1) => add(at[rule]!, receivedAt, things),
    left: (rule, receivedAt) => add(at[rule]! + 1, receivedAt, 1),
    found: (rule, vehicleId, receivedAt, detail, things = 1) => {
      add(at[rule]! + 2, receivedAt, things);
      let own = known.get(rule);
      if (!own) {
        own = { vehicles: new Map(), examples: [], lastAt: receivedAt };
        known.set(rule, own);
      }
      own.lastAt = Math.max(own.lastAt, receivedAt);
      if (vehicleId !== undefined && (own.vehicles.size < MOST_VEHICLES || own.vehicles.has(vehicleId)))
        own.vehicles.set(vehicleId, Math.floor(receivedAt / SLICE_MS));
      const text = vehicleId === undefined ? detail : `${vehicleId}: ${detail}`;
      own.examples = [
        { who: vehicleId ?? detail, text, at: receivedAt },
        ...own.examples.filter((e) => e.who !== (vehicleId ?? detail)),
      ].slice(0, EXAMPLES);
    },
    sums: (now) => {
      const since = tallySince(now);
      const first = since / SLICE_MS;
      return readingRules.flatMap((rule): RuleSum[] => {
        const [lookedAt, leftToNight, findings] = [0, 1, 2].map((c) => sum(at[rule]! + c, first)) as [
          number,
          number,
          number,
        ];
        if (lookedAt + leftToNight + findings === 0) return [];
        const own = known.get(rule);
        for (const [vehicle, slice] of own?.vehicles ?? []) if (slice < first) own!.vehicles.delete(vehicle);
        return [
          {
            rule,
            lookedAt,
            leftToNight,
            findings,
            share: lookedAt === 0 ? null : findings / lookedAt,
            vehicles: own?.vehicles.size ?? 0,
            lastAt: own && findings > 0 ? own.lastAt : null,
            examples: (own?.examples ?? []).filter((e) => e.at >= since).map((e) => e.text),
          },
        ];
      });
    },
  };
}
