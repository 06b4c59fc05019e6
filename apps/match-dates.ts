import { readManifest } from '#analytics/lake/manifest.ts';
import { matchDatesDue, matchNight } from '#analytics/transit/match-nights.ts';
import { DAY_MS } from '#domain/instant.ts';
import type { DataDirectory } from './data-directory.ts';
import { openSession, withLakeLock } from './lake-session.ts';

/**
 * Works out trips performed and stop visits of the service dates whose readings or timetable have changed. Returns those
 * dates. The lake must have been brought up to date.
 */
export async function matchDates(
  data: DataDirectory,
  asked: { from?: string | undefined; to?: string | undefined } = {},
): Promise<string[]> {
  const days = Object.keys(readManifest(data.lakePath).windows).sort();
  // A service date's readings may be of the UTC date after it, or the one before.
  const from = asked.from ?? shifted(days[0] ?? '1970-01-01', -1);
  const to = asked.to ?? shifted(days.at(-1) ?? '1970-01-01', 2);
  const due = matchDatesDue(data.lakePath, from, to);
  for (const date of due) {
    await withLakeLock(data, async () => {
      const db = await openSession(data);
      try {
        await matchNight(db, data.lakePath, readManifest(data.lakePath), date);
      } finally {
        db.closeSync();
      }
    });
  }
  return due;
}

function shifted(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}
