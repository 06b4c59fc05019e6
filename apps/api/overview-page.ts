import { HOUR_MS, type Instant } from '#domain/instant.ts';
import type { LedgerSum } from '../ledger-sum.ts';
import type { Overview, SensorsPage } from './answers.ts';
import { ago, type CityClock, cityClock, count, percent } from './city-clock.ts';
import { feedsSection } from './feeds-section.ts';
import { hourChart, received } from './hour-chart.ts';
import { type Html, html } from './html.ts';
import type { LedgerSurvey } from './ledger-survey.ts';
import type { FeedsNow } from './live-feeds.ts';
import type { LiveTransit } from './live-transit.ts';
import { pageText } from './page.ts';
import type { PipelineState } from './pipeline-state.ts';
import type { ReportFile } from './report-files.ts';
import { sensorStates } from './sensor-state.ts';
import { sensorTable, stateTally } from './sensor-table.ts';
import { transitSection } from './transit-section.ts';

export interface OverviewContent {
  city: { name: string; timezone: string };
  pipeline: PipelineState;
  overview: Overview<LedgerSurvey | null>;
  worst: SensorsPage;
  /** The newest first. */
  reports: readonly ReportFile[];
  /** null where no vehicle was seen lately. */
  transit: LiveTransit | null;
  /** null where there is none that is judged. */
  feeds: FeedsNow | null;
}

const REPORTS_SHOWN = 8;
/** A live city is always a few messages behind. */
const BUSY_MESSAGES = 1_000;

export function overviewPage(content: OverviewContent): string {
  const { city, overview, worst } = content;
  const clock = cityClock(city.timezone);
  const body = html`
${keyFigures(content)}
<div class="columns">
<div>${content.transit && transitSection(content.transit, clock)}${content.feeds && feedsSection(content.feeds, clock)}${sensorSection(content, clock)}${overview.ledger ? ledgerSection(overview.ledger, worst.asOf, clock) : beingAddedUp}</div>
<aside>${reportSection(content, clock)}${pipelineSection(content, clock)}</aside>
</div>`;
  return pageText({ title: `${city.name} · Headway`, city, asOf: worst.asOf, body });
}

function keyFigures({ overview, pipeline, worst }: OverviewContent): Html {
  const { sensorsByState, ledger } = overview;
  const live = sensorStates.filter((s) => s !== 'recorded').reduce((n, s) => n + sensorsByState[s], 0);
  const well =
    live > 0
      ? html`${count(sensorsByState.ok)}<small> of ${count(live)}</small>`
      : html`–<small> none is live</small>`;
  const figure = (name: string, value: Html | null, mark: '' | 'warn' | 'busy' = '') =>
    html`<div class="${mark}"><dt>${name}</dt><dd>${value ?? html`<small>being added up</small>`}</dd></div>`;
  return html`<dl class="figures">
${figure('sensors well', well, live > sensorsByState.ok ? 'warn' : '')}
${figure('received this hour', ledger && html`${count(receivedThisHour(ledger, worst.asOf))}<small> readings</small>`)}
${figure('counted, of all received', ledger && countedShare(ledger.sum))}
${figure('still to process', html`${count(pipeline.lag)}<small> messages</small>`, pipeline.lag > BUSY_MESSAGES ? 'busy' : '')}
</dl>`;
}

function receivedThisHour({ hours }: LedgerSurvey, now: Instant): number {
  const last = hours.at(-1)!;
  return now - last.hourReceived < HOUR_MS ? received(last) : 0;
}

function countedShare({ counted, received }: LedgerSum): Html {
  return html`${received === 0 ? '–' : percent(counted / received)}<small> of ${count(received)}</small>`;
}

function sensorSection({ overview, worst }: OverviewContent, clock: CityClock): Html {
  const ill = worst.sensors.filter((s) => s.state !== 'ok' && s.state !== 'recorded');
  const shown = ill.length > 0 ? ill : worst.sensors.slice(0, 10);
  const more = worst.found - shown.length;
  return html`<section>
<h2>Sensors${ill.length > 0 && html`<small>worst first</small>`}</h2>
${stateTally(overview.sensorsByState)}
${worst.found === 0 ? html`<p class="soft">None is registered: <code>headway device register --help</code></p>` : sensorTable(shown, worst.asOf, worst.since, clock)}
${more > 0 && html`<p><a href="/sensors">all ${count(worst.found)} sensors</a></p>`}
</section>`;
}

const beingAddedUp = html`<section><h2>Ledger</h2><p class="soft">It is being added up, and here when the page next looks.</p></section>`;

function ledgerSection(
  { asOf, sum, hours, deadLetters }: LedgerSurvey,
  now: Instant,
  clock: CityClock,
): Html {
  const term = (name: string, n: number, note = '') => html`<span><b>${count(n)}</b> ${name}${note}</span>`;
  const refused = Object.entries(sum.reasons).sort(([, a], [, b]) => b - a);
  const filled = hours.filter((h) => received(h) > 0).reverse();
  return html`<section>
<h2>Ledger${now - asOf > 15_000 && html`<small>as of ${clock.time(asOf)}, ${ago(asOf, now)}</small>`}</h2>
<p class="sum">${term('received', sum.received)} = ${term('counted', sum.counted)} + ${term('duplicate', sum.duplicate)} + ${term('restated', sum.restated)} + ${term('rejected', sum.rejected)} + ${term('quarantined', sum.quarantined)}</p>
<p class="soft">Of which late: ${count(sum.late)}.${refused.length > 0 && html` Refused: ${refused.map(([reason, n]) => `${reason} ${count(n)}`).join(', ')}.`}${deadLetters > 0 && html` <code>headway dead-letters</code> shows them.`}</p>
<h3>By hour received, ${clock.day(hours[0]!.hourReceived)} ${clock.time(hours[0]!.hourReceived)} to ${clock.day(hours.at(-1)!.hourReceived)} ${clock.time(hours.at(-1)!.hourReceived + HOUR_MS)}</h3>
${hourChart(hours, clock)}
<details id="hours"><summary>as a table</summary>
<div class="wide"><table><thead><tr><th>Hour received</th><th class="n">Received</th><th class="n">Counted</th><th class="n">Duplicate</th><th class="n">Restated</th><th class="n">Rejected</th><th class="n">Quarantined</th></tr></thead>
<tbody>${filled.map((h) => html`<tr><td>${clock.day(h.hourReceived)} ${clock.time(h.hourReceived)}</td>${[received(h), h.counted, h.duplicate, h.restated, h.rejected, h.quarantined].map((n) => html`<td class="n">${count(n)}</td>`)}</tr>`)}</tbody></table></div>
</details>
</section>`;
}

function reportSection({ reports, worst }: OverviewContent, clock: CityClock): Html {
  const item = (r: ReportFile) =>
    html`<li><a href="${r.url}">${r.title}</a><br><span class="soft" title="${clock.moment(r.writtenAt)}">${r.title === r.name ? '' : `${r.name}, `}${ago(r.writtenAt, Math.max(worst.asOf, r.writtenAt))}</span></li>`;
  const rest = reports.slice(REPORTS_SHOWN);
  return html`<section>
<h2>Reports</h2>
${reports.length === 0 ? html`<p class="soft">None yet: <code>headway report weekly</code></p>` : html`<ul class="reports">${reports.slice(0, REPORTS_SHOWN).map(item)}</ul>`}
${rest.length > 0 && html`<details id="reports"><summary>${count(rest.length)} older</summary><ul class="reports">${rest.map(item)}</ul></details>`}
</section>`;
}

function pipelineSection({ pipeline, overview, worst }: OverviewContent, clock: CityClock): Html {
  const { gateway, partitions, doors } = pipeline;
  const refused = Object.entries(overview.refusedAtDoor).filter(([, n]) => n > 0);
  const fact = (name: string, value: Html | string) =>
    html`<tr><th>${name}</th><td class="n">${value}</td></tr>`;
  return html`<section>
<h2>Pipeline</h2>
<table class="facts"><tbody>
${fact('started', html`<span title="${clock.moment(pipeline.startedAt)}">${ago(pipeline.startedAt, Math.max(worst.asOf, pipeline.startedAt))}</span>`)}
${doors && fact('MQTT', `${doors.host}:${doors.mqttPort}`)}
${doors?.mqttsPort && fact('with TLS', `${doors.host}:${doors.mqttsPort}`)}
${!gateway && fact('MQTT', 'in another process')}
${
  gateway &&
  html`${fact('connections', count(gateway.connections))}
${fact('messages taken', count(gateway.taken))}
${fact('made durable', count(gateway.durable))}
${fact('in flight', count(gateway.inFlightMessages))}`
}
${fact('lake exported', pipeline.exportedAt === null ? 'not yet' : ago(pipeline.exportedAt, Math.max(worst.asOf, pipeline.exportedAt)))}
</tbody></table>
${gateway && gateway.lastLogError !== '' && html`<p class="why">The log last refused: ${gateway.lastLogError}</p>`}
<h3>Log, by partition</h3>
<table class="facts"><thead><tr><th></th><th class="n">Messages</th><th class="n">Processed</th><th class="n">Behind</th></tr></thead>
<tbody>${partitions.map((p) => html`<tr><th>${p.partition}</th><td class="n">${count(p.end + 1)}</td><td class="n">${count(p.checkpoint + 1)}</td><td class="n">${count(p.lag)}</td></tr>`)}</tbody></table>
<h3>Refused at the door</h3>
${refused.length === 0 ? html`<p class="soft">Nobody.</p>` : html`<table class="facts"><tbody>${refused.map(([reason, n]) => fact(reason, count(n)))}</tbody></table>`}
</section>`;
}
