import { type Instant, SECOND_MS } from '#domain/instant.ts';
import { usualLimits } from './feed-limits.ts';
import type { RuleSum } from './rule-tally.ts';

/** What a feed said of itself, as admitted. */
export interface FeedWord {
  at: Instant;
  receivedAt: Instant;
  headerAt: Instant | undefined;
  heard: number;
  used: number;
  unusable: Readonly<Record<string, number>>;
}

export const statusRules = ['stale-feed', 'frozen-feed', 'silent-feed', 'unusable'] as const;
export type StatusRule = (typeof statusRules)[number];

interface Finding {
  rule: StatusRule;
  at: Instant;
  things: number;
  detail: string;
}

export interface StatusSum {
  heard: number;
  used: number;
  rules: RuleSum[];
  /** By its last word. */
  last: { at: Instant; headerAt: Instant | undefined; stale: boolean; frozen: boolean } | undefined;
}

export interface FeedStatuses {
  put(word: FeedWord): void;
  /** Of what was received since then. */
  sum(since: Instant): StatusSum;
}

/** A word a second for an hour. */
const MOST_HELD = 4_000;

/** An hour of a feed's words about itself: so few that they are put in order each time somebody asks. */
export function feedStatuses(): FeedStatuses {
  let words: FeedWord[] = [];
  return {
    put: (word) => {
      let i = words.length;
      while (i > 0 && words[i - 1]!.at > word.at) i -= 1;
      // The first counts: another one of the same moment is a duplicate, or restates it.
      if (words[i - 1]?.at === word.at) return;
      words.splice(i, 0, word);
      if (words.length > MOST_HELD) words.shift();
    },
    sum: (since) => {
      // With the one before, which the first is held against.
      words = words.slice(Math.max(0, words.findIndex((w) => w.receivedAt >= since) - 1));
      const lookedAt = { 'stale-feed': 0, 'frozen-feed': 0, 'silent-feed': 0, unusable: 0 };
      const found: Finding[] = [];
      let [heard, used] = [0, 0];
      let last: StatusSum['last'];
      for (const [i, word] of words.entries()) {
        const before = words[i - 1];
        const { at, headerAt } = word;
        const isStale = headerAt !== undefined && at - headerAt > usualLimits.staleFeedS * SECOND_MS;
        const isFrozen =
          headerAt !== undefined && before?.headerAt !== undefined && headerAt <= before.headerAt;
        last = { at, headerAt, stale: isStale, frozen: isFrozen };
        if (word.receivedAt < since) continue;
        heard += word.heard;
        used += word.used;
        lookedAt['silent-feed'] += 1;
        lookedAt.unusable += word.heard;
        if (headerAt !== undefined) {
          lookedAt['stale-feed'] += 1;
          lookedAt['frozen-feed'] += 1;
        }
        if (isStale)
          found.push({
            rule: 'stale-feed',
            at,
            things: 1,
            detail: `made ${seconds(at - headerAt)} s before it came`,
          });
        if (isFrozen)
          found.push({
            rule: 'frozen-feed',
            at,
            things: 1,
            detail: `still as made at ${text(headerAt)}`,
          });
        if (before && at - before.at > usualLimits.silentFeedS * SECOND_MS)
          found.push({
            rule: 'silent-feed',
            at: before.at,
            things: 1,
            detail: `nothing for ${seconds(at - before.at)} s`,
          });
        for (const [reason, things] of Object.entries(word.unusable))
          if (things > 0) found.push({ rule: 'unusable', at, things, detail: reason });
      }
      return { heard, used, last, rules: statusRules.flatMap((rule) => sumOf(rule, lookedAt[rule], found)) };
    },
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / SECOND_MS);
}

function text(at: Instant): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function sumOf(rule: StatusRule, lookedAt: number, all: readonly Finding[]): RuleSum[] {
  if (lookedAt === 0) return [];
  const found = all.filter((f) => f.rule === rule);
  const findings = found.reduce((sum, f) => sum + f.things, 0);
  return [
    {
      rule,
      lookedAt,
      leftToNight: 0,
      findings,
      share: findings / lookedAt,
      vehicles: 0,
      lastAt: found.at(-1)?.at ?? null,
      examples: [...new Set(found.map((f) => f.detail).reverse())].slice(0, EXAMPLES),
    },
  ];
}

const EXAMPLES = 2;
