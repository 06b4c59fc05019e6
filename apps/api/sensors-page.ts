import type { SensorsPage } from './answers.ts';
import { cityClock, count } from './city-clock.ts';
import { html } from './html.ts';
import { pageText } from './page.ts';
import type { SensorState } from './sensor-state.ts';
import { sensorTable, stateTally } from './sensor-table.ts';

export const SENSORS_A_PAGE = 200;

export function sensorsPage(content: {
  city: { name: string; timezone: string };
  found: SensorsPage;
  state: SensorState | undefined;
  text: string | undefined;
  number: number;
}): string {
  const { city, found, state, text, number } = content;
  const pages = Math.max(1, Math.ceil(found.found / SENSORS_A_PAGE));
  const link = (to: number) =>
    `/sensors?${new URLSearchParams({ ...(state ? { state } : {}), ...(text ? { q: text } : {}), page: String(to) })}`;
  const body = html`<section>
<h2>${count(found.found)} ${state ?? ''} sensor${found.found === 1 ? '' : 's'}${text && html` like “${text}”`}</h2>
${stateTally(found.byState, state)}
<form action="/sensors"><input type="search" name="q" value="${text ?? ''}" placeholder="device or site" aria-label="device or site">${state && html`<input type="hidden" name="state" value="${state}">`}<button>Find</button> ${(state || text) && html`<a href="/sensors">all sensors</a>`}</form>
${sensorTable(found.sensors, found.asOf, found.since, cityClock(city.timezone))}
${pages > 1 && html`<p>${number > 1 && html`<a href="${link(number - 1)}">before</a> `}page ${number} of ${count(pages)}${number < pages && html` <a href="${link(number + 1)}">next</a>`}</p>`}
</section>`;
  return pageText({ title: `Sensors of ${city.name}`, city, asOf: found.asOf, body });
}
