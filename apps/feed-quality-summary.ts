import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from '#analytics/lake/lake-context.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import type { DataDirectory } from './data-directory.ts';
import { openSession } from './lake-session.ts';

/** What is looked over in a few seconds; of more there is the report, which rests on what the nights have added up. */
const MOST_READINGS = 200_000;
const MOST_DATES = 60;

/**
 * What the rules of feed quality found in all that a feed sent, a line a rule, and how to have the report of it. The lake must
 * be up to date.
 */
export async function feedQualitySummary(data: DataDirectory, feed: string): Promise<string[]> {
  const db = await openSession(data);
  try {
    const span = await spanOf(db, feed);
    if (!span) return [];
    const report = `headway report feed-quality --from ${span.from} --to ${span.to} --data ${data.path}`;
    if (span.readings > MOST_READINGS || span.dates > MOST_DATES) return [`feed quality: ${report}`];
    const answer = await runMeasure(db, 'feed-quality', { feed, from_at: span.fromAt, to_at: span.toAt });
    if (!answer.computable) return [`feed quality of ${feed}: not computable: ${answer.because}`];
    const found = answer.rows.filter((row) => Number(row.findings) > 0);
    const n = (value: unknown) => Number(value).toLocaleString('en-GB');
    return [
      `feed quality of ${feed}: ${found.length} of the ${answer.rows.length} rules that had something to look at found something`,
      ...found.map((row) => `  ${row.rule}: ${n(row.findings)} of ${n(row.looked_at)}`),
      `the report of it: ${report}`,
    ];
  } finally {
    db.closeSync();
  }
}

interface Span {
  /** Local dates, half-open. */
  from: string;
  to: string;
  fromAt: number;
  toAt: number;
  /** On which the feed sent anything. */
  dates: number;
  /** Of whomever on these dates: all of them are read. */
  readings: number;
}

async function spanOf(db: DuckDBConnection, feed: string): Promise<Span | undefined> {
  const [row] = await rowsOf(
    db,
    `WITH received AS (SELECT city_time(hour_received)::DATE AS date, device_id, readings FROM ledger),
       of_feed AS (SELECT DISTINCT date FROM received WHERE device_id = ${quoted(feed)})
     SELECT min(date)::VARCHAR AS from_date, (max(date) + 1)::VARCHAR AS to_date,
       epoch_ms(city_moment(min(date)))::DOUBLE AS from_at, epoch_ms(city_moment(max(date) + 1))::DOUBLE AS to_at,
       count(DISTINCT date)::INTEGER AS dates, sum(readings)::DOUBLE AS readings
     FROM received JOIN of_feed USING (date)`,
  );
  if (row!.from_date === null) return undefined;
  return {
    from: row!.from_date as string,
    to: row!.to_date as string,
    fromAt: Number(row!.from_at),
    toAt: Number(row!.to_at),
    dates: Number(row!.dates),
    readings: Number(row!.readings),
  };
}
