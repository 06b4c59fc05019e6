import { cityTime } from '#domain/city-time.ts';
import { HOUR_MS, type Instant } from '#domain/instant.ts';
import type { Manifest } from '../lake/manifest.ts';
import { serviceDayStart } from './service-time.ts';
import { tripsPerformedTable } from './transit-tables.ts';

/** From the first to the last moment at which any vehicle was seen; what was due outside of it nobody could have seen. */
export interface Watched {
  from: Instant;
  to: Instant;
}

/** `undefined` where there is no timetable, where nothing was seen, or where the earliest or latest date was matched by a release that did not say. */
export function watchedSpan(manifest: Manifest): Watched | undefined {
  const files = Object.entries(manifest.derived[tripsPerformedTable.name] ?? {})
    .filter(([, file]) => file.rows !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const [first, last] = [files[0]?.[1], files.at(-1)?.[1]];
  if (manifest.timetables.length === 0 || !first?.seen || !last?.seen) return undefined;
  const seen = files.flatMap(([, file]) => file.seen ?? []);
  return { from: Math.min(...seen), to: Math.max(...seen) };
}

/** A service day's last trips arrive on the morning after. */
const LASTS_MS = 33 * HOUR_MS;

/** Whether all of a service day lies within what was watched. */
export function watchedWhole(watched: Watched, date: string, timezone: string): boolean {
  const start = serviceDayStart(cityTime(timezone), date);
  return watched.from <= start && watched.to >= start + LASTS_MS;
}
