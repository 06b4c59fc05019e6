import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Instant } from '#domain/instant.ts';
import { noteAsked } from '../lake/note-asked.ts';
import type { Parameter } from './parameters.ts';
import type { Period } from './period.ts';
import { instantValue, query } from './query.ts';

/**
 * Sets the session's variables, through which the lake's views and every block know what is asked: each parameter
 * under its own name, the period as from_at and to_at, a corridor as corridor_id, a site as site_ids; and clears
 * those that an earlier notebook may have left.
 */
export async function setSession(
  connection: DuckDBConnection,
  asked: {
    parameters: readonly Parameter[];
    period: Period | undefined;
    asOf: Instant | undefined;
    timezone: string;
  },
): Promise<void> {
  const { parameters, period, asOf } = asked;
  const ofType = (type: string) => parameters.find((p) => p.spec.type === type)?.value;
  const site = ofType('site');
  const moment = (at: Instant | undefined) => (at === undefined ? null : instantValue(at));
  const values: Record<string, DuckDBValue> = {};
  for (const p of parameters) {
    values[p.spec.name] = p.spec.type === 'date' ? instantValue(p.value as Instant) : p.value;
  }
  Object.assign(values, {
    city_tz: asked.timezone,
    from_at: moment(period?.fromAt),
    to_at: moment(period?.toAt),
    as_of: moment(asOf),
    corridor_id: ofType('corridor') ?? null,
  });
  for (const [name, value] of Object.entries(values)) {
    await query(connection, `SET VARIABLE "${name}" = $value`, { value });
  }
  await query(connection, `SET VARIABLE site_ids = ${site === undefined ? 'NULL' : '[$site]'}`, {
    site: site ?? null,
  });
  await noteAsked(connection);
}
