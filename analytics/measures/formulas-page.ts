import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NeedSpec, ParameterSpec, ParameterValue } from './measure-header.ts';
import { describeMeasures, type Measure } from './measures.ts';
import { commonParameters } from './parameters.ts';

/** docs/formulas.md: what every measure asks, gives, needs and rests on, from the headers of their SQL files. */
export function formulasPage(): string {
  const all = describeMeasures();
  return `${[
    '# Formulas: the measures',
    '',
    'Written from the headers of `analytics/measures/*.sql` by `node analytics/measures/formulas-page.ts`: change those.',
    '',
    'A measure is one SELECT over the tables and views of [lake.md](lake.md), with a version that counts changes of its',
    'formula. Every answer carries its period, the unit of each column, the share of promised data that is missing, and',
    'the version. Where the data lack a field, the answer is *not computable*, with the reason, and never a guess:',
    '[computability.md](computability.md) has a table of it.',
    '',
    'All measures take:',
    '',
    ...parameterTable(commonParameters),
    '',
    ...all.map((measure) => `- [${measure.name}](#${measure.name}): ${measure.question}`),
    '',
    ...all.flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function section(measure: Measure): string[] {
  return [
    `## ${measure.name}`,
    '',
    `**${measure.question}** Version ${measure.version}.`,
    '',
    `Source: ${measure.source}.`,
    '',
    `Needs: ${measure.needs.map(needText).join('; ')}.`,
    '',
    ...(measure.parameters.length > 0 ? [...parameterTable(measure.parameters), ''] : []),
    '| column | unit | meaning |',
    '|---|---|---|',
    ...measure.columns.map((column) => `| \`${column.name}\` | ${column.unit} | ${column.meaning} |`),
    '',
    ...measure.caveats.map((caveat) => `- ${caveat}`),
    '',
  ];
}

function parameterTable(specs: readonly ParameterSpec[]): string[] {
  return [
    '| parameter | type | default | meaning |',
    '|---|---|---|---|',
    ...specs.map((spec) => {
      const choice =
        spec.oneOf.length > 0 ? `one of ${spec.oneOf.map((value) => `\`${value}\``).join(', ')}: ` : '';
      return `| \`${spec.name}\` | ${spec.type} | ${shown(spec.default)} | ${choice}${spec.meaning} |`;
    }),
  ];
}

function needText({ need, atEverySite, ofAny, when }: NeedSpec): string {
  const condition = when.map(({ parameter, value }) => `${parameter} is ${shown(value)}`).join(' and ');
  return `${need}${atEverySite ? ' at every site' : ''}${ofAny ? ' (any)' : ''}${condition ? ` (where ${condition})` : ''}`;
}

function shown(value: ParameterValue): string {
  return value === null ? 'none' : `\`${value}\``;
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/formulas.md'), formulasPage());
