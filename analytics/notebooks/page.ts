import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from './format.ts';

const style = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');

/** One file that needs no other: the policy in its head forbids a browser to fetch anything. */
export function page(content: {
  lang: string;
  title: string;
  kicker: string;
  lines: readonly string[];
  body: string;
}): string {
  const lines = content.lines.filter((l) => l !== '').map((l) => `<p>${escapeHtml(l)}</p>`);
  return `<!doctype html>
<html lang="${escapeHtml(content.lang)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="Headway">
<title>${escapeHtml(content.title)}</title>
<style>
${style}</style>
</head>
<body>
<header class="cover">
<p class="kicker">${escapeHtml(content.kicker)}</p>
<h1>${escapeHtml(content.title)}</h1>
${lines.join('\n')}
</header>
<main>
${content.body}
</main>
</body>
</html>
`;
}
