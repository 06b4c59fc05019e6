import type { Instant } from '#domain/instant.ts';
import { ago, type CityClock, count, percent } from './city-clock.ts';
import { type Html, html } from './html.ts';
import { meaningOfState, type SensorState, sensorStates } from './sensor-state.ts';
import type { SensorRow } from './sensor-survey.ts';

/** How many sensors are in which state, each a link to just those. */
export function stateTally(byState: Readonly<Record<SensorState, number>>, chosen?: SensorState): Html {
  const present = sensorStates.filter((s) => byState[s] > 0);
  return html`<p class="tally">${present.map(
    (state) =>
      html`<a href="/sensors?state=${encodeURIComponent(state)}" class="state ${className(state)}" title="${meaningOfState[state]}"${state === chosen && html` aria-current="true"`}><b>${count(byState[state])}</b> ${state}</a> `,
  )}</p>`;
}

export function sensorTable(
  sensors: readonly SensorRow[],
  asOf: Instant,
  since: Instant,
  clock: CityClock,
): Html {
  if (sensors.length === 0) return html`<p class="soft">None.</p>`;
  const rows = sensors.map(
    (s) => html`<tr>
<td><span class="state ${className(s.state)}" title="${meaningOfState[s.state]}">${s.state}</span></td>
<td class="id">${s.deviceId}</td>
<td>${s.siteId === null ? html`<span class="soft">no site</span>` : html`<span title="${s.siteId}">${s.site ?? s.siteId}</span>`}</td>
<td>${heard(s, asOf, clock)}</td>
<td class="n">${count(s.received)}${s.expected ? html`<span class="soft"> / ${count(s.expected)}</span>` : null}</td>
<td class="share">${shareBar(s.observedShare)}</td>
<td>${[...(s.reason ? [s.reason] : []), ...s.refusedAtDoor.map((r) => `door: ${r}`)].map((why) => html`<span class="why">${why}</span> `)}</td>
</tr>`,
  );
  return html`<div class="wide"><table>
<thead><tr><th>State</th><th>Device</th><th>Site</th><th>Last reading</th><th class="n">Since ${clock.time(since)} / due</th><th>Counted of due</th><th>Refused for</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function heard(s: SensorRow, asOf: Instant, clock: CityClock): Html {
  if (s.lastObservedAt !== null) {
    return html`<span title="${clock.moment(s.lastObservedAt)}">${ago(s.lastObservedAt, asOf)}</span>`;
  }
  if (s.lastHourReceived === null) return html`<span class="soft">never</span>`;
  return html`<span class="soft" title="refused, all of it">in the hour from ${clock.time(s.lastHourReceived)}</span>`;
}

function shareBar(share: number | null): Html {
  if (share === null) return html`<span class="soft">–</span>`;
  const low = share < 0.9 && 'low';
  return html`<svg class="bar" viewBox="0 0 60 8" width="60" height="8" aria-hidden="true"><rect class="rest" width="60" height="8" rx="2"/><rect class="${low || 'whole'}" width="${(60 * share).toFixed(1)}" height="8" rx="2"/></svg> ${percent(share)}`;
}

function className(state: SensorState): string {
  return `s-${state.replaceAll(' ', '-')}`;
}
