import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisedMonthsSql } from './promised-months.ts';
import { quarterCountsSql, quarterRollupsSql } from './quarter-counts.ts';

/** The macros and views that every session of the lake has, in the order in which they stand on one another. */
export function sessionSql(): string {
  return files
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n')
    .replace('-- (promised-months.ts)\n', promisedMonthsSql())
    .replace('-- (quarter-counts.ts)\n', quarterCountsSql());
}

const files = [
  'macros.sql',
  'rollup-views.sql',
  'derived-views.sql',
  'bottleneck-views.sql',
  'volume-views.sql',
  'zone-views.sql',
];

/** Where rows are looked for, which is no part of what is made of them. */
const ofLayout = ['near_windows', 'near_asked_site'];

/** The texts of a view and of all that it stands on, without comments: another text is another formula. */
export function formulaOf(
  view: string,
  sql: string = `${sessionSql()}\n${quarterRollupsSql()}`,
  layout: readonly string[] = ofLayout,
): string {
  const texts = definitions(sql);
  const needed = new Set([view]);
  for (const name of needed) {
    for (const word of texts.get(name)!.match(/\w+/g)!) {
      if (texts.has(word) && !layout.includes(word)) needed.add(word);
    }
  }
  return [...needed].map((name) => texts.get(name)).join('\n');
}

function definitions(sql: string): Map<string, string> {
  const statements = sql.replace(/^\s*--.*$/gm, '').split(/^CREATE OR REPLACE TEMP (?:VIEW|MACRO) /m);
  return new Map(statements.slice(1).map((text) => [/^\w+/.exec(text)![0], text.replace(/\s+/g, ' ')]));
}
