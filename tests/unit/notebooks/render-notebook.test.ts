import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MeasureAnswer } from '#analytics/notebooks/measure-runner.ts';
import { type RenderedNotebook, renderNotebook } from '#analytics/notebooks/render-notebook.ts';
import { speedCity } from './small-cities.ts';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await speedCity();
});
afterAll(() => connection.closeSync());

const fence = '```';
const head = `---
title: A notebook
parameters:
  - { name: from, type: date, default: '2024-03-04' }
  - { name: to, type: date, default: '2024-03-06' }
  - { name: least, type: number, default: 2 }
---
`;

async function render(body: string, answers: Record<string, MeasureAnswer> = {}): Promise<RenderedNotebook> {
  return renderNotebook({
    source: head + body.replaceAll('~~~', fence),
    path: 'test.md',
    connection,
    parameters: {},
    city: { name: 'Kleinstadt', timezone: 'Europe/Berlin' },
    asOf: Date.parse('2024-03-05T23:00:00Z'),
    runMeasure: async (_, name) => answers[name]!,
  });
}

/** The body without the block the engine adds. */
const main = ({ html }: RenderedNotebook) => /<main>([\s\S]*)<section class="rests-on">/.exec(html)![1]!;

test('a query sees parameters as $name and as variables, and its rows in the text', async () => {
  const page = await render(`
~~~sql name=sites_found rows=one
SELECT count(*) AS n, getvariable('least')::INT AS least,
  city_time($from_at)::VARCHAR AS from_wall
FROM sites WHERE substr(site_id, 2)::INT >= $least
~~~
There are \${sites_found.n} of at least \${sites_found.least}, since \${sites_found.from_wall}.`);
  expect(page.errors).toEqual([]);
  expect(main(page)).toContain('<p>There are 2 of at least 2, since 2024-03-04 00:00:00.</p>');
});

test('text before a query may use its rows, and a query the one above it', async () => {
  const page = await render(`
Twice is \${twice.n}.
~~~sql name=once
SELECT count(*) AS n FROM sites
~~~
~~~sql name=twice rows=one
SELECT 2 * n AS n FROM once
~~~`);
  expect(main(page)).toContain('Twice is 6.');
});

test('a failing query is shown in its place, reported, and named by what depends on it', async () => {
  const page = await render(`
~~~sql name=broken
SELECT no_such_column FROM sites
~~~
~~~table of=broken
~~~
Sum: \${broken.length}`);
  expect(page.errors.map((e) => e.block)).toEqual(['broken', 'table_1', 'text']);
  expect(page.errors[0]!.line).toBe(9);
  expect(page.errors[1]!.message).toBe('needs broken, which failed in line 9');
  expect(main(page)).toContain('Block broken (line 9) failed.');
  expect(main(page)).toContain('no_such_column');
  expect(page.html).toContain('This report is incomplete:</strong> 3 failures (broken, table_1, text)');
});

test('a block may not take the name of a view of the lake', async () => {
  const page = await render('~~~sql name=windows\nSELECT 1 AS x\n~~~');
  expect(page.errors[0]!.message).toContain('windows is a view of the lake');
});

test('front matter that can not be read and an unknown parameter give a page and an error, no exception', async () => {
  const page = await renderNotebook({
    source: 'no front matter',
    path: 'bad.md',
    connection,
    parameters: {},
    city: { name: 'X', timezone: 'UTC' },
  });
  expect(page.errors).toHaveLength(1);
  expect(page.html).toContain('a notebook starts with ---');
});

test('a period that ends before it begins is refused', async () => {
  const page = await renderNotebook({
    source: head,
    path: 'x.md',
    connection,
    parameters: { from: '2024-03-07' },
    city: { name: 'X', timezone: 'UTC' },
  });
  expect(page.errors[0]!.message).toContain('before it begins');
});

test('a plot draws one mark a row, on the server, with its caption and a text for those who can not see it', async () => {
  const page = await render(`
~~~sql name=points
SELECT n AS x, n * n AS y FROM range(7) r(n)
~~~
~~~plot name=dots
//| data: points
//| unit: widgets
//| caption: Squares up to \${points.at(-1).y}: \${points.length} of them.
//| alt: Seven dots
const filled = points.filter((d) => d.y >= 0);
return Plot.plot({ marks: [Plot.dot(filled, { x: 'x', y: 'y' })] });
~~~`);
  expect(page.errors).toEqual([]);
  expect(main(page).match(/<circle/g)).toHaveLength(7);
  expect(main(page)).toContain('<div role="img" aria-label="Seven dots">');
  expect(main(page)).toContain('Squares up to 36: 7 of them.');
  expect(main(page)).toContain('4–5 Mar 2024 · unit: widgets · 0% of data missing');
});

test('a continuous colour legend and a raster draw without a browser', async () => {
  const page = await render(`
~~~plot
Plot.plot({ color: { legend: true, type: 'linear' }, marks: [Plot.raster([1, 2, 3, 4], { width: 2, height: 2, fill: (d) => d })] })
~~~`);
  expect(page.errors).toEqual([]);
  expect(main(page).match(/href="data:image\/png;base64,iVBORw0KGgo/g)).toHaveLength(2);
});

test('data never becomes markup, in text, tables, captions or alternative texts', async () => {
  const page = await render(`
~~~sql name=evil
SELECT '<script>alert(1)</script> **&** "quoted"' AS x
~~~
Say \${evil[0].x}.
~~~table of=evil
caption: About \${evil[0].x}
~~~
~~~plot
//| alt: \${evil[0].x}
Plot.plot({ marks: [Plot.text(evil, { text: 'x' })] })
~~~`);
  expect(page.errors).toEqual([]);
  expect(page.html).not.toContain('<script');
  expect(main(page)).toContain('Say &lt;script&gt;alert(1)&lt;/script&gt; **&amp;** &quot;quoted&quot;.');
  expect(main(page)).toContain('aria-label="&lt;script&gt;alert(1)&lt;/script&gt; &amp;');
});

test('the page is one file: nothing in it is fetched from anywhere', async () => {
  const { html } = await render(`
~~~sql name=rows_
SELECT 1 AS x
~~~
~~~table of=rows_
~~~
~~~plot
Plot.plot({ marks: [Plot.frame()] })
~~~`);
  expect(html).toContain(`default-src 'none'`);
  expect(
    [...html.matchAll(/(?:src|href|action)="([^"]*)"/g)].filter(([, url]) => !url!.startsWith('data:')),
  ).toEqual([]);
  expect(html).not.toMatch(/@import|url\(|<link|<script|https?:\/\//);
});

test('numbers stand right, with the unit that the column name carries, shares as per cent', async () => {
  const page = await render(`
~~~sql name=t
SELECT 'A' AS place, 87.6 AS mean_speed_kmh, 0.1234 AS missing_share, 12345678901 AS big, NULL::INT AS nothing,
  TIMESTAMPTZ '2024-03-04 07:30:00+00' AS seen_at, DATE '2024-03-04' AS day
~~~
~~~table of=t
~~~`);
  expect(main(page)).toContain(
    '<th scope="col" class="n"><span class="title">Mean speed</span> <span class="unit">km/h</span></th>',
  );
  expect(main(page)).toContain(
    '<td class="n">88</td><td class="n">12%</td><td class="n">12,345,678,901</td>',
  );
  expect(main(page)).toContain('Mon 4 Mar 08:30');
  expect(main(page)).toContain('<td class="short">Mon 4 Mar</td>');
});

test('a table carries its rows as CSV, whole and unrounded', async () => {
  const { html } = await render(`
~~~sql name=t
SELECT 1.25 AS x, 'a,"b"' AS y UNION ALL SELECT 2.5, '=1+1' ORDER BY x
~~~
~~~table of=t
~~~`);
  const base64 = /download="t\.csv" href="data:text\/csv;charset=utf-8;base64,([^"]+)"/.exec(html)![1]!;
  expect(Buffer.from(base64, 'base64').toString()).toBe(`x,y\r\n1.25,"a,""b"""\r\n2.5,'=1+1\r\n`);
});

test('sections and blocks appear where their condition holds', async () => {
  const page = await render(`
~~~sql name=has rows=one
SELECT true AS speeds, false AS volumes
~~~
::: if has.speeds

Speeds.

::: if has.volumes

Both.

:::

::: else

No speeds.

:::
~~~sql name=never if="has.volumes"
SELECT error('must not run')
~~~
~~~table of=never if="has.volumes"
~~~
Rows: \${never.length}.`);
  expect(page.errors).toEqual([]);
  expect(main(page)).toContain('<p>Speeds.</p>');
  expect(main(page)).not.toContain('Both.');
  expect(main(page)).not.toContain('No speeds.');
  expect(main(page)).toContain('Rows: 0.');
});

const answer: MeasureAnswer = {
  computable: true,
  columns: [
    { name: 'day', type: 'DATE' },
    { name: 'delay', type: 'DOUBLE', unit: 'veh h' },
  ],
  rows: [{ day: '2024-03-04', delay: 12.5 }],
  version: 3,
  source: 'Someone 1999',
  caveats: ['Only weekdays'],
  dataShare: 0.75,
};

test('a measure brings its unit, version, caveats and share of missing data to the table', async () => {
  const page = await render(
    `
~~~measure name=lost measure=delay
~~~
~~~sql name=doubled rows=one
SELECT 2 * delay AS delay, day::VARCHAR AS day FROM lost
~~~
Twice: \${doubled.delay} on \${doubled.day}.
~~~table of=lost
~~~`,
    { delay: answer },
  );
  expect(page.errors).toEqual([]);
  expect(main(page)).toContain('Twice: 25 on 2024-03-04.');
  expect(main(page)).toContain('Mon 4 Mar');
  expect(main(page)).toContain('<span class="unit">veh h</span>');
  expect(main(page)).toContain('25% of data missing · formula: delay v3');
  expect(main(page)).toContain('Only weekdays.');
  expect(page.html).toContain('<td>delay</td><td>3</td><td>Someone 1999</td>');
});

test('a measure is handed what its block says as it was written, numbers as text too', async () => {
  const asked: unknown[] = [];
  await renderNotebook({
    source: `${head}~~~measure name=lost route=01 least=$least half="\${1 / 2}"\nstop: 007\n~~~`.replaceAll(
      '~~~',
      fence,
    ),
    path: 'test.md',
    connection,
    parameters: {},
    city: { name: 'Kleinstadt', timezone: 'Europe/Berlin' },
    asOf: undefined,
    runMeasure: async (_db, _name, parameters) => {
      asked.push(parameters);
      return answer;
    },
  });
  expect(asked).toMatchObject([{ route: '01', least: 2, half: '0.5', stop: '007' }]);
});

test('what a measure can not compute is said, and is no failure', async () => {
  const page = await render('~~~measure name=lost measure=delay\n~~~\n~~~table of=lost\n~~~', {
    delay: { ...answer, computable: false, because: 'no flow', rows: [], columns: [] },
  });
  expect(page.errors).toEqual([]);
  expect(main(page)).toContain('<strong>Not computable: no flow.</strong>');
});

test('every query stands in the page, to be traced', async () => {
  const { html } = await render(`~~~sql name=t\nSELECT 41 + 1 AS answer WHERE 1 < 2\n~~~`);
  expect(html).toContain('SELECT 41 + 1 AS answer WHERE 1 &lt; 2');
});
