import type { DuckDBConnection } from '@duckdb/node-api';
import { readManifest } from '#analytics/lake/manifest.ts';
import { defineViews } from '#analytics/lake/on-demand.ts';
import type { Row } from '#analytics/measures/rows.ts';
import { type MeasureResult, runMeasure } from '#analytics/measures/run-measure.ts';
import { createTimetableViews } from '#analytics/timetable/timetable-views.ts';
import { transitViewsSql } from '#analytics/transit/transit-views.ts';
import { importText, smallFeed } from '../../unit/gtfs/small-feed.ts';
import { smallLake } from './small-lake.ts';

/** 13 May 2024, a Monday, 08:00 UTC: the first departure. */
const EIGHT = Date.parse('2024-05-13T08:00:00Z');

/** A vehicle at a stop; times in minutes after 08:00. */
export interface Seen {
  /** 1 to 6: the trip that leaves A ten minutes after the one before. */
  trip: number;
  stop: 'A' | 'B' | 'C' | 'D';
  arrival?: number;
  departure?: number;
  withinS?: number;
  boardings?: number;
  alightings?: number;
  load?: number;
}

export interface Performed {
  trip: number;
  relationship?: 'scheduled' | 'canceled' | 'added';
  from?: 'A' | 'B' | 'C' | 'D';
  to?: 'A' | 'B' | 'C' | 'D';
  began?: 'complete' | 'short' | 'unobserved';
  ended?: 'complete' | 'short' | 'unobserved';
  /** Stops that the feed said it leaves out. */
  skipped?: ('A' | 'B' | 'C' | 'D')[];
  detour?: boolean;
  longestGapS?: number;
}

const stops = 'ABCD';

/**
 * One line: A, B, C, D a kilometre apart, two minutes from stop to stop with 20 s at B and C; six trips leave A every ten
 * minutes from 08:00 UTC on weekdays.
 */
export async function lineLake(): Promise<Line> {
  const hms = (s: number) => new Date(s * 1_000).toISOString().slice(11, 19);
  const six = [0, 1, 2, 3, 4, 5];
  const imported = await importText({
    ...smallFeed,
    agency: smallFeed.agency.replace('Europe/Berlin', 'UTC'),
    trips: `route_id,service_id,trip_id,direction_id,shape_id\n${six.map((i) => `r,week,t${i + 1},0,s\n`).join('')}`,
    stop_times: `trip_id,arrival_time,departure_time,stop_id,stop_sequence\n${six
      .flatMap((i) =>
        [0, 120, 240, 360].map((s, n) => {
          const arrival = 28_800 + i * 600 + s;
          return `t${i + 1},${hms(arrival)},${hms(arrival + (n === 1 || n === 2 ? 20 : 0))},${stops[n]},${n + 1}\n`;
        }),
      )
      .join('')}`,
  });
  const db = await smallLake({ timezone: 'UTC' });
  await createTimetableViews(db, imported.directory, readManifest(imported.directory).timetables);
  await defineViews(db, transitViewsSql());
  return { db, ask: (measure, seen, asked, performed) => ask(db, measure, seen, asked, performed) };
}

export interface Line {
  db: DuckDBConnection;
  /** A measure's rows, of these visits and performed trips alone. */
  ask(
    measure: string,
    seen: readonly Seen[],
    asked?: Record<string, string | number>,
    performed?: readonly Performed[],
  ): Promise<Row[]>;
}

async function ask(
  db: DuckDBConnection,
  measure: string,
  seen: readonly Seen[],
  asked: Record<string, string | number> = {},
  performed: readonly Performed[] = [],
): Promise<Row[]> {
  await db.run('DELETE FROM stop_visits; DELETE FROM trips_performed');
  const moment = (minutes: number | undefined) =>
    minutes === undefined ? 'NULL' : `make_timestamptz(${EIGHT + Math.round(minutes * 60_000)} * 1000)`;
  for (const { trip, stop, arrival, departure, withinS = 1, boardings, alightings, load } of seen) {
    const position = stops.indexOf(stop) + 1;
    const due = (trip - 1) * 10 + (position - 1) * 2;
    const dwell = stop === 'B' || stop === 'C' ? 1 / 3 : 0;
    await db.run(`INSERT INTO stop_visits BY NAME SELECT DATE '2024-05-13' AS date, 't${trip}' AS trip_id, 'v${trip}' AS vehicle_id,
      'r' AS route_id, 0 AS direction_id, 'p' AS pattern_id, 'scheduled' AS relationship, true AS counts, ${position} AS position,
      '${stop}' AS stop_id, ${position === 1} AS is_first, ${position === 4} AS is_last, ${(position - 1) * 1_000} AS along_m,
      ${moment(arrival)} AS arrival_at, ${moment(departure)} AS departure_at, ${withinS} AS arrival_within_s,
      ${withinS} AS departure_within_s, false AS passed, ${moment(due)} AS scheduled_arrival_at,
      ${moment(due + dwell)} AS scheduled_departure_at, ${boardings ?? 'NULL'} AS boardings, ${alightings ?? 'NULL'} AS alightings,
      ${load ?? 'NULL'} AS departure_load`);
  }
  for (const p of performed) {
    const [from, to] = [stops.indexOf(p.from ?? 'A'), stops.indexOf(p.to ?? 'D')];
    const relationship = p.relationship ?? 'scheduled';
    await db.run(`INSERT INTO trips_performed BY NAME SELECT DATE '2024-05-13' AS date, 't${p.trip}' AS trip_id, 'v' AS vehicle_id,
      'r' AS route_id, '${relationship}' AS relationship, true AS counts, ${moment(p.trip * 10)} AS first_seen_at,
      ${relationship === 'canceled' ? 0 : 4} AS stops_visited, ${from * 1_000} AS from_m, ${to * 1_000} AS to_m,
      '${p.began ?? 'complete'}' AS began, '${p.ended ?? 'complete'}' AS ended, ${from + 1} AS first_position, ${to + 1} AS last_position,
      ${p.detour ?? false} AS detour, ${p.longestGapS ?? 30} AS longest_gap_s,
      ${p.skipped ? `[${p.skipped.map((s) => stops.indexOf(s) + 1).join(', ')}]` : 'NULL::INTEGER[]'} AS skipped`);
  }
  const answer: MeasureResult = await runMeasure(db, measure, {
    from_at: Date.parse('2024-05-13T00:00:00Z'),
    to_at: Date.parse('2024-05-14T00:00:00Z'),
    ...asked,
  });
  if (!answer.computable) throw new Error(`${measure} is not computable: ${answer.because}`);
  return answer.rows;
}
