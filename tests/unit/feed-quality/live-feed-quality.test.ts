import { expect, it } from 'vitest';
import type { FeedReading, LiveFeed } from '#analytics/feed-quality/live/feed-judge.ts';
import { type LiveFeedQuality, liveFeedQuality } from '#analytics/feed-quality/live/live-feed-quality.ts';
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';

const EIGHT = Date.parse('2026-03-02T08:00:00Z');
const NO_TIMETABLE = { known: () => undefined, wayOf: () => undefined };

function admitted(kind: string, observedAt: Instant, more: Record<string, unknown> = {}): FeedReading {
  const reading = { kind, observedAt: new Date(observedAt).toISOString(), ...more };
  return { kind, outcome: 'admitted', observedAt, reading };
}

const position = (vehicleId: string, observedAt: Instant, more: Record<string, unknown> = {}) =>
  admitted('vehicle-position', observedAt, { vehicleId, lat: 60, lon: 24, ...more });

function feedAt(quality: LiveFeedQuality, now: Instant): LiveFeed {
  const { feeds } = quality.survey(now);
  return feeds[0]!;
}

const rule = (feed: LiveFeed, name: string) => feed.rules.find((r) => r.rule === name);

it('forgets what was received over an hour ago, five minutes at a time', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  quality.put('feed', EIGHT, [position('old', EIGHT - 100 * SECOND_MS)]);
  quality.put('feed', EIGHT + 7 * MINUTE_MS, [position('older', EIGHT)]);
  expect(rule(feedAt(quality, EIGHT + 59 * MINUTE_MS), 'stale-vehicle')).toMatchObject({
    lookedAt: 2,
    findings: 2,
    vehicles: 2,
    examples: ['older: 420 s old', 'old: 100 s old'],
  });
  expect(rule(feedAt(quality, EIGHT + 65 * MINUTE_MS), 'stale-vehicle')).toMatchObject({
    lookedAt: 1,
    findings: 1,
    vehicles: 1,
    examples: ['older: 420 s old'],
  });
  expect(rule(feedAt(quality, EIGHT + 2 * HOUR_MS), 'stale-vehicle')).toBe(undefined);
});

it('says since when it has heard anything, where that is less than an hour', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  quality.put('feed', EIGHT, [position('v', EIGHT)]);
  expect(quality.survey(EIGHT + 10 * MINUTE_MS).since).toBe(EIGHT);
  expect(quality.survey(EIGHT + 2 * HOUR_MS).since).toBe(EIGHT + HOUR_MS);
});

it('names the vehicles that are stale or frozen now, and none that was heard no more for five minutes', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  for (let s = 0; s <= 660; s += 10) {
    const at = EIGHT + s * SECOND_MS;
    quality.put('feed', at, [
      position('frozen', at, { speedKmh: 30 }),
      position('waits', at, { speedKmh: 0 }),
      position('held', at - 200 * SECOND_MS, { lat: 60 + s / 100_000 }),
      ...(s < 300 ? [position('gone', at - 200 * SECOND_MS, { lat: 60 + s / 100_000 })] : []),
    ]);
    quality.survey(at);
  }
  const feed = feedAt(quality, EIGHT + 700 * SECOND_MS);
  expect(feed).toMatchObject({
    vehicles: 4,
    vehiclesNow: 3,
    staleVehicles: 1,
    staleNow: [{ vehicleId: 'held', for: 200 }],
    frozenVehicles: 1,
    frozenNow: [{ vehicleId: 'frozen', for: 11 }],
  });
});

it('puts in order what comes late by less than half a minute, and leaves to the night what comes later', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  const moves = (s: number) => position('v', EIGHT + s * SECOND_MS, { lat: 60 + s / 10_000 });
  // In the order in which they came each step is a jump; in the order of time none is.
  for (const s of [0, 30, 10, 20]) quality.put('feed', EIGHT + 30 * SECOND_MS, [moves(s)]);
  const settled = EIGHT + 2 * MINUTE_MS;
  expect(rule(feedAt(quality, settled), 'impossible-jump')).toMatchObject({ lookedAt: 3, findings: 0 });
  quality.put('feed', settled, [moves(25)]);
  expect(rule(feedAt(quality, settled + MINUTE_MS), 'impossible-jump')).toMatchObject({
    lookedAt: 3,
    leftToNight: 1,
  });
});

it('knows a report that is sent again from one that says something else of the same moment', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  for (let s = 0; s < 50; s++)
    quality.put('feed', EIGHT + s * SECOND_MS, [position('v', EIGHT + s * SECOND_MS)]);
  const later = EIGHT + MINUTE_MS;
  quality.put('feed', later, [position('v', EIGHT), position('v', EIGHT + SECOND_MS, { lon: 25 })]);
  // And again: now it is a duplicate.
  quality.put('feed', later, [position('v', EIGHT + SECOND_MS, { lon: 25 })]);
  expect(rule(feedAt(quality, later), 'conflicting-duplicate')).toMatchObject({
    lookedAt: 53,
    findings: 1,
    leftToNight: 0,
  });
  // Sixty-four reports back it can not tell any more.
  for (let s = 0; s < 64; s++)
    quality.put('feed', later + s * SECOND_MS, [position('v', later + s * SECOND_MS)]);
  quality.put('feed', later + MINUTE_MS, [position('v', EIGHT)]);
  expect(rule(feedAt(quality, later + MINUTE_MS), 'conflicting-duplicate')).toMatchObject({
    findings: 1,
    leftToNight: 1,
  });
});

it('holds so many vehicles at most: what it has no room for is left to the night, and taken when there is room again', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  const all = Array.from({ length: 60_001 }, (_, n) => position(`v${n}`, EIGHT));
  quality.put('feed', EIGHT, all);
  const full = feedAt(quality, EIGHT);
  expect(full.vehicles).toBe(60_000);
  expect(rule(full, 'stale-vehicle')!.lookedAt).toBe(60_001);
  expect(rule(full, 'impossible-jump')!.leftToNight).toBe(1);
  const later = EIGHT + 2 * HOUR_MS;
  expect(feedAt(quality, later).vehicles).toBe(0);
  quality.put('feed', later, all.slice(0, 10));
  expect(feedAt(quality, later).vehicles).toBe(10);
});

it('judges two thousand feeds, and says how many more there are', () => {
  const quality = liveFeedQuality(NO_TIMETABLE);
  for (let n = 0; n < 2_010; n++) quality.put(`bus-${n}`, EIGHT, [position('v', EIGHT)]);
  // A loop detector is no feed.
  quality.put('loop', EIGHT, [admitted('traffic-flow', EIGHT)]);
  const survey = quality.survey(EIGHT);
  expect([survey.feeds.length, survey.notJudged]).toEqual([2_000, 10]);
});

it('calls no trip unknown where the timetable is too large to be held', () => {
  const known = { tooMany: true, trips: new Set<string>(), stops: new Set<string>() };
  const quality = liveFeedQuality({ known: () => known, wayOf: () => undefined });
  quality.put('feed', EIGHT, [position('v', EIGHT, { tripId: 't' })]);
  expect(rule(feedAt(quality, EIGHT), 'unknown-trip')).toMatchObject({
    lookedAt: 0,
    findings: 0,
    share: null,
    leftToNight: 1,
  });
});
