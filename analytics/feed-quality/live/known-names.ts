import type { DuckDBConnection } from '@duckdb/node-api';

/** Trips and stops that may be named on a date. */
export interface KnownNames {
  /** More than can be held: the night looks them up. */
  tooMany: boolean;
  trips: ReadonlySet<string>;
  stops: ReadonlySet<string>;
}

/** A country's feed has more trips than a thread should hold beside its work: those are the night's. */
const MOST_NAMES = 500_000;

/**
 * Those of every timetable that holds on the date, the day before or the day after, as `feed_unknown_trips` has it; `undefined` where
 * there is none. Stands on the views of the timetables.
 */
export async function knownNames(db: DuckDBConnection, date: string): Promise<KnownNames | undefined> {
  const names = async (thing: 'trip' | 'stop') => {
    const reader = await db.runAndReadAll(`
      SELECT DISTINCT ${thing}_id FROM timetable_${thing}s JOIN timetables USING (timetable)
      WHERE ${thing}_id IS NOT NULL AND valid_from <= DATE '${date}' + 1 AND valid_to > DATE '${date}' - 1 LIMIT ${MOST_NAMES + 1}`);
    return new Set(reader.getRowsJS().map(([name]) => name as string));
  };
  const trips = await names('trip');
  const stops = await names('stop');
  if (trips.size === 0 || stops.size === 0) return undefined;
  const tooMany = trips.size > MOST_NAMES || stops.size > MOST_NAMES;
  return tooMany ? { tooMany, trips: new Set(), stops: new Set() } : { tooMany, trips, stops };
}
