import type { Instant } from '#domain/instant.ts';
import { ago, type CityClock, count, percent } from './city-clock.ts';
import { type Html, html } from './html.ts';
import type { CountedDay, LiveRoute, LiveTransit } from './live-transit.ts';

const ROUTES_SHOWN = 12;

/** What a service controller looks at: who is late on which route, and where the next vehicle follows too soon or not at all. */
export function transitSection({ routes, latest, boardings, asOf }: LiveTransit, clock: CityClock): Html {
  const vehicles = routes.reduce((n, r) => n + r.vehicles, 0);
  const rest = routes.slice(ROUTES_SHOWN);
  return html`<section>
<h2>Transit<small>${count(vehicles)} vehicles at stops in the last 15 min, most late first</small></h2>
${boardings && countedLine(boardings, clock)}
${routes.length > 0 && routeTable(routes.slice(0, ROUTES_SHOWN), asOf)}
${rest.length > 0 && html`<details id="routes"><summary>${count(rest.length)} more</summary>${routeTable(rest, asOf)}</details>`}
${boardings && html`<details id="boardings"><summary>boardings by route</summary>${boardingsTable(boardings)}</details>`}
${
  latest.length > 0 &&
  html`<details id="visits"><summary>the last stops</summary>
<div class="wide"><table><thead><tr><th>Seen</th><th>Route</th><th>Vehicle</th><th>Stop</th><th class="n">Timetable</th><th class="n">Aboard</th></tr></thead>
<tbody>${latest.map((v) => html`<tr><td title="${clock.moment(v.seenAt)}">${ago(v.seenAt, asOf)}</td><td>${v.routeId}<span class="soft">/${v.directionId}</span></td><td class="id">${v.vehicleId}</td><td class="id">${v.stopId}</td><td class="n">${lateness(v.lateS)}</td><td class="n">${aboard(v.load)}</td></tr>`)}</tbody></table></div>
</details>`
}
</section>`;
}

function countedLine(day: CountedDay, clock: CityClock): Html {
  const { date, since, boardings, alightings, visits, countedVisits, countedShare } = day;
  const noon = Date.parse(`${date}T12:00:00Z`);
  return html`<p class="sum"><span><b>${count(boardings)}</b> got on</span> and <span><b>${count(alightings)}</b> off</span> since ${clock.time(since)}<small class="soft">service day of ${clock.day(noon)}; counted at ${count(countedVisits)} of ${count(visits)} stop visits, ${percent(countedShare)}</small></p>`;
}

function boardingsTable({ routes }: CountedDay): Html {
  return html`<div class="wide"><table>
<thead><tr><th>Route</th><th class="n">On</th><th class="n">Off</th><th class="n">Stop visits</th><th class="n">Counted</th><th class="n">Share</th></tr></thead>
<tbody>${routes.map(
    (r) => html`<tr><td>${r.routeId}<span class="soft">/${r.directionId}</span></td>
${r.countedVisits > 0 ? html`<td class="n">${count(r.boardings)}</td><td class="n">${count(r.alightings)}</td>` : html`<td class="n soft">–</td><td class="n soft">–</td>`}
<td class="n">${count(r.visits)}</td><td class="n">${count(r.countedVisits)}</td><td class="n">${percent(r.countedVisits / r.visits)}</td></tr>`,
  )}</tbody></table></div>`;
}

function routeTable(routes: readonly LiveRoute[], asOf: Instant): Html {
  return html`<div class="wide"><table>
<thead><tr><th>Route</th><th class="n">Vehicles</th><th class="n">Early</th><th class="n">On time</th><th class="n">Late</th><th class="n">Median</th><th class="n">Aboard</th><th>Last seen</th><th class="n">Headway / due</th></tr></thead>
<tbody>${routes.map(
    (r) => html`<tr>
<td>${r.routeId}<span class="soft">/${r.directionId}</span></td>
<td class="n">${count(r.vehicles)}</td><td class="n">${r.early || html`<span class="soft">–</span>`}</td><td class="n">${r.onTime || html`<span class="soft">–</span>`}</td>
<td class="n">${r.late > 0 ? html`<b class="low">${count(r.late)}</b>` : html`<span class="soft">–</span>`}</td>
<td class="n">${lateness(r.medianLateS)}</td><td class="n">${aboard(r.meanLoad)}</td>
<td><span class="id">${r.latest.vehicleId}</span> at <span class="id">${r.latest.stopId}</span>, ${ago(r.latest.seenAt, asOf)}</td>
<td class="n">${headway(r)}</td>
</tr>`,
  )}</tbody></table></div>`;
}

/** Bunched below a quarter of the scheduled headway, a gap over twice of it, as the measures have it. */
function headway({ headwayS, dueHeadwayS }: LiveRoute): Html {
  if (headwayS === null) return html`<span class="soft">–</span>`;
  const due = dueHeadwayS !== null && dueHeadwayS > 0 ? dueHeadwayS : undefined;
  const kind = due && (headwayS < 0.25 * due ? 'bunched' : headwayS > 2 * due ? 'gap' : undefined);
  return html`${minutes(headwayS)}${due && html`<span class="soft"> / ${minutes(due)}</span>`}${kind && html` <span class="why">${kind}</span>`}`;
}

function lateness(lateS: number | null): Html {
  if (lateS === null) return html`<span class="soft">no timetable</span>`;
  if (Math.abs(lateS) < 30) return html`on time`;
  return html`${minutes(Math.abs(lateS))} ${lateS > 0 ? 'late' : 'early'}`;
}

/** Passengers; of a route the mean of its vehicles that count. */
function aboard(load: number | null): Html {
  return load === null ? html`<span class="soft">–</span>` : html`${load.toFixed(0)}`;
}

function minutes(s: number): string {
  return `${(s / 60).toFixed(1)} min`;
}
