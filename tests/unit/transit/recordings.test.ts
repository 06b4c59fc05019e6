import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveTrip } from '#analytics/transit/resolve-trip.ts';
import { timetableDay } from '#analytics/transit/timetable-day.ts';
import { cityTime } from '#domain/city-time.ts';
import { gtfsRt } from '#ingest/feeds/gtfs-rt/gtfs-rt.ts';
import { recording } from '../../shared-data.ts';
import { removeTemporaryFolders } from '../gtfs/small-feed.ts';
import { transitLake, type WireReading } from './transit-lake.ts';

afterAll(removeTemporaryFolders);

function readingsOf(...paths: string[]): WireReading[] {
  const decode = gtfsRt.decoder({ timezone: 'UTC' });
  return paths.flatMap((path) =>
    decode({ receivedAt: 0, source: path, body: readFileSync(path) }).readings.map((r) => r.reading),
  );
}

describe('Caltrain', () => {
  it('matches its timetable completely: 19 of 19 trip updates, 14 of 14 vehicles', async (context) => {
    const feed = recording(context, 'gtfs-rt/caltrain/caltrain-gtfs-matching.zip');
    const updates = readingsOf(recording(context, 'gtfs-rt/caltrain/ct-trip-updates.pb'));
    const positions = readingsOf(recording(context, 'gtfs-rt/caltrain/ct-vehicle-positions.pb'));
    const lake = await transitLake(feed, positions);
    const day = await timetableDay(lake.db, '2023-11-07');
    const time = cityTime('America/Los_Angeles');
    const matched = updates.map((u) =>
      resolveTrip({ ...(u as object), at: Date.parse(u.observedAt) }, day, time),
    );
    expect(
      matched.filter((m) => m.relationship === 'scheduled' && m.serviceDate === '2023-11-07'),
    ).toHaveLength(19);

    await lake.match('2023-11-07', 'America/Los_Angeles');
    // One train is seen over 60 m from its shape.
    expect(
      await lake.rows(
        'SELECT relationship, count(*) AS trips, sum(off_way) AS off_way, count(way_m) AS ways FROM matched_trips GROUP BY 1',
      ),
    ).toEqual([{ relationship: 'scheduled', trips: 14, off_way: 1, ways: 14 }]);
  });
});

describe('BART', () => {
  it('matches 65 of 91 trip updates, and says that 26 were added or are unknown', async (context) => {
    const feed = recording(context, 'gtfs-rt/bart/bart-gtfs-matching.zip');
    const updates = readingsOf(recording(context, 'gtfs-rt/bart/bart-trip-updates.pb'));
    const lake = await transitLake(feed, []);
    const day = await timetableDay(lake.db, '2019-08-07');
    const time = cityTime('America/Los_Angeles');
    const counts: Record<string, number> = {};
    for (const u of updates) {
      const { relationship } = resolveTrip(
        { ...(u as object), relationship: u.scheduleRelationship as string, at: Date.parse(u.observedAt) },
        day,
        time,
      );
      counts[relationship] = (counts[relationship] ?? 0) + 1;
    }
    expect(counts.scheduled).toBe(65);
    expect((counts.added ?? 0) + (counts.unknown ?? 0)).toBe(26);
  });
});

describe('New York’s A, C and E', () => {
  it('give headways at every station that two trains called at in 40 minutes, without a timetable', async (context) => {
    const folder = recording(context, 'gtfs-rt/nyct-ace-series');
    const readings = readingsOf(
      ...readdirSync(folder)
        .filter((f) => f.endsWith('.pb'))
        .sort()
        .map((f) => join(folder, f)),
    );
    const lake = await transitLake(undefined, readings);
    await lake.match('2024-02-08', 'America/New_York');
    // No timetable knows these trips: their routes (and the shuttles FS and H) are what the feed says.
    expect(
      await lake.rows('SELECT DISTINCT route_id FROM matched_trips WHERE stops_visited > 0 ORDER BY 1'),
    ).toEqual(['A', 'C', 'E', 'FS', 'H'].map((route_id) => ({ route_id })));
    // A station's two platforms end in N and S; headways are from train to train at one of them.
    const stations = await lake.rows(`
      WITH bound AS (
        SELECT stop_id, count(DISTINCT trip_id) AS trains FROM readings WHERE stop_id IS NOT NULL GROUP BY 1
      ), seen AS (
        SELECT stop_id, date_diff('second', lag(seen_at) OVER w, seen_at) AS headway_s
        FROM (SELECT stop_id, coalesce(arrival_at, departure_at) AS seen_at FROM matched_visits)
        WINDOW w AS (PARTITION BY stop_id ORDER BY seen_at)
      ), platforms AS (
        SELECT stop_id, any_value(trains) AS trains, count(headway_s) AS headways FROM bound LEFT JOIN seen USING (stop_id) GROUP BY 1
      )
      SELECT stop_id[:-2] AS station, max(trains) AS trains, sum(headways)::INTEGER AS headways FROM platforms GROUP BY 1 ORDER BY 3, 1`);
    expect(stations).toHaveLength(88);
    // One train each in these 40 minutes at three.
    const without = stations.filter((s) => s.headways === 0);
    expect(without.map((s) => s.station)).toEqual(['H05', 'H17', 'H18']);
    // Far Rockaway: one train's trip updates name it at 13:15:23 and no more at 13:16:23; the other says at 13:26:00 that it has yet
    // to leave, and at 13:27:26 names the stops after it.
    const left = await lake.rows(
      `SELECT trip_id, departure_at BETWEEN TIMESTAMPTZ '2024-02-08 13:15:23Z' AND TIMESTAMPTZ '2024-02-08 13:16:23Z' AS first,
         departure_at BETWEEN TIMESTAMPTZ '2024-02-08 13:26:00Z' AND TIMESTAMPTZ '2024-02-08 13:27:26Z' AS second
       FROM matched_visits WHERE stop_id = 'H11N' ORDER BY departure_at`,
    );
    expect(left).toEqual([
      { trip_id: '049431_A..N', first: true, second: false },
      { trip_id: '050600_A..N', first: false, second: true },
    ]);
  });
});
