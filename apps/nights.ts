import { datesDue, workNights } from '#analytics/nightly/work-nights.ts';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts';
import type { DataDirectory } from './data-directory.ts';
import { openSession, withLakeLock } from './lake-session.ts';

export interface NightsOptions {
  /** Local dates (ISO), half-open: the days whose verdicts are wanted. */
  from: string;
  to: string;
  /** Up to when live devices owe readings, where that is after their last window. */
  asOf?: Instant;
  onProgress?: (done: number, total: number) => void;
}

/** How long others wait for the lake at most, beside the day that is being worked on. */
const LOCK_HELD_MS = 20_000;

/** A verdict stands on what was said of the days before: so many are judged with the first one asked for. */
const BEFORE_DAYS = 14;

/** Judges the detectors of every day in the span whose verdicts are missing or stale. Returns those dates. */
export async function workDueNights(data: DataDirectory, options: NightsOptions): Promise<string[]> {
  const from = new Date(Date.parse(options.from) - BEFORE_DAYS * DAY_MS).toISOString().slice(0, 10);
  const due = datesDue(data.lakePath, from, options.to);
  const done: string[] = [];
  while (done.length < due.length) {
    const dates = due.slice(done.length);
    const until = performance.now() + LOCK_HELD_MS;
    done.push(
      ...(await withLakeLock(data, async () => {
        const db = await openSession(data);
        try {
          if (options.asOf !== undefined) {
            await db.run(`SET VARIABLE as_of = make_timestamptz(${options.asOf} * 1000)`);
          }
          return await workNights({
            db,
            directory: data.lakePath,
            dates,
            enough: () => performance.now() > until,
          });
        } finally {
          db.closeSync();
        }
      })),
    );
    options.onProgress?.(done.length, due.length);
  }
  return done;
}

/** Readings are taken up to a week late: so far back a night looks for days that have changed. */
const REVISITED_DAYS = 8;
/** What a device sends after midnight of the day before is mostly there by now. */
const NIGHT_BEGINS_MS = 3 * HOUR_MS;

/** Does the nightly work of a running city once a day, after 03:00 by its clock, and when it starts. */
export function nightlyWork(data: DataDirectory, now: () => Instant): { turn(): Promise<void> } {
  let worked: string | undefined;
  return {
    turn: async () => {
      const city = data.city();
      if (!city) return;
      const { dateOf } = cityTime(city.timezone);
      const to = dateOf(now() - NIGHT_BEGINS_MS);
      if (to === worked) return;
      await workDueNights(data, { from: dateOf(now() - REVISITED_DAYS * DAY_MS), to, asOf: now() });
      worked = to;
    },
  };
}
