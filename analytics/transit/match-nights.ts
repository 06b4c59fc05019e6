import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '#domain/instant.ts';
import { feedDayIsDue, sumFeedDay } from '../feed-quality/feed-days.ts';
import { createDerivedViews, staleness, windowsOfDay, writeDerived } from '../lake/derived-tables.ts';
import { type DerivedFile, type Manifest, readManifest, writeManifest } from '../lake/manifest.ts';
import { rowsOf } from '../measures/rows.ts';
import { versionsOn } from '../timetable/timetable-version.ts';
import { matchDate } from './match-date.ts';
import { exportTransitRollups } from './transit-rollups.ts';
import { passengerCountsTable, stopVisitsTable, tripsPerformedTable } from './transit-tables.ts';

/** Dates (of the half-open span) with windows around them whose stop visits or sums of feeds are missing or stale, ascending. */
export function matchDatesDue(directory: string, from: string, to: string): string[] {
  const manifest = readManifest(directory);
  const isStale = staleness(manifest);
  const dates: string[] = [];
  for (let day = Date.parse(from); day < Date.parse(to); day += DAY_MS) {
    const date = new Date(day).toISOString().slice(0, 10);
    if (windowsOfDay(manifest, date).length === 0) continue;
    const file = manifest.derived[stopVisitsTable.name]?.[date];
    const rests = restsOn(manifest, date);
    const isNew = file === undefined || rests.some((path) => !file.restsOn.includes(path));
    if (isNew || isStale(stopVisitsTable, file) || feedDayIsDue(manifest, date)) dates.push(date);
  }
  return dates;
}

/**
 * Writes a service date's trips and stop visits into the lake, what they add up to, and what feeds sent on it. The caller holds
 * the lake's lock.
 */
export async function matchNight(
  db: DuckDBConnection,
  directory: string,
  manifest: Manifest,
  date: string,
): Promise<void> {
  const [city] = await rowsOf(db, 'SELECT timezone FROM city');
  await matchDate(db, date, city!.timezone as string);
  const rests = restsOn(manifest, date);
  await writeDerived(
    db,
    directory,
    manifest,
    tripsPerformedTable,
    date,
    'FROM matched_trips',
    rests,
    await seenOn(db),
  );
  await writeDerived(db, directory, manifest, stopVisitsTable, date, 'FROM matched_visits', rests);
  await writeDerived(db, directory, manifest, passengerCountsTable, date, 'FROM matched_counts', rests);
  await createDerivedViews(db, directory, manifest);
  await exportTransitRollups({ db, directory, manifest }, city!.timezone as string);
  await sumFeedDay({ db, directory, manifest }, date);
  writeManifest(directory, manifest);
}

async function seenOn(db: DuckDBConnection): Promise<Pick<DerivedFile, 'seen'>> {
  const [row] = await rowsOf(
    db,
    `SELECT epoch_ms(min(first_seen_at))::DOUBLE AS first, epoch_ms(max(last_seen_at))::DOUBLE AS last FROM matched_trips WHERE relationship <> 'canceled' AND observations > 0`,
  );
  return row!.first === null ? {} : { seen: [row!.first as number, row!.last as number] };
}

function restsOn(manifest: Manifest, date: string): string[] {
  return [
    ...windowsOfDay(manifest, date),
    ...versionsOn(manifest.timetables, date).flatMap((v) => Object.values(v.files)),
  ];
}
