import { DAY_MS } from '#domain/instant.ts';
import { byAge, type TimetableVersion } from './timetable-version.ts';

/** From when a new version holds, and what it takes the place of. Dates are local, `2026-07-01`. */
export interface Validity {
  validFrom: string;
  /** The version that stood on these dates, as 'FEED/VERSION'. */
  replaces?: string;
  /** The next version's first date. */
  until?: { date: string; version: string };
  /** What the feed itself says, where the version holds from later on so that past dates keep the timetable they had. */
  putOffFrom?: string;
  /** Dates that have passed, or are matched, and have another timetable from now on. */
  past?: { first: string; last: string; matched: number };
}

/**
 * Where no version of the feed stands on dates that have passed or were matched, a new one holds from when it says. Else
 * those dates keep what they had, unless somebody asks for another first date; a feed without service from today on is for
 * the past alone, so only what is matched is kept from it.
 */
export function validityOf(
  feed: { startDate: string; lastDate: string },
  asked: string | undefined,
  around: { standing: readonly TimetableVersion[]; today: string; matchedDates: readonly string[] },
): Validity {
  const { standing, today, matchedDates } = around;
  const lastMatched = [...matchedDates].sort().at(-1) ?? '';
  const lastSettled = latest(shifted(today, -1), lastMatched);
  const kept = feed.lastDate < today ? lastMatched : lastSettled;
  const isPutOff = asked === undefined && feed.startDate <= kept && standing.some((v) => v.validFrom <= kept);
  const validFrom = asked ?? (isPutOff ? shifted(kept, 1) : feed.startDate);

  const ordered = [...standing].sort(byAge);
  const before = ordered.findLast((v) => v.validFrom <= validFrom);
  const next = ordered.find((v) => v.validFrom > validFrom);
  // Nor does a date change on which neither of the two has service.
  const ends = [lastSettled, latest(before?.lastDate ?? '', feed.lastDate)];
  if (next) ends.push(shifted(next.validFrom, -1));
  const last = ends.sort()[0]!;
  const matched = matchedDates.filter((date) => date >= validFrom && date <= last).length;
  return {
    validFrom,
    ...(before ? { replaces: `${before.feed}/${before.version}` } : {}),
    ...(next ? { until: { date: next.validFrom, version: `${next.feed}/${next.version}` } } : {}),
    ...(isPutOff ? { putOffFrom: feed.startDate } : {}),
    ...(before && validFrom <= last ? { past: { first: validFrom, last, matched } } : {}),
  };
}

function latest(a: string, b: string): string {
  return a > b ? a : b;
}

function shifted(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}
