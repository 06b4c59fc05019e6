import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMeasures, type Measure } from './measures.ts';
import { type Need, needNames, needWords } from './needs.ts';

/** docs/computability.md: which measure needs what, from the headers by which they refuse. */
export function computabilityPage(): string {
  const measures = describeMeasures();
  const used = needNames.filter((need) => measures.some((m) => m.needs.some((n) => n.need === need)));
  return `${[
    '# What can be computed from what',
    '',
    'Written from the headers of `analytics/measures/*.sql` by `node analytics/measures/computability-page.ts`: the same',
    'lines by which a measure refuses. Where every site lacks a field that a measure needs, the answer is *not computable*',
    'and says why, as in `no flow`; where some sites lack it, they are left out by name.',
    '',
    '**yes**: needed. **if**: needed only with some parameters, which [formulas.md](formulas.md) names. **all**: at every site',
    'of the corridor. Below it, what each of the columns means.',
    '',
    `| measure | ${used.join(' | ')} |`,
    `|---|${used.map(() => ':-:|').join('')}`,
    ...measures.map(
      (m) => `| [${m.name}](formulas.md#${m.name}) | ${used.map((need) => cell(m, need)).join(' | ')} |`,
    ),
    '',
    '| field | where it is lacking, the answer says |',
    '|---|---|',
    ...used.map((need) => `| ${need} | no ${needWords[need]} |`),
  ].join('\n')}\n`;
}

function cell(measure: Measure, need: Need): string {
  const spec = measure.needs.find((n) => n.need === need);
  if (!spec) return '';
  if (spec.when.length > 0) return 'if';
  return spec.atEverySite ? 'all' : 'yes';
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, '../../docs/computability.md'), computabilityPage());
}
