import type { DuckDBConnection } from '@duckdb/node-api';
import { MeasureFault } from './measure-fault.ts';
import type { NeedSpec } from './measure-header.ts';
import type { Measure } from './measures.ts';
import { quoted, type ResolvedParameters } from './parameters.ts';
import { rememberedRows } from './rows.ts';
import {
  isSitelessNeed,
  lackedSitelessNeeds,
  type SitelessNeed,
  sitelessNeedNames,
  sitelessNeedWords,
} from './siteless-needs.ts';

/** Sites that have the field within the asked period. Each query reads the session's variables. */
const sitesWith = {
  flow: `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND count_s > 0`,
  'hourly-flow': `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND hourly_count_s > 0`,
  speed: `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND speed_windows > 0`,
  occupancy: `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND occupancy_s > 0`,
  'free-flow': 'SELECT DISTINCT site_id FROM site_free_flow',
  length: 'SELECT site_id FROM site_facts WHERE length_km > 0',
  position: 'SELECT site_id FROM site_facts WHERE lat IS NOT NULL AND lon IS NOT NULL',
  lanes: 'SELECT site_id FROM site_facts WHERE lanes IS NOT NULL',
  'speed-limit': 'SELECT site_id FROM site_facts WHERE speed_limit_kmh IS NOT NULL',
  corridor: 'SELECT DISTINCT site_id FROM corridor_sites',
  period: 'SELECT DISTINCT site_id FROM promises',
  classes: `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND class_windows > 0`,
  'drivers-speeds': `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND drivers_windows > 0`,
  'interval-speeds': `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'traffic-flow' AND interval_windows > 0`,
  persons: `SELECT DISTINCT site_id FROM device_day_parts
    WHERE kind = 'traffic-flow' AND getvariable('persons') IS NOT NULL
      AND (class_windows > 0 OR NOT contains(getvariable('persons'), '='))`,
  treated: `SELECT DISTINCT site_id FROM device_day_parts
    WHERE list_contains(regexp_split_to_array(trim(getvariable('treated')), '[ ,;]+'), site_id)`,
  screenline: 'SELECT DISTINCT site_id FROM screenline_crossings',
  imputed: `SELECT site_id FROM sites WHERE EXISTS (
    FROM derived_days d WHERE d.name = 'imputed' AND city_moment(d.date + 1) > asked_from() AND city_moment(d.date) < asked_to())`,
  'single-loop': `SELECT site_id FROM device_day_parts WHERE kind = 'traffic-flow'
    GROUP BY site_id, device_id, direction, lane HAVING sum(count_s) > 0 AND sum(occupancy_s) > 0 AND sum(speed_windows) = 0`,
  actuations: `SELECT DISTINCT site_id FROM device_day_parts WHERE kind = 'signal-event' AND count IS NOT NULL`,
};

/** Where only some sites are meant to have it, the others are not left out. */
const ofSomeSites: readonly string[] = ['single-loop', 'treated', 'screenline', 'persons', 'imputed'];

type SiteNeed = keyof typeof sitesWith;
export type Need = SiteNeed | SitelessNeed;
export const needNames: readonly Need[] = [...(Object.keys(sitesWith) as SiteNeed[]), ...sitelessNeedNames];

/** What is lacking, after "no". */
export const needWords: Record<Need, string> = {
  ...sitelessNeedWords,
  flow: 'flow',
  'hourly-flow': 'flow in readings of an hour or less',
  speed: 'speed',
  occupancy: 'occupancy',
  'free-flow': 'free-flow speed (too few speeds by night, or at low occupancy)',
  length: 'length of road (no length_km, and on no corridor)',
  position: 'position',
  lanes: 'number of lanes',
  'speed-limit': 'speed limit',
  corridor: 'corridor',
  period: 'promised period',
  classes: 'counts by class',
  'drivers-speeds': 'speeds of single drivers',
  'interval-speeds': 'histogram of interval speeds',
  persons: 'persons per vehicle (give the parameter persons; by class only where classes are counted)',
  treated: 'treated site (give the parameter treated)',
  screenline: 'screenline or cordon',
  imputed: 'imputed values (no night has worked a day of this period: headway health does)',
  'single-loop': 'loop that counts and measures occupancy but no speed',
  actuations: 'actuations',
};

/** Whether the data can answer: if so, with what left out; if not, because of what. */
export type Answerable = { computable: true; caveats: string[] } | { computable: false; because: string };

/** Judges a measure's needs. The session's variables are set. */
export async function judgeNeeds(
  connection: DuckDBConnection,
  measure: Measure,
  parameters: ResolvedParameters,
): Promise<Answerable> {
  const needs = measure.needs.filter((need) =>
    need.when.every(({ parameter, value }) => parameters[parameter] === value),
  );
  const siteless = needs.map(({ need }) => need).filter(isSitelessNeed);
  if (siteless.length > 0) {
    const lacked = await lackedSitelessNeeds(connection, siteless);
    if (lacked.length > 0)
      return { computable: false, because: lacked.map((need) => `no ${needWords[need]}`).join(', ') };
    if (siteless.length === needs.length) return { computable: true, caveats: [] };
  }
  if (needs.some((n) => n.need === 'corridor' && !n.ofAny)) {
    const judged = await judgeCorridor(connection, measure, parameters.corridor_id as string | null);
    if (judged !== undefined) return judged;
  }
  const asked = await askedSites(connection, needs);
  if (asked.length === 0) return { computable: false, because: 'no data in this period' };

  const having: { spec: NeedSpec; sites: Set<string> }[] = [];
  for (const spec of needs.filter(({ need }) => !isSitelessNeed(need))) {
    const rows = await rememberedRows(connection, sitesWith[spec.need as SiteNeed]);
    having.push({ spec, sites: new Set(rows.map((row) => row.site_id as string)) });
  }
  const lackedByAll = having
    .filter(({ sites }) => !asked.some((site) => sites.has(site)))
    .map((h) => h.spec.need);
  if (lackedByAll.length > 0) {
    return {
      computable: false,
      because: (await plainest(connection, lackedByAll)).map((w) => `no ${w}`).join(', '),
    };
  }
  if (!asked.some((site) => having.every(({ sites }) => sites.has(site)))) {
    const together = having.map(({ spec }) => needWords[spec.need]).join(', ');
    return { computable: false, because: `no site has all of these: ${together}` };
  }
  const hasSpeed = (site: string) =>
    having.every(({ spec, sites }) => spec.need !== 'speed' || sites.has(site));
  const caveats: string[] = [];
  for (const { spec, sites } of having) {
    const lacking = asked.filter(
      (site) => !sites.has(site) && !(spec.need === 'free-flow' && !hasSpeed(site)),
    );
    if (lacking.length === 0 || ofSomeSites.includes(spec.need)) continue;
    const fact = `no ${needWords[spec.need]} at ${lacking.length} of ${asked.length} sites: ${someOf(lacking)}`;
    if (spec.atEverySite) return { computable: false, because: fact };
    caveats.push(`Left out, ${fact}`);
  }
  return { computable: true, caveats };
}

/** Without speed there is no free-flow speed to speak of; without any flow, none by the hour. */
async function plainest(connection: DuckDBConnection, lacked: readonly Need[]): Promise<string[]> {
  const shown: string[] = [];
  for (const need of lacked) {
    if (need === 'free-flow' && lacked.includes('speed')) continue;
    const noneAtAll =
      need === 'hourly-flow' && (await rememberedRows(connection, sitesWith.flow)).length === 0;
    shown.push(needWords[noneAtAll ? 'flow' : need]);
  }
  return shown;
}

/**
 * The sites the question is about: all of a corridor; those that owe readings; otherwise those with data of the kind
 * in question, or with any data where none has (they lack the fields, which is then the answer).
 */
async function askedSites(connection: DuckDBConnection, needs: readonly NeedSpec[]): Promise<string[]> {
  const has = (need: Need) => needs.some((spec) => spec.need === need && !spec.ofAny);
  const kind = has('actuations') ? 'signal-event' : 'traffic-flow';
  const queries = has('corridor')
    ? ['SELECT site_id FROM asked_site_ids']
    : has('period')
      ? [
          `SELECT site_id FROM installations
           WHERE valid_from < asked_to() AND valid_to > asked_from() AND asked_site(site_id)`,
        ]
      : [
          `SELECT site_id FROM device_day_parts WHERE kind = ${quoted(kind)}`,
          'SELECT site_id FROM device_day_parts',
        ];
  for (const sql of queries) {
    const rows = await rememberedRows(connection, `SELECT DISTINCT site_id FROM (${sql}) ORDER BY site_id`);
    if (rows.length > 0) return rows.map((row) => row.site_id as string);
  }
  return [];
}

/** @throws MeasureFault where there are corridors and none of them was asked for. */
async function judgeCorridor(
  connection: DuckDBConnection,
  measure: Measure,
  corridorId: string | null,
): Promise<Answerable | undefined> {
  const rows = await rememberedRows(connection, 'SELECT DISTINCT corridor_id FROM corridor_sites ORDER BY 1');
  const corridors = rows.map((row) => row.corridor_id as string);
  if (corridorId !== null && corridors.includes(corridorId)) return undefined;
  if (corridors.length === 0) return { computable: false, because: 'no corridor' };
  throw new MeasureFault(
    corridorId === null
      ? `${measure.name} is of one corridor, and corridor_id is not given`
      : `there is no corridor "${corridorId}" in this period`,
    `corridors: ${corridors.join(', ')}`,
    corridorId === null ? undefined : { asked: corridorId, among: corridors },
  );
}

function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).join(', ');
  return ids.length > 10 ? `${shown} and ${ids.length - 10} more` : shown;
}
