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

/**
 * Notes of what is asked what the views can not look up as they are bound: between which ids the asked sites lie, so that the
 * rest of a year need not be read, and whether the network changed within the period.
 */
export const noteAskedSql = `
  SET VARIABLE asked_least = (SELECT min(site_id) FROM asked_site_ids);
  SET VARIABLE asked_greatest = (SELECT max(site_id) FROM asked_site_ids);
  SET VARIABLE asked_network_held = (
    SELECT count(*) = 0 FROM (SELECT valid_from, valid_to FROM corridors UNION ALL SELECT valid_from, valid_to FROM sites)
    WHERE (valid_from > asked_from() AND valid_from < asked_to()) OR (valid_to > asked_from() AND valid_to < asked_to()));
  SET VARIABLE asked_noted = asked_text()`;

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
