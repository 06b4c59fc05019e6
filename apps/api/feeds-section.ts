import type { RuleSum } from '#analytics/feed-quality/live/rule-tally.ts';
import type { Instant } from '#domain/instant.ts';
import { ago, type CityClock, count, percent } from './city-clock.ts';
import { type Html, html } from './html.ts';
import type { FeedNow, FeedState, FeedsNow } from './live-feeds.ts';

const FEEDS_SHOWN = 8;

/** What whoever runs the feeds looks at: which can be relied on now, and what is wrong with the rest. */
export function feedsSection(now: FeedsNow, clock: CityClock): Html {
  const shown = now.feeds.slice(0, FEEDS_SHOWN);
  const more = now.feeds.length - shown.length + now.notJudged;
  const stopped = now.feeds.some((f) => f.state === 'unknown');
  return html`<section>
<h2>Feeds<small>since ${clock.time(now.since)}, by the rules of the feed-quality report</small></h2>
${stopped && html`<p class="why">Not judged since ${clock.time(now.judgedAt)}: what judges them has ended, or has only begun.</p>`}
<div class="wide"><table>
<thead><tr><th>Feed</th><th>State</th><th class="n">Heard</th><th class="n">Readings</th><th class="n">Vehicles out</th><th>Stale now</th><th>Frozen now</th></tr></thead>
<tbody>${shown.map((feed) => feedRow(feed, now, clock))}</tbody></table></div>
${more > 0 && html`<p><a href="/api/feeds">${count(more)} more</a></p>`}
${shown.map((feed) => rulesOf(feed, now, clock))}
<p class="soft">Judged by the nightly work: ${now.judgedByNight.map(({ rule, because }) => `${rule} (${because})`).join(', ')}.</p>
</section>`;
}

function rulesOf(feed: FeedNow, { asOf }: FeedsNow, clock: CityClock): Html {
  const found = feed.rules.filter((r) => r.findings > 0).sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
  const clean = feed.rules.filter((r) => r.findings === 0);
  return html`<h3>${feed.deviceId}: ${found.length === 0 ? 'no rule found anything' : 'found'}</h3>
${found.length > 0 && foundTable(found, asOf, clock)}
${
  clean.length > 0 &&
  html`<details id="clean-${feed.deviceId}"><summary>rules that found nothing</summary>
<div class="wide"><table><thead><tr><th>Rule</th><th class="n">Looked at</th><th>It finds</th></tr></thead>
<tbody>${clean.map((r) => html`<tr><td class="share">${r.rule}</td><td class="n">${count(r.lookedAt)}</td><td class="soft">${meaning[r.rule]}${leftToNight(r)}</td></tr>`)}</tbody></table></div></details>`
}`;
}

function feedRow(feed: FeedNow, { asOf }: FeedsNow, clock: CityClock): Html {
  return html`<tr>
<td class="id">${feed.deviceId}${feed.madeBy && html`<br><span class="soft">${feed.madeBy}</span>`}</td>
<td><span class="state ${colour[feed.state]}">${feed.state}</span></td>
<td class="n" title="${clock.moment(feed.lastHeardAt)}">${feed.heardAgoS < 1 ? 'now' : ago(feed.lastHeardAt, asOf)}</td>
<td class="n">${count(feed.readings)}</td>
<td class="n">${count(feed.vehiclesNow)}<span class="soft"> of ${count(feed.vehicles)}</span></td>
<td>${concerned(feed.staleVehicles, feed.staleNow, 's old')}</td>
<td>${concerned(feed.frozenVehicles, feed.frozenNow, 'min')}</td>
</tr>`;
}

function concerned(all: number, listed: FeedNow['staleNow'], unit: string): Html {
  if (all === 0) return html`<span class="soft">–</span>`;
  const named = listed.slice(0, VEHICLES_NAMED).map((v) => `${v.vehicleId} ${count(v.for)} ${unit}`);
  return html`<b>${count(all)}</b> <span class="id soft">${named.join(', ')}${all > named.length && ', …'}</span>`;
}

const VEHICLES_NAMED = 2;

function foundTable(found: readonly RuleSum[], asOf: Instant, clock: CityClock): Html {
  return html`<div class="wide"><table>
<thead><tr><th>Rule</th><th class="n">Findings</th><th class="n">Share</th><th class="n">Vehicles</th><th class="n">Last</th><th>Such as</th></tr></thead>
<tbody>${found.map(
    (r) => html`<tr><td class="share" title="${meaning[r.rule]}">${r.rule}</td>
<td class="n">${count(r.findings)}<span class="soft"> of ${count(r.lookedAt)}</span></td>
<td class="n">${share(r.share)}</td>
<td class="n">${r.vehicles === 0 ? html`<span class="soft">–</span>` : count(r.vehicles)}</td>
<td class="n"${r.lastAt !== null && html` title="${clock.moment(r.lastAt)}"`}>${r.lastAt === null ? '' : ago(r.lastAt, asOf)}</td>
<td class="id soft">${r.examples.join('; ')}${leftToNight(r)}</td></tr>`,
  )}</tbody></table></div>`;
}

function leftToNight({ leftToNight, lookedAt }: RuleSum): Html | false {
  return (
    leftToNight > 0 &&
    html` (${percent(lookedAt / (lookedAt + leftToNight))} could be looked at; the night looks at the rest)`
  );
}

function share(of: number | null): Html {
  if (of === null) return html`<span class="soft">–</span>`;
  return html`${of < 0.001 ? '< 0.1 %' : `${(100 * of).toFixed(1)} %`}`;
}

const colour: Record<FeedState, string> = {
  silent: 's-silent',
  frozen: 's-clock',
  stale: 's-clock',
  unknown: 's-late',
  heard: 's-ok',
};

/** As docs/feeds.md has them. */
const meaning: Record<RuleSum['rule'], string> = {
  'stale-feed': 'made over 65 s before it came',
  'frozen-feed': 'the same header again',
  'silent-feed': 'nothing for 300 s',
  unusable: 'what the feed could not use, by reason',
  'clock-ahead': 'a report of the future',
  'stale-vehicle': 'a report over 90 s old when it came',
  'no-position': 'no fix',
  'zero-position': 'a position of 0, 0',
  'position-off-earth': 'beyond 90 or 180 degrees',
  'conflicting-duplicate': 'other content of the same vehicle and moment',
  'impossible-jump': 'further than 150 km/h allow, and over 200 m',
  'frozen-vehicle': 'one place for 10 minutes, though it drove',
  'stuck-sequence': 'one next stop for 20 minutes and 2 km',
  'off-shape': 'over 60 m from the way of the trip that it says',
  'one-vehicle-on-two-trips': 'at one moment',
  'two-vehicles-on-one-trip': 'within 5 minutes',
  'times-run-back': 'a departure before its arrival, or a stop before the one before it',
  'unknown-trip': 'in no timetable that holds',
  'unknown-stop': 'in no timetable that holds',
};
