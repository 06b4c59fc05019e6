import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '#domain/instant.ts';
import { cityClock } from './city-clock.ts';
import { type Html, html, trusted } from './html.ts';

const style = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');

/** Every 15 s, while somebody looks and has nothing selected or half typed, the page is brought up to date. */
const script = `
setInterval(async () => {
  const typing = /^(INPUT|SELECT)$/.test(document.activeElement?.tagName ?? '');
  if (document.hidden || typing || String(getSelection())) return;
  const answer = await fetch(location.href).catch(() => undefined);
  document.body.classList.toggle('lost', !answer?.ok);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const open of document.querySelectorAll('details[open][id]')) fresh.getElementById(open.id)?.setAttribute('open', '');
  document.querySelector('main').replaceWith(fresh.querySelector('main'));
}, 15_000);
`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const pagePolicy = [
  "default-src 'none'",
  `style-src ${hash(style)}`,
  `script-src ${hash(script)}`,
  "connect-src 'self'",
  "form-action 'self'",
  'img-src data:',
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface PageContent {
  title: string;
  city: { name: string; timezone: string };
  asOf: Instant;
  body: Html;
}

export function pageText({ title, city, asOf, body }: PageContent): string {
  const clock = cityClock(city.timezone);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(style)}</style>
<noscript><meta http-equiv="refresh" content="30"></noscript>
</head>
<body>
<main>
<header>
<h1><a href="/">${city.name}</a></h1>
<p>${clock.moment(asOf)} <span class="soft">${city.timezone}</span></p>
<p class="gone" role="status">Headway does not answer; what you see is old.</p>
</header>
${body}
<footer>Headway · <a href="/metrics">metrics</a> · <a href="/api/ledger">ledger</a>, <a href="/api/devices">devices</a>, <a href="/api/pipeline">pipeline</a>, <a href="/api/transit">transit</a>, <a href="/api/feeds">feeds</a>, <a href="/api/reports">reports</a> as JSON</footer>
</main>
<script>${trusted(script)}</script>
</body>
</html>
`.markup;
}
