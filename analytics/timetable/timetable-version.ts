import type { Finding } from './finding.ts';

/** A feed as it was imported once: never changed afterwards. */
export interface TimetableVersion {
  /** A city may have several operators, each with a feed of its own. */
  feed: string;
  /** Counts from 1 within the feed. */
  version: number;
  /** First local service date on which it holds, until the next version of the feed does. */
  validFrom: string;
  /** Milliseconds since 1970. */
  importedAt: number;
  fingerprint: string;
  /** The file's or folder's name. */
  source: string;
  /** IANA zone of the agency: what the feed's times are by. */
  timezone: string;
  /** Of any service in it. */
  firstDate: string;
  lastDate: string;
  counts: { routes: number; stops: number; trips: number; patterns: number; stopTimes: number };
  findings: Finding[];
  /** Parquet file by table, relative to the lake's directory. */
  files: Record<string, string>;
}

/** Tables of a version and the rows they hold; each has a column `timetable` ('FEED/VERSION') as well. */
export const timetableTables = {
  routes: 'route_id VARCHAR, short_name VARCHAR, long_name VARCHAR, route_type INTEGER, agency_id VARCHAR',
  stops:
    'stop_id VARCHAR, name VARCHAR, lat DOUBLE, lon DOUBLE, location_type INTEGER, parent_station VARCHAR, platform_code VARCHAR',
  service_dates: 'service_id VARCHAR, date DATE',
  trips:
    'trip_id VARCHAR, route_id VARCHAR, service_id VARCHAR, direction_id INTEGER, headsign VARCHAR, block_id VARCHAR, shape_id VARCHAR, short_name VARCHAR, pattern_id VARCHAR, times_id VARCHAR, shift_s INTEGER, timing VARCHAR, start_s INTEGER, end_s INTEGER',
  stop_times:
    'times_id VARCHAR, position SMALLINT, stop_sequence INTEGER, stop_id VARCHAR, arrival_s INTEGER, departure_s INTEGER, timepoint BOOLEAN, interpolated BOOLEAN, along_m DOUBLE',
  patterns:
    'pattern_id VARCHAR, route_id VARCHAR, direction_id INTEGER, shape_id VARCHAR, stops INTEGER, trips BIGINT, length_m DOUBLE, way_basis VARCHAR, farthest_m DOUBLE',
  pattern_stops: 'pattern_id VARCHAR, position SMALLINT, stop_id VARCHAR, along_m DOUBLE',
  shapes: 'shape_id VARCHAR, position INTEGER, lat DOUBLE, lon DOUBLE',
  transfers: 'from_stop_id VARCHAR, to_stop_id VARCHAR, transfer_type INTEGER, min_transfer_s INTEGER',
} as const;

export type TimetableTable = keyof typeof timetableTables;

/** The versions of every feed that hold on a service date. */
export function versionsOn(versions: readonly TimetableVersion[], date: string): TimetableVersion[] {
  const held = new Map<string, TimetableVersion>();
  for (const v of [...versions].sort(byAge)) {
    if (v.validFrom <= date) held.set(v.feed, v);
  }
  return [...held.values()];
}

/** Of two that hold from the same date the later imported one wins. */
export function byAge(a: TimetableVersion, b: TimetableVersion): number {
  if (a.validFrom !== b.validFrom) return a.validFrom < b.validFrom ? -1 : 1;
  return a.version - b.version;
}
