import type { LiveFeed } from '#analytics/feed-quality/live/feed-judge.ts';
import { usualLimits } from '#analytics/feed-quality/live/feed-limits.ts';
import type { FeedSurvey } from '#analytics/feed-quality/live/live-feed-quality.ts';
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';

/**
 * `silent`: nothing came for five minutes; `frozen`, `stale`: its last snapshot was the one before again, or old when it came;
 * `unknown`: nobody judges, see `judgedAt`.
 */
export type FeedState = (typeof feedStates)[number];

/** The worst first. */
export const feedStates = ['silent', 'frozen', 'stale', 'unknown', 'heard'] as const;

export interface FeedNow extends LiveFeed {
  state: FeedState;
  /** Not to be relied on now; null where nobody knows. */
  stale: boolean | null;
  heardAgoS: number;
}

/** How far each feed can be trusted now, by the rules of the report `feed-quality`; the worst first. */
export interface FeedsNow extends Omit<FeedSurvey, 'feeds' | 'asOf'> {
  asOf: Instant;
  judgedAt: Instant;
  feeds: FeedNow[];
  /** Rules of the report that are not judged live. */
  judgedByNight: { rule: string; because: string }[];
}

/** With this old a survey the thread that makes them has ended. */
const JUDGES_MS = MINUTE_MS;

const byNight = [{ rule: 'clock-behind', because: 'it needs all that a vehicle reported in an hour' }];

export function feedsNow({ asOf: judgedAt, feeds, ...survey }: FeedSurvey, now: Instant): FeedsNow {
  const judges = now - judgedAt <= JUDGES_MS;
  const all = feeds.map((feed): FeedNow => {
    const state = judges ? stateOf(feed, now) : 'unknown';
    return {
      ...feed,
      state,
      stale: state === 'unknown' ? null : state !== 'heard',
      heardAgoS: Math.max(0, Math.round((now - feed.lastHeardAt) / SECOND_MS)),
    };
  });
  all.sort(
    (a, b) =>
      feedStates.indexOf(a.state) - feedStates.indexOf(b.state) ||
      findings(b) - findings(a) ||
      (a.deviceId < b.deviceId ? -1 : 1),
  );
  return { asOf: now, judgedAt, ...survey, judgedByNight: byNight, feeds: all };
}

function stateOf({ lastHeardAt, lastSnapshot }: LiveFeed, now: Instant): FeedState {
  if (now - lastHeardAt > usualLimits.silentFeedS * SECOND_MS) return 'silent';
  return lastSnapshot === 'stale' || lastSnapshot === 'frozen' ? lastSnapshot : 'heard';
}

function findings({ rules }: LiveFeed): number {
  return rules.reduce((sum, rule) => sum + rule.findings, 0);
}
