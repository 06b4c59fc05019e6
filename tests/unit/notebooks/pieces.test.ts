import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInfo, readYamlOptions, splitOptions } from '#analytics/notebooks/block-options.ts';
import { fmt } from '#analytics/notebooks/format.ts';
import { htmlToPdf } from '#analytics/notebooks/html-to-pdf.ts';
import { mergeRuns } from '#analytics/notebooks/merge-runs.ts';
import { parseNotebook } from '#analytics/notebooks/notebook.ts';
import { periodOf } from '#analytics/notebooks/period.ts';
import { splitTemplate } from '#analytics/notebooks/template.ts';
import { cityTime } from '#domain/city-time.ts';

test('a fence line is read as words, values and quoted values', () => {
  expect(readInfo(`name=slow if="a > 1 && b === 'x'" table limit=10`)).toEqual({
    name: 'slow',
    if: `a > 1 && b === 'x'`,
    table: true,
    limit: '10',
  });
});

test('option lines keep colons, may be continued, and may be YAML', () => {
  const { options, code } = splitOptions(
    `//| caption: Speed: \${a ? 'b' : 'c'}\n//|   and more\n//| list: [1, 2]\nPlot.plot()\n//| no option`,
  );
  expect(options).toEqual({ caption: `Speed: \${a ? 'b' : 'c'} and more`, list: [1, 2] });
  expect(code).toBe('Plot.plot()\n//| no option');
});

test('an expression in YAML may hold what YAML would trip over', () => {
  expect(readYamlOptions(`note: \${x ? 'a: b' : {c: 1}.c} km`)).toEqual({
    note: `\${x ? 'a: b' : {c: 1}.c} km`,
  });
});

test('an expression ends at its own brace, whatever strings and braces it holds', () => {
  expect(splitTemplate(`a \${ {x: "}"}.x + \`\${1}}\` } b \\\${c}`)).toEqual([
    { text: 'a ' },
    { expression: ` {x: "}"}.x + \`\${1}}\` ` },
    { text: ` b \${c}` },
  ]);
});

test('an unclosed block or section is named', () => {
  const head = '---\ntitle: T\n---\n';
  expect(() => parseNotebook(`${head}\n\`\`\`sql\nSELECT 1`)).toThrow(
    'line 5: the sql block is never closed',
  );
  expect(() => parseNotebook(`${head}::: if x\ntext`)).toThrow('never closed');
  expect(() => parseNotebook(`${head}:::`)).toThrow('line 4: ::: closes nothing');
});

test('a code block that is none of ours, and ::: inside it, stay text', () => {
  const { cells } = parseNotebook('---\ntitle: T\n---\n```js\n:::\n```\n');
  expect(cells).toHaveLength(1);
  expect(cells[0]).toMatchObject({ type: 'text', line: 4 });
});

test('figures are written as in British reports', () => {
  expect(fmt.number(1234567.891, 1)).toBe('1,234,567.9');
  expect(fmt.number(-3)).toBe('−3');
  expect(fmt.number(null)).toBe('–');
  expect([0, 0.0001, 0.004, 0.25, 0.999, 0.99999, 1].map((x) => fmt.percent(x))).toEqual([
    '0%',
    'under 0.1%',
    '0.4%',
    '25%',
    '99.9%',
    'over 99.9%',
    '100%',
  ]);
  expect(fmt.list(['a', 'b', 'c'])).toBe('a, b and c');
  expect([fmt.count(0, 'sensor'), fmt.count(1, 'sensor'), fmt.count(2_000, 'sensor')]).toEqual([
    'no sensors',
    '1 sensor',
    '2,000 sensors',
  ]);
  expect([fmt.hour(7), fmt.hour(17.25), fmt.hour(24)]).toEqual(['07:00', '17:15', '24:00']);
});

test('a period is named by its days, both ends included, with what they share said once', () => {
  const time = cityTime('America/Los_Angeles');
  const named = (from: string, to: string) => {
    const { text, short, days } = periodOf(time, Date.parse(from), Date.parse(to));
    return [text, short, days];
  };
  expect(named('2012-03-01T08:00Z', '2012-03-08T08:00Z')).toEqual([
    'Thursday 1 to Wednesday 7 March 2012',
    '1–7 Mar 2012',
    7,
  ]);
  // The clocks went forward on 11 March: the last day ends at 07:00Z.
  expect(named('2012-03-09T08:00Z', '2012-03-12T07:00Z')[0]).toBe('Friday 9 to Sunday 11 March 2012');
  expect(named('2012-03-01T08:00Z', '2012-03-02T08:00Z')).toEqual(['Thursday 1 March 2012', '1 Mar 2012', 1]);
  expect(named('2011-12-31T08:00Z', '2012-01-02T08:00Z')[0]).toBe(
    'Saturday 31 December 2011 to Sunday 1 January 2012',
  );
  expect(named('2012-03-01T14:00Z', '2012-03-01T17:30Z')[0]).toBe(
    'Thursday 1 March 2012 06:00 to Thursday 1 March 2012 09:30',
  );
});

test('cells of one class join while they touch', () => {
  const rows = [
    { site: 'a', x: 0, v: 90 },
    { site: 'a', x: 1, v: 95 },
    { site: 'a', x: 2, v: 40 },
    { site: 'a', x: 4, v: 40 },
    { site: 'a', x: 5, v: null },
    { site: 'a', x: 6, v: 40 },
    { site: 'b', x: 7, v: 40 },
  ];
  const runs = mergeRuns(rows, {
    by: (d) => d.site,
    x: (d) => d.x,
    step: 1,
    value: (d) => d.v,
    thresholds: [50, 80],
  });
  expect(runs.map((r) => [r.x1, r.x2, r.band])).toEqual([
    [0, 2, 2],
    [2, 3, 0],
    [4, 5, 0],
    [6, 7, 0],
    [7, 8, 0],
  ]);
});

test('without a browser the PDF is refused with a reason and a way out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headway-pdf-'));
  const html = join(folder, 'x.html');
  writeFileSync(html, '<p>x</p>');
  expect(await htmlToPdf(html, join(folder, 'x.pdf'), { PATH: folder })).toEqual({
    written: false,
    because: 'no Chromium on the PATH',
    hint: expect.stringContaining('CHROMIUM'),
  });
  expect(await htmlToPdf(html, join(folder, 'x.pdf'), { PATH: folder, CHROMIUM: '/no/such' })).toMatchObject({
    because: 'there is no browser at CHROMIUM=/no/such',
  });
});
