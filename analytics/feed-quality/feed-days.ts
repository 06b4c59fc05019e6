import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '#domain/instant.ts';
import { askedFor } from '../lake/asked-for.ts';
import { staleness, windowsOfDay, writeDerived } from '../lake/derived-tables.ts';
import { quoted } from '../lake/lake-context.ts';
import type { Manifest } from '../lake/manifest.ts';
import { rowsOf } from '../measures/rows.ts';
import { versionsOn } from '../timetable/timetable-version.ts';
import { tripsPerformedTable } from '../transit/transit-tables.ts';
import { feedDaysTable } from './feed-days-table.ts';
import { workInPieces } from './feed-pieces.ts';

const limits = [
  'stale_feed_s',
  'silent_feed_s',
  'stale_vehicle_s',
  'frozen_min',
  'stuck_min',
  'max_kmh',
  'behind_s',
];

/**
 * What the ledger says of the readings that were received on each local date. It counts every one of them, used or not: while it
 * says the same, a sum of the date is still of all there is.
 */
const ledgerSql = `
  SELECT date, string_agg(concat(outcome, ' ', readings), ', ' ORDER BY outcome) AS ledger
  FROM (SELECT city_time(hour_received)::DATE AS date, outcome, sum(readings)::BIGINT AS readings FROM ledger GROUP BY ALL)
  GROUP BY date`;

/** Sums up what feeds sent on a local date, at the usual limits. The session is of the manifest, with the date's trips matched. */
export async function sumFeedDay(
  { db, directory, manifest }: { db: DuckDBConnection; directory: string; manifest: Manifest },
  date: string,
): Promise<void> {
  const day = `DATE ${quoted(date)}`;
  const reader = await db.runAndReadAll(`SELECT ledger FROM (${ledgerSql}) WHERE date = ${day}`);
  const ledger = (reader.getRowsJson()[0]?.[0] as string | undefined) ?? '';
  const rests = [...windowsOfDay(manifest, date), ...besideReadings(manifest, date)];
  const query = 'FROM worked_feed_days ORDER BY device_id';
  await askedFor(db, [...limits, 'from_at', 'to_at'], async () => {
    await db.run(`SET VARIABLE from_at = city_moment(${day}); SET VARIABLE to_at = city_moment(${day} + 1)`);
    await workInPieces(db, async () => {
      await writeDerived(db, directory, manifest, feedDaysTable, date, query, rests, { ledger });
    });
  });
}

/** Whether a date has no sum, or one that rests on windows, trips or timetables that are no longer those of the lake. */
export function feedDayIsDue(manifest: Manifest, date: string): boolean {
  const file = manifest.derived[feedDaysTable.name]?.[date];
  if (file === undefined || staleness(manifest)(feedDaysTable, file)) return true;
  const rests = [...windowsOfDay(manifest, date), ...besideReadings(manifest, date)];
  return rests.some((path) => !file.restsOn.includes(path));
}

/**
 * Lets a session answer from the sums, and names the dates with readings that have none or none that holds. Windows that have
 * changed (those of the morning after do all day) do not matter while the ledger says that what was received is the same.
 */
export async function serveFeedDays(
  db: DuckDBConnection,
  manifest: Manifest,
  timezone: string,
): Promise<void> {
  await db.run(`SET VARIABLE feed_days_kept = ''`);
  const files = Object.entries(manifest.derived[feedDaysTable.name] ?? {});
  if (!files.some(([, file]) => file.rows !== 0)) return;
  const holding = files.filter(([date, file]) => {
    const rests = besideReadings(manifest, date);
    return file.version === feedDaysTable.version && rests.every((path) => file.restsOn.includes(path));
  });
  const sums = holding.map(([date, { ledger }]) => `(DATE ${quoted(date)}, ${quoted(ledger ?? '')})`);
  const made =
    sums.length > 0
      ? `(VALUES ${sums.join(', ')}) m(date, ledger)`
      : '(SELECT NULL::DATE AS date, NULL::VARCHAR AS ledger WHERE false) m';
  await db.run(`CREATE OR REPLACE TEMP TABLE received_dates AS
      SELECT l.date, m.ledger IS NOT DISTINCT FROM l.ledger AS summed FROM (${ledgerSql}) l LEFT JOIN ${made} USING (date);
    SET VARIABLE feed_summed_dates = (SELECT coalesce(list(date ORDER BY date), []) FROM received_dates WHERE summed);
    SET VARIABLE feed_unsummed_dates = (SELECT coalesce(list(date ORDER BY date), []) FROM received_dates WHERE NOT summed);
    SET VARIABLE feed_sums_tz = ${quoted(timezone)};
    DROP TABLE received_dates`);
}

/**
 * Of a lake whose files no session sees change, keeps what a period's dates add up to: each view of them asks for it again. The
 * session's variables are set; `sql` is what will be asked.
 */
export async function keepFeedDays(db: DuckDBConnection, sql: string): Promise<void> {
  if (!/\bfeed_(quality|checks|found|totals|vehicles)\b/.test(sql)) return;
  const [state] = await rowsOf(
    db,
    `SELECT getvariable('feed_days_kept') IS NOT NULL AND NOT feed_days_are_kept() AS due, feed_summed() AS summed, feed_unsummed()::VARCHAR[] AS unsummed`,
  );
  if (!state!.due) return;
  const dates = state!.summed ? (state!.unsummed as unknown as string[]) : await receivedDates(db);
  await db.run(
    `CREATE OR REPLACE TEMP TABLE next_feed_days AS FROM ${state!.summed ? 'summed_feed_days' : 'worked_feed_days LIMIT 0'}`,
  );
  for (const date of dates) {
    await askedFor(db, ['from_at', 'to_at'], async () => {
      await db.run(`SET VARIABLE from_at = greatest(getvariable('asked_from_at')::TIMESTAMPTZ, city_moment(DATE ${quoted(date)}));
        SET VARIABLE to_at = least(getvariable('asked_to_at')::TIMESTAMPTZ, city_moment(DATE ${quoted(date)} + 1))`);
      await workInPieces(db, async () => {
        await db.run('INSERT INTO next_feed_days FROM worked_feed_days');
      });
    });
  }
  await db.run(`DROP TABLE IF EXISTS kept_feed_days; ALTER TABLE next_feed_days RENAME TO kept_feed_days;
    SET VARIABLE feed_days_kept = feed_asked_text()`);
}

/** Local dates of the asked period on which anything was received. */
async function receivedDates(db: DuckDBConnection): Promise<string[]> {
  const rows = await rowsOf(
    db,
    `SELECT date::VARCHAR AS date FROM (${ledgerSql}) WHERE city_moment(date) < asked_to() AND city_moment(date + 1) > asked_from() ORDER BY date`,
  );
  return rows.map(({ date }) => date as string);
}

/** Beside what was received: the date's trips, by their positions off the way, and the timetables that trips and stops are looked up in. */
function besideReadings(manifest: Manifest, date: string): string[] {
  const around = [-1, 0, 1].map((days) =>
    new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10),
  );
  const versions = new Set(around.flatMap((day) => versionsOn(manifest.timetables, day)));
  return [
    ...(manifest.derived[tripsPerformedTable.name]?.[date]
      ? [manifest.derived[tripsPerformedTable.name]![date]!.path]
      : []),
    ...[...versions].flatMap(({ files }) => [files.trips, files.stops].filter((path) => path !== undefined)),
  ];
}
