import { expect, it } from 'vitest';
import type { LiveFeed } from '#analytics/feed-quality/live/feed-judge.ts';
import type { RuleSum } from '#analytics/feed-quality/live/rule-tally.ts';
import { cityClock } from '#apps/api/city-clock.ts';
import { feedsSection } from '#apps/api/feeds-section.ts';
import { feedsNow } from '#apps/api/live-feeds.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';

const NOON = Date.parse('2026-05-04T12:00:00Z');

const feed = (deviceId: string, more: Partial<LiveFeed> = {}): LiveFeed => ({
  deviceId,
  madeBy: 'gtfs-rt/1',
  lastHeardAt: NOON - 5 * SECOND_MS,
  headerAt: null,
  lastSnapshot: null,
  heard: null,
  used: null,
  readings: 100,
  vehicles: 12,
  vehiclesNow: 10,
  staleNow: [],
  staleVehicles: 0,
  frozenNow: [],
  frozenVehicles: 0,
  rules: [],
  ...more,
});
const sum = (rule: RuleSum['rule'], more: Partial<RuleSum> = {}): RuleSum => ({
  rule,
  lookedAt: 100,
  leftToNight: 0,
  findings: 0,
  share: 0,
  vehicles: 0,
  lastAt: null,
  examples: [],
  ...more,
});
const survey = (feeds: LiveFeed[], asOf = NOON) => ({ asOf, since: NOON - HOUR_MS, feeds, notJudged: 0 });
const text = (markup: string) => markup.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

it('a feed is silent after five minutes, stale or frozen by its last snapshot, and those come first', () => {
  const now = feedsNow(
    survey([
      feed('well'),
      feed('old', { lastSnapshot: 'stale' }),
      feed('still', { lastSnapshot: 'frozen' }),
      feed('mute', { lastHeardAt: NOON - 301 * SECOND_MS }),
      feed('slow', { lastHeardAt: NOON - 300 * SECOND_MS, lastSnapshot: 'fresh' }),
    ]),
    NOON,
  );
  expect(now.feeds.map((f) => [f.deviceId, f.state, f.stale, f.heardAgoS])).toEqual([
    ['mute', 'silent', true, 301],
    ['still', 'frozen', true, 5],
    ['old', 'stale', true, 5],
    ['slow', 'heard', false, 300],
    ['well', 'heard', false, 5],
  ]);
});

it('nobody calls a feed silent when it is the judge that has ended', () => {
  const now = feedsNow(survey([feed('well')], NOON - 2 * MINUTE_MS), NOON + HOUR_MS);
  expect(now.feeds[0]).toMatchObject({ state: 'unknown', stale: null });
  expect(text(feedsSection(now, cityClock('UTC')).markup)).toContain('Not judged since 11:58');
});

it('the page shows what was found, of how much, and such as what; and what the night judges', () => {
  const now = feedsNow(
    survey([
      feed('buses', {
        staleVehicles: 3,
        staleNow: [{ vehicleId: '<a>', for: 311 }],
        rules: [
          sum('stale-vehicle', {
            findings: 3,
            share: 0.03,
            vehicles: 2,
            lastAt: NOON - 4 * MINUTE_MS,
            examples: ['<a>: 311 s old', 'b: 95 s old'],
          }),
          sum('impossible-jump', { lookedAt: 90, leftToNight: 10 }),
        ],
      }),
    ]),
    NOON,
  );
  const { markup } = feedsSection(now, cityClock('UTC'));
  expect(markup).not.toContain('<a>');
  const page = text(markup);
  for (const part of [
    'Feeds since 11:00, by the rules of the feed-quality report',
    'buses gtfs-rt/1 heard 5 s ago 100 10 of 12 3 &lt;a&gt; 311 s old',
    'buses: found',
    'stale-vehicle 3 of 100 3.0 % 2 4 min ago &lt;a&gt;: 311 s old; b: 95 s old',
    'impossible-jump 90 further than 150 km/h allow, and over 200 m (90.0 % could be looked at; the night looks at the rest)',
    'Judged by the nightly work: clock-behind (it needs all that a vehicle reported in an hour).',
  ])
    expect(page).toContain(part);
});

it('a clean feed says that no rule found anything', () => {
  const now = feedsNow(survey([feed('buses', { rules: [sum('stale-vehicle')] })]), NOON);
  expect(text(feedsSection(now, cityClock('UTC')).markup)).toContain('buses: no rule found anything');
});
