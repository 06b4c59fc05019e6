import type { DuckDBConnection } from '@duckdb/node-api';
import { rememberedRows } from './rows.ts';

/** What transit measures stand on, and what zones say: of no site. Whether there is any in the asked period. */
const anyOf = {
  timetable: 'FROM asked_service_dates',
  'stop-visits': `FROM stop_visits WHERE counts AND coalesce(departure_at, arrival_at) >= asked_from()
    AND coalesce(departure_at, arrival_at) < asked_to()`,
  'passenger-counts': `FROM stop_visits WHERE coalesce(boardings, alightings, departure_load) IS NOT NULL
    AND coalesce(departure_at, arrival_at) >= asked_from() AND coalesce(departure_at, arrival_at) < asked_to()`,
  'passenger-readings': `FROM readings WHERE kind = 'passenger-count' AND observed_at >= asked_from() AND observed_at < asked_to()`,
  'road-links': 'FROM link_pieces',
  'zone-population': 'FROM held_zones WHERE population > 0',
  'zone-deprivation': 'FROM held_zones WHERE deprivation IS NOT NULL',
  'zone-groups': 'FROM held_zones WHERE people IS NOT NULL',
  'feed-readings': 'FROM asked_feed_days',
};

export type SitelessNeed = keyof typeof anyOf;
export const sitelessNeedNames = Object.keys(anyOf) as SitelessNeed[];

export const sitelessNeedWords: Record<SitelessNeed, string> = {
  timetable: 'timetable that holds in this period (headway gtfs import)',
  'stop-visits': 'stop visits in this period (they are matched by night, and by headway gtfs match)',
  'passenger-counts':
    'passenger counts at stops in this period (vehicles that count, matched by night or by headway gtfs match)',
  'passenger-readings': 'passenger counts in this period',
  'road-links': 'road link with a line (headway network import)',
  'zone-population': 'zone with a population (headway network import)',
  'zone-deprivation': 'zone with a deprivation (headway network import)',
  'zone-groups': 'zone with people by group (headway network import)',
  'feed-readings': 'feed that sent anything in this period',
};

export function isSitelessNeed(need: string): need is SitelessNeed {
  return need in anyOf;
}

/** The needs that nothing meets. */
export async function lackedSitelessNeeds(
  connection: DuckDBConnection,
  needs: readonly SitelessNeed[],
): Promise<SitelessNeed[]> {
  const lacked: SitelessNeed[] = [];
  for (const need of needs) {
    const rows = await rememberedRows(connection, `SELECT 1 AS found ${anyOf[need]} LIMIT 1`);
    if (rows.length === 0) lacked.push(need);
  }
  return lacked;
}
