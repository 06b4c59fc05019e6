import { afterEach, describe, expect, it } from 'vitest';
import { removeTemporaryFolders, smallFeed } from '../gtfs/small-feed.ts';
import { transitLake, type WireReading } from './transit-lake.ts';

afterEach(removeTemporaryFolders);

/** Trip t1 of the small feed leaves A at 08:00 in Berlin, 06:00 UTC, on 13 May 2024; stops 0.008993 degrees apart. */
const at = (minutes: number) => new Date(Date.parse('2024-05-13T06:00:00Z') + minutes * 60_000).toISOString();

function event(vehicleId: string, stopId: string, event: string, minutes: number): WireReading {
  return { kind: 'stop-event', observedAt: at(minutes), vehicleId, tripId: 't1', stopId, event };
}

const run = (vehicleId: string) => [
  event(vehicleId, 'A', 'departure', 1),
  event(vehicleId, 'B', 'arrival', 3),
  event(vehicleId, 'B', 'departure', 4),
  event(vehicleId, 'D', 'arrival', 8),
];

const visits = `SELECT vehicle_id, stop_id, counts, arrival_at, scheduled_arrival_at, is_last FROM matched_visits
  ORDER BY vehicle_id, position`;

describe('a service date', () => {
  it('has its visits beside the timetable that held', async () => {
    const lake = await transitLake(smallFeed, run('v'));
    await lake.match('2024-05-13', 'Europe/Berlin');
    expect(await lake.rows(visits)).toMatchObject([
      { stop_id: 'A', arrival_at: null, scheduled_arrival_at: '2024-05-13T06:00:00Z', is_last: false },
      { stop_id: 'B', arrival_at: '2024-05-13T06:03:00Z', scheduled_arrival_at: '2024-05-13T06:02:00Z' },
      { stop_id: 'D', arrival_at: '2024-05-13T06:08:00Z', is_last: true, counts: true },
    ]);
    expect(
      await lake.rows(
        'SELECT trip_id, relationship, began, ended, stops, stops_visited, round(way_m, -1) AS way FROM matched_trips',
      ),
    ).toEqual([
      {
        trip_id: 't1',
        relationship: 'scheduled',
        began: 'complete',
        ended: 'complete',
        stops: 4,
        stops_visited: 3,
        way: 3_000,
      },
    ]);
  });

  it('finds who stands at a stop of a long way without a shape, also at its end', async () => {
    const places = { A: [50, 10], B: [50.2, 10.3], C: [50.4, 10.6], D: [50.6, 10.9] } as const;
    const stops = Object.entries(places).map(([id, [lat, lon]]) => `${id},${id},${lat},${lon}`);
    const feed = {
      ...smallFeed,
      shapes: undefined,
      stops: `stop_id,stop_name,stop_lat,stop_lon\n${stops.join('\n')}\n`,
    };
    const standing = Object.values(places).flatMap(([lat, lon], n) =>
      [0, 0.5].map((more) => ({
        kind: 'vehicle-position',
        observedAt: at(10 * n + more),
        vehicleId: 'v',
        tripId: 't1',
        lat,
        lon,
        speedKmh: 0,
      })),
    );
    const lake = await transitLake(feed, standing);
    await lake.match('2024-05-13', 'Europe/Berlin');
    expect((await lake.rows(visits)).map((v) => [v.stop_id, v.arrival_at])).toEqual([
      ['A', null],
      ['B', '2024-05-13T06:10:00Z'],
      ['C', '2024-05-13T06:20:00Z'],
      ['D', '2024-05-13T06:30:00Z'],
    ]);
    expect(await lake.rows('SELECT ended FROM matched_trips')).toEqual([{ ended: 'complete' }]);
  });

  it('is made anew by a reading that comes late, and by new content under an old identity', async () => {
    const lake = await transitLake(smallFeed, [
      ...run('v'),
      // C, told last of all; and the arrival at B told again, of another stop.
      event('v', 'C', 'arrival', 5.5),
      { ...event('v', 'B', 'arrival', 3), stopId: 'C' },
    ]);
    await lake.match('2024-05-13', 'Europe/Berlin');
    expect((await lake.rows(visits)).map((v) => [v.stop_id, v.arrival_at])).toEqual([
      ['A', null],
      ['B', null],
      ['C', '2024-05-13T06:03:00Z'],
      ['D', '2024-05-13T06:08:00Z'],
    ]);
  });

  it('counts, of two vehicles on one trip, the one that was at more stops', async () => {
    const lake = await transitLake(smallFeed, [...run('v1').slice(0, 2), ...run('v2')]);
    await lake.match('2024-05-13', 'Europe/Berlin');
    expect(await lake.rows('SELECT vehicle_id, counts FROM matched_trips ORDER BY 1')).toEqual([
      { vehicle_id: 'v1', counts: false },
      { vehicle_id: 'v2', counts: true },
    ]);
  });

  describe('of a trip that is to leave a stop out', () => {
    const skips = (minutes: number, ...stops: [stopId: string, relationship?: string][]): WireReading => ({
      kind: 'trip-update',
      observedAt: at(minutes),
      vehicleId: 'v',
      tripId: 't1',
      serviceDate: '2024-05-13',
      stops: stops.map(([stopId, relationship]) => ({ stopId, ...(relationship && { relationship }) })),
    });
    // A to D at 30 km/h from 08:01, without a halt, every five seconds.
    const driveBy = Array.from({ length: 73 }, (_, i) => ({
      kind: 'vehicle-position',
      observedAt: at(1 + i / 12),
      vehicleId: 'v',
      tripId: 't1',
      lat: 0,
      lon: 1 + (i / 72) * 0.02698,
      speedKmh: 30,
    }));
    const left = "SELECT skipped FROM matched_trips WHERE relationship = 'scheduled'";

    it('knows it by the last word of the feed', async () => {
      const lake = await transitLake(smallFeed, [
        skips(-20, ['B', 'skipped'], ['C', 'skipped']),
        skips(-10, ['B'], ['C', 'skipped']),
        ...run('v'),
      ]);
      await lake.match('2024-05-13', 'Europe/Berlin');
      expect(await lake.rows(left)).toEqual([{ skipped: [3] }]);
    });

    it('does not take the vehicle that drives by for a visit', async () => {
      const told = await transitLake(smallFeed, [...driveBy, skips(-10, ['C', 'skipped'])]);
      await told.match('2024-05-13', 'Europe/Berlin');
      expect((await told.rows(visits)).map((v) => v.stop_id)).toEqual(['A', 'B', 'D']);
      const untold = await transitLake(smallFeed, driveBy);
      await untold.match('2024-05-13', 'Europe/Berlin');
      expect((await untold.rows(visits)).map((v) => v.stop_id)).toEqual(['A', 'B', 'C', 'D']);
    });

    it('believes the vehicle that says it was there all the same', async () => {
      const lake = await transitLake(smallFeed, [
        ...driveBy,
        skips(-10, ['C', 'skipped']),
        event('v', 'C', 'arrival', 5),
      ]);
      await lake.match('2024-05-13', 'Europe/Berlin');
      expect((await lake.rows(visits)).map((v) => v.stop_id)).toEqual(['A', 'B', 'C', 'D']);
    });
  });

  it('keeps the trip that was called off, and the one that ran all the same', async () => {
    const canceled: WireReading = {
      kind: 'trip-update',
      observedAt: at(-30),
      tripId: 't1',
      serviceDate: '2024-05-13',
      scheduleRelationship: 'canceled',
      stops: [],
    };
    const off = await transitLake(smallFeed, [canceled]);
    await off.match('2024-05-13', 'Europe/Berlin');
    const trips = 'SELECT relationship, counts FROM matched_trips ORDER BY 1';
    expect(await off.rows(trips)).toEqual([{ relationship: 'canceled', counts: true }]);
    const ran = await transitLake(smallFeed, [canceled, ...run('v')]);
    await ran.match('2024-05-13', 'Europe/Berlin');
    expect(await ran.rows(trips)).toEqual([
      { relationship: 'canceled', counts: false },
      { relationship: 'scheduled', counts: true },
    ]);
  });
});
