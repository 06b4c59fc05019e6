import { HOUR_MS, type Instant } from '#domain/instant.ts';
import {
  type FeedJudge,
  type FeedReading,
  feedJudge,
  type JudgeContext,
  type LiveFeed,
} from './feed-judge.ts';
import { tallySince } from './rule-tally.ts';

export interface FeedSurvey {
  asOf: Instant;
  /** What was received since then is counted: an hour, or less where it is not heard for so long. */
  since: Instant;
  feeds: LiveFeed[];
  /** Devices that speak like feeds and are too many to be judged live. */
  notJudged: number;
}

export interface LiveFeedQuality {
  put(deviceId: string, receivedAt: Instant, readings: readonly FeedReading[]): void;
  survey(now: Instant): FeedSurvey;
}

/** By these a device is known as a feed, as in `feed_devices`. */
const feedKinds: ReadonlySet<string> = new Set([
  'feed-status',
  'vehicle-position',
  'trip-update',
  'service-alert',
]);

const MOST_FEEDS = 2_000;
/** Vehicles, trips and whatever else is told apart, of all feeds together. */
const MOST_HELD = 60_000;

/** Feed quality as it is: what `feed-quality` counts of the past, counted of the last hour while it comes in. */
export function liveFeedQuality(context: Omit<JudgeContext, 'room'>): LiveFeedQuality {
  const room = { left: MOST_HELD };
  const feeds = new Map<string, FeedJudge>();
  const beyond = new Set<string>();
  let begunAt = Number.POSITIVE_INFINITY;
  return {
    put: (deviceId, receivedAt, readings) => {
      begunAt = Math.min(begunAt, receivedAt);
      let judge = feeds.get(deviceId);
      if (!judge) {
        if (!readings.some((r) => feedKinds.has(r.kind))) return;
        if (feeds.size >= MOST_FEEDS) {
          if (beyond.size < MOST_HELD) beyond.add(deviceId);
          return;
        }
        judge = feedJudge(deviceId, { ...context, room });
        feeds.set(deviceId, judge);
      }
      judge.put(receivedAt, readings);
    },
    survey: (now) => {
      for (const [deviceId, judge] of feeds) {
        if (judge.lastHeardAt >= now - FORGETS_MS) continue;
        judge.end();
        feeds.delete(deviceId);
        beyond.clear();
      }
      return {
        asOf: now,
        since: Math.min(now, Math.max(begunAt, tallySince(now))),
        feeds: [...feeds.values()].map((judge) => judge.survey(now)),
        notJudged: beyond.size,
      };
    },
  };
}

/** A feed that was silent for a day is no longer shown. */
const FORGETS_MS = 24 * HOUR_MS;
