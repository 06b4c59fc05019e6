import { csvOf } from './csv.ts';
import { escapeHtml, fmt } from './format.ts';
import type { Result } from './result.ts';

/** A result with more text than this is not carried along in the page. */
const MOST_CSV_BYTES = 120_000;

/** The small line under a figure: period, unit, shares missing and imputed, formula and version. */
export function provenanceLine(about: {
  /** What it shows in time, in short. */
  period: string;
  unit: string;
  missingShare: number | null | undefined;
  /** Of the values shown; undefined where none can be. */
  imputedShare: number | undefined;
  results: readonly Result[];
}): string {
  const formulas = about.results.flatMap((r) =>
    r.formula ? [`${r.formula.name} v${r.formula.version}`] : [],
  );
  const parts = [
    about.period,
    about.unit && `unit: ${about.unit}`,
    about.missingShare === undefined
      ? ''
      : about.missingShare === null
        ? 'share missing not known'
        : `${fmt.percent(about.missingShare)} of data missing`,
    about.imputedShare === undefined ? '' : `${fmt.percent(about.imputedShare)} of values imputed`,
    formulas.length > 0 ? `formula: ${[...new Set(formulas)].join(', ')}` : '',
  ].filter((part) => part !== '');
  return `<span class="provenance">${parts.map(escapeHtml).join(' · ')}</span>`;
}

/** Where a figure comes from, folded away: its queries, and its data to download. */
export function sourceDetails(results: readonly Result[]): string {
  if (results.length === 0) return '';
  const inside = results.map((result) => `${downloadLink(result)}${queryText(result)}`).join('\n');
  return `<details class="source"><summary>Data and query</summary>\n${inside}\n</details>`;
}

function downloadLink(result: Result): string {
  const rows = fmt.count(result.rows.length, 'row');
  const csv = csvOf(result);
  if (Buffer.byteLength(csv) > MOST_CSV_BYTES) {
    return `<p><code>${result.name}</code>: ${rows}, too many to carry in this file; run the query for them.</p>`;
  }
  const data = Buffer.from(csv, 'utf8').toString('base64');
  return `<p><a download="${result.name}.csv" href="data:text/csv;charset=utf-8;base64,${data}">${result.name}.csv</a> (${rows})</p>`;
}

function queryText(result: Result): string {
  return result.sql === '' ? '' : `<pre><code>${escapeHtml(result.sql)}</code></pre>`;
}
