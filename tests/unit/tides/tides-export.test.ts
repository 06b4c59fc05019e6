import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTides, type TidesExport, type TidesFormat } from '#analytics/tides/export-tides.ts';
import { writeDatapackage } from '#analytics/tides/tides-datapackage.ts';
import { removeTemporaryFolders, smallFeed, temporaryFolder } from '../gtfs/small-feed.ts';
import { type TransitLake, transitLake, type WireReading } from '../transit/transit-lake.ts';
import { readPackage, type TidesRows, violations } from './published-constraints.ts';

/** Trip t1 leaves A at 08:00 in Berlin, 06:00 UTC, on 13 May 2024, and every ten minutes a run by headway of trip f. */
const at = (minutes: number) => new Date(Date.parse('2024-05-13T06:00:00Z') + minutes * 60_000).toISOString();
const feed = {
  ...smallFeed,
  trips: 'route_id,service_id,trip_id,direction_id,shape_id,block_id\nr,week,t1,0,s,b7\nr,week,f,0,s,\n',
  stop_times: `${smallFeed.stop_times}f,09:00:00,09:00:00,A,1\nf,09:06:00,09:06:00,D,4\n`,
  frequencies: 'trip_id,start_time,end_time,headway_secs\nf,09:00:00,10:00:00,600\n',
};

const event = (
  vehicleId: string,
  tripId: string,
  stopId: string,
  what: string,
  minutes: number,
): WireReading => ({
  kind: 'stop-event',
  observedAt: at(minutes),
  vehicleId,
  tripId,
  stopId,
  event: what,
});
const door = (minutes: number, n: number | undefined, boarded: number, alighted: number): WireReading => ({
  kind: 'passenger-count',
  observedAt: at(minutes),
  vehicleId: 'v',
  ...(n !== undefined && { door: n }),
  boarded,
  alighted,
});

const readings: WireReading[] = [
  {
    kind: 'vehicle-position',
    observedAt: at(0),
    vehicleId: 'v',
    tripId: 't1',
    lat: 0,
    lon: 1,
    stopId: 'A',
    status: 'stopped-at',
    journey: 'service',
    speedKmh: 36,
    delayS: 60,
    headingDeg: 90,
  },
  event('v', 't1', 'A', 'departure', 1),
  { kind: 'vehicle-position', observedAt: at(2), vehicleId: 'v', tripId: 't1', lat: 0, lon: 1.005 },
  event('v', 't1', 'B', 'arrival', 3),
  event('v', 't1', 'B', 'departure', 4),
  event('v', 't1', 'C', 'passing', 5.5),
  event('v', 't1', 'D', 'arrival', 8),
  door(1, 1, 5, 0),
  door(1, 2, 2, 0),
  door(4, 1, 1, 0),
  door(4, 2, 0, 3),
  door(8.1, 1, 0, 5),
  door(300, 1, 4, 4),
  // A second vehicle on the same trip; a run by headway; a deadrun; a trip that was called off; nobody knows where.
  event('w', 't1', 'A', 'departure', 2),
  { ...event('x', 'f', 'A', 'departure', 71), startTime: '09:10:00' },
  { ...event('x', 'f', 'D', 'arrival', 78), startTime: '09:10:00' },
  { kind: 'vehicle-position', observedAt: at(90), vehicleId: 'x', lat: 0, lon: 1, journey: 'deadrun' },
  { kind: 'vehicle-position', observedAt: at(91), vehicleId: 'x', journey: 'deadrun' },
  {
    kind: 'trip-update',
    observedAt: at(-30),
    tripId: 'f',
    startTime: '09:30:00',
    scheduleRelationship: 'canceled',
  },
];

let lake: TransitLake;
beforeAll(async () => {
  lake = await transitLake(feed, readings);
  await lake.match('2024-05-13', 'Europe/Berlin');
  await lake.db.run(`CREATE TEMP MACRO city_time(moment) AS timezone('Europe/Berlin', moment);
    CREATE TEMP VIEW trips_performed AS FROM matched_trips; CREATE TEMP VIEW stop_visits AS FROM matched_visits;
    CREATE TEMP VIEW passenger_counts AS FROM matched_counts`);
});
afterAll(removeTemporaryFolders);

async function exported(
  format: TidesFormat,
): Promise<{ done: TidesExport; tables: Record<string, TidesRows>; folder: string }> {
  const folder = temporaryFolder();
  const done = await exportTides(lake.db, {
    folder,
    dates: ['2024-05-13', '2024-05-14'],
    zone: 'Europe/Berlin',
    format,
  });
  writeDatapackage(folder, done, { city: 'Köln & Süd', format, matchingVersion: 2 });
  return { done, tables: await readPackage(folder), folder };
}

describe.each(['csv', 'parquet'] as const)('an export as %s', (format) => {
  it('holds to the published schemas of TIDES 1.0', async () => {
    const { done, tables } = await exported(format);
    expect(Object.keys(tables)).toEqual([
      'trips_performed',
      'stop_visits',
      'passenger_events',
      'vehicle_locations',
      'vehicles',
    ]);
    expect(await violations(tables)).toEqual([]);
    expect(done.files.map((f) => [f.table, f.rows])).toEqual(
      Object.entries(tables).map(([table, { rows }]) => [table, rows.length]),
    );
  });
});

describe('what is exported', () => {
  let done: TidesExport;
  let tables: Record<string, TidesRows>;
  let folder: string;
  beforeAll(async () => {
    ({ done, tables, folder } = await exported('csv'));
  });

  it('has trips by the vehicle that ran them, with the timetable’s beside', () => {
    expect(tables.trips_performed!.rows).toMatchObject([
      {
        service_date: '2024-05-13',
        trip_id_performed: 't1',
        vehicle_id: 'v',
        trip_id_scheduled: 't1',
        route_id: 'r',
        route_type: 'Bus',
        shape_id: 's',
        direction_id: '0',
        block_id: 'b7',
        trip_start_stop_id: 'A',
        trip_end_stop_id: 'D',
        schedule_trip_start: '2024-05-13T06:00:00Z',
        schedule_trip_end: '2024-05-13T06:06:00Z',
        actual_trip_start: '2024-05-13T06:01:00Z',
        actual_trip_end: '2024-05-13T06:08:00Z',
        trip_type: 'In service',
        schedule_relationship: 'Scheduled',
      },
      { trip_id_performed: 't1~w', vehicle_id: 'w', trip_id_scheduled: 't1' },
      {
        trip_id_performed: 'f@09:10:00',
        trip_id_scheduled: 'f',
        schedule_trip_start: '2024-05-13T07:10:00Z',
      },
    ]);
  });

  it('has stop visits in the order of stops, with who got on and off by the front door and by the others', () => {
    const visits = tables.stop_visits!.rows.filter((r) => r.trip_id_performed === 't1');
    expect(visits.map((r) => [r.trip_stop_sequence, r.scheduled_stop_sequence, r.stop_id, r.dwell])).toEqual([
      ['1', '1', 'A', null],
      ['2', '2', 'B', '60'],
      ['3', '3', 'C', '0'],
      ['4', '4', 'D', null],
    ]);
    expect(
      visits.map((r) => [r.boarding_1, r.alighting_1, r.boarding_2, r.alighting_2, r.departure_load]),
    ).toEqual([
      ['5', '0', '2', '0', '7'],
      ['1', '0', '0', '3', '5'],
      ['0', '0', null, null, '5'],
      ['0', '5', null, null, '0'],
    ]);
    expect(visits.map((r) => r.distance)).toEqual([null, '1000', '1000', '1000']);
  });

  it('has an event for each door where anybody got on or off', () => {
    expect(
      tables.passenger_events!.rows.map((r) => [
        r.event_type,
        r.event_count,
        r.stop_id,
        r.trip_stop_sequence,
      ]),
    ).toEqual([
      ['Passenger boarded', '5', 'A', '1'],
      ['Passenger boarded', '2', 'A', '1'],
      ['Passenger boarded', '1', 'B', '2'],
      ['Passenger alighted', '3', 'B', '2'],
      ['Passenger alighted', '5', 'D', '4'],
    ]);
  });

  it('has positions in its units, each of its trip', () => {
    expect(tables.vehicle_locations!.rows).toMatchObject([
      {
        trip_id_performed: 't1',
        stop_id: 'A',
        current_status: 'Stopped at',
        latitude: '0.0',
        longitude: '1.0',
        speed: '10.0',
        heading: '90.0',
        schedule_deviation: '60',
        trip_type: 'In service',
      },
      { trip_id_performed: 't1', longitude: '1.005', current_status: null },
      { trip_id_performed: null, trip_id_scheduled: null, vehicle_id: 'x', trip_type: 'Deadhead' },
    ]);
  });

  it('names every vehicle once, and no date without rows', () => {
    expect(tables.vehicles!.rows.map((r) => r.vehicle_id)).toEqual(['v', 'w', 'x']);
    expect(done.dates).toEqual(['2024-05-13']);
  });

  it('says what it leaves out, and why; and so does its datapackage', () => {
    const leftOut = Object.fromEntries(done.leftOut.map((l) => [`${l.table}: ${l.reason}`, l.rows]));
    expect(leftOut).toEqual({
      'passenger_events: counts at a door where nobody got on or off': 5,
      'passenger_events: counts of no stop visit: no-trip': 2,
      'trips_performed: deadruns: on no trip': 1,
      'trips_performed: canceled, and no vehicle ran them (vehicle_id is required)': 1,
      'vehicle_locations: messages without a position': 1,
    });
    const descriptor = JSON.parse(readFileSync(join(folder, 'datapackage.json'), 'utf8'));
    expect(descriptor).toMatchObject({
      name: 'tides_koln-sud_2024-05-13_2024-05-13',
      profile: expect.stringMatching(/\/v1\.0\/spec\/tides-datapackage-profile\.json$/),
    });
    expect(descriptor.description).toContain('2 of passenger_events: counts of no stop visit: no-trip');
    for (const resource of descriptor.resources) expect(resource.name).toMatch(/^([-a-z0-9._/])+$/);
  });
});

describe('the check itself', () => {
  it('finds what breaks the schemas', async () => {
    const { tables } = await exported('csv');
    const trips = tables.trips_performed!;
    const [first] = trips.rows;
    trips.rows.push({ ...first!, vehicle_id: null, route_type: 'Omnibus', actual_trip_start: '6 o’clock' });
    tables.stop_visits!.rows.find((r) => r.trip_id_performed === 't1')!.trip_stop_sequence = '0';
    expect(await violations(tables)).toEqual([
      'trips_performed.vehicle_id is required',
      'trips_performed.route_type: Omnibus is none of its values',
      'trips_performed.actual_trip_start: 6 o’clock is no datetime',
      'trips_performed: service_date+trip_id_performed 2024-05-13|t1 comes twice',
      'stop_visits.trip_stop_sequence: 0 is too small',
      'passenger_events: service_date+trip_id_performed+trip_stop_sequence 2024-05-13|t1|1 is not in stop_visits',
      'passenger_events: service_date+trip_id_performed+trip_stop_sequence 2024-05-13|t1|1 is not in stop_visits',
    ]);
  });
});
