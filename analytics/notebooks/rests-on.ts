import type { DataShare } from './data-share.ts';
import { escapeHtml, fmt } from './format.ts';
import { type LedgerSum, ledgerSumSql, sumByOutcome } from './ledger-sum.ts';
import type { Parameter } from './parameters.ts';
import type { Period } from './period.ts';
import type { Formula, Result } from './result.ts';

export interface Foundations {
  city: { name: string; timezone: string };
  period: Period | undefined;
  /** City wall clock of the newest reading known; undefined where the caller does not say. */
  asOf: { text: string; beforeEnd: boolean } | undefined;
  sum: LedgerSum | undefined;
  share: DataShare | undefined;
  /** What is odd about the data, a sentence each. */
  caveats: readonly string[];
  results: readonly Result[];
  parameters: readonly Parameter[];
  notebook: string;
}

/** The block every report ends with: what its figures stand on, so that anyone can check them. */
export function restsOn(f: Foundations): string {
  return [
    '<section class="rests-on">',
    '<h2>What this report rests on</h2>',
    caveatPart(f.caveats),
    f.sum ? ledgerPart(f.sum, sensorsMeant(f.parameters)) : '',
    factsPart(f),
    formulaPart(f.results),
    queryPart(f.results),
    '</section>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function caveatPart(caveats: readonly string[]): string {
  if (caveats.length === 0) return '';
  const items = caveats.map((caveat) => `<li>${escapeHtml(caveat)}</li>`);
  return `<p><strong>What is odd about these data.</strong> Nothing was corrected for it.</p>\n<ul class="data-caveats">${items.join('\n')}</ul>`;
}

function ledgerPart(sum: LedgerSum, about: string): string {
  const total = sum.received + sum.untrustedReceived;
  if (total === 0) return '<p><strong>No readings were received for this period.</strong></p>';
  const parts = sumByOutcome(sum);
  const equation = `${fmt.number(total)} received = ${parts.map((p) => `${fmt.number(p.readings)} ${p.outcome}`).join(' + ')}`;
  const rows = sum.lines.map(
    (l) =>
      `<tr><td>${fmt.sentence(l.outcome)}${l.reason ? `: ${escapeHtml(l.reason)}` : ''}</td><td class="n">${fmt.number(l.readings)}</td><td class="n">${fmt.number(l.untrusted)}</td><td class="n">${fmt.number(l.readings + l.untrusted)}</td></tr>`,
  );
  const late = sum.lines.reduce((n, l) => n + l.late, 0);
  const notes = [
    about,
    'Each reading that a sensor sent has exactly one outcome. “Time not trusted” are readings whose own time could not be read or stood outside the bounds; they are listed by the hour in which they were received.',
    late > 0
      ? `${fmt.number(late)} of them came after their window was first published and corrected it.`
      : '',
    sum.untrustedElsewhere > 0
      ? `${fmt.number(sum.untrustedElsewhere)} more readings without a trusted time were received outside this period.`
      : '',
  ];
  return `<p class="equation">${equation}</p>
<figure class="table"><figcaption>${notes.filter(Boolean).join(' ')}</figcaption>
<div class="scroll"><table><thead><tr><th scope="col">Outcome <span class="unit">readings</span></th><th scope="col" class="n">Observed in the period</th><th scope="col" class="n">Time not trusted</th><th scope="col" class="n">Together</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
<tfoot><tr><th scope="row">Received</th><td class="n">${fmt.number(sum.received)}</td><td class="n">${fmt.number(sum.untrustedReceived)}</td><td class="n">${fmt.number(total)}</td></tr></tfoot></table></div>
<details class="source"><summary>Query</summary><pre><code>${escapeHtml(ledgerSumSql)}</code></pre></details></figure>`;
}

function sensorsMeant(parameters: readonly Parameter[]): string {
  const part = parameters.find((p) => p.spec.type === 'corridor' || p.spec.type === 'site');
  return part
    ? `Readings of the sensors of ${part.spec.type} ${escapeHtml(part.text)}.`
    : 'Readings of all sensors.';
}

function factsPart(f: Foundations): string {
  const facts: [string, string][] = [];
  if (f.period) {
    facts.push(['Period', `${f.period.text}, in the time of ${f.city.name} (${f.city.timezone})`]);
  }
  facts.push([
    'As of',
    f.asOf
      ? `${f.asOf.text}${f.asOf.beforeEnd ? '; the period was not over yet, and what was not due yet is not counted as missing' : ''}`
      : 'not stated by the caller',
  ]);
  if (f.share) facts.push(['Missing data', missingText(f.share)]);
  facts.push(['Imputed data', imputedText(f.results)]);
  const used = f.parameters.map((p) => `${p.spec.name} = ${p.text}${p.given ? '' : ' (default)'}`);
  if (used.length > 0) facts.push(['Parameters', used.join('; ')]);
  facts.push(['Notebook', f.notebook]);
  const rows = facts.map(([k, v]) => `<div><dt>${escapeHtml(k)}</dt><dd>${escapeHtml(v)}</dd></div>`);
  return `<dl class="facts">${rows.join('\n')}</dl>`;
}

function missingText({ expectedS, observedS, missingShare }: DataShare): string {
  if (missingShare === null) return 'not known: no sensor promises readings at fixed intervals';
  const hours = (s: number) => fmt.number(s / 3_600);
  return `${fmt.percent(missingShare)} (${hours(expectedS)} sensor-hours due, ${hours(observedS)} observed)`;
}

function imputedText(results: readonly Result[]): string {
  const filled = results.filter(
    (r) => (r.imputedShare ?? 0) > 0 || /\b(FROM|JOIN) (filled_windows|imputed|imputed_days)\b/.test(r.sql),
  );
  return filled.length === 0
    ? '0%: no value in this report was filled in or estimated'
    : `only in what is made from ${fmt.list(filled.map((r) => r.name))}, which says its share; no other value was filled in or estimated`;
}

function formulaPart(results: readonly Result[]): string {
  const formulas = new Map<string, Formula>();
  for (const r of results) if (r.formula) formulas.set(`${r.formula.name} v${r.formula.version}`, r.formula);
  if (formulas.size === 0) return '';
  const rows = [...formulas.values()].map(
    (f) =>
      `<tr><td>${escapeHtml(f.name)}</td><td>${escapeHtml(f.version)}</td><td>${escapeHtml(f.source)}</td></tr>`,
  );
  return `<h3>Formulas</h3>\n<div class="scroll"><table class="formulas"><thead><tr><th scope="col">Formula</th><th scope="col">Version</th><th scope="col">Definition and source</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function queryPart(results: readonly Result[]): string {
  const queries = results.filter((r) => r.sql !== '');
  if (queries.length === 0) return '';
  const shown = queries.map(
    (r) => `<h4>${escapeHtml(r.name)}</h4><pre><code>${escapeHtml(r.sql)}</code></pre>`,
  );
  return `<details class="source"><summary>All queries of this report, in order</summary>\n${shown.join('\n')}\n</details>`;
}
