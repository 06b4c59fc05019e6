import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import type { FedReading } from '#ingest/feeds/feed.ts';
import { gtfsRt } from '#ingest/feeds/gtfs-rt/gtfs-rt.ts';
import { recording } from '../../shared-data.ts';
import { decodeOne, loggedBy, nativeReadings, readingsOf, reasonsOf } from './decoded.ts';
import { Double, Float, message, type Written } from './protobuf-writer.ts';

const HEADER_S = 1_707_397_157;
const HEADER_AT = '2024-02-08T12:59:17Z';
const header = (time: number | undefined = HEADER_S): Written => [
  1,
  message([1, '2.0'], ...(time === undefined ? [] : ([[3, time]] as Written[]))),
];
const entity = (...fields: Written[]): Written => [2, message([1, 'e1'], ...fields)];
const feed = (...entities: Written[]) => message(header(), ...entities);
const decode = (body: string | Uint8Array) => decodeOne(gtfsRt, { body });
const vehicle = (...fields: Written[]) => feed(entity([4, message([8, message([1, 'bus-7'])], ...fields)]));
const first = (body: Uint8Array) => readingsOf(decode(body))[0]!;
const place = (lat: number, lon: number, ...more: Written[]): Written => [
  2,
  message([1, new Float(lat)], [2, new Float(lon)], ...more),
];

describe('a vehicle position', () => {
  it('comes out in our units', () => {
    const trip: Written = [1, message([1, 't-1'], [2, '7:05:00'], [3, '20240208'], [4, 1], [5, 'A'], [6, 1])];
    const body = vehicle(
      trip,
      place(37.5, -122.25, [3, new Float(90)], [4, new Double(1_234.5)], [5, new Float(10)]),
      [3, 12],
      [4, 1],
      [5, HEADER_S - 8],
      [7, 'stop-1'],
      [9, 3],
      [10, 80],
    );
    expect(first(body)).toEqual({
      kind: 'vehicle-position',
      observedAt: '2024-02-08T12:59:09Z',
      vehicleId: 'bus-7',
      lat: 37.5,
      lon: -122.25,
      headingDeg: 90,
      odometerM: 1_234.5,
      speedKmh: 36,
      tripId: 't-1',
      startTime: '07:05:00',
      serviceDate: '2024-02-08',
      scheduleRelationship: 'added',
      routeId: 'A',
      directionId: 1,
      stopId: 'stop-1',
      stopSequence: 12,
      status: 'stopped-at',
      occupancyStatus: 'standing-room-only',
      loadShare: 0.8,
    });
  });

  it('is in transit where nothing else is said, but only where a stop is named', () => {
    expect(first(vehicle(place(1, 2), [7, 's']))!.status).toBe('in-transit-to');
    expect(first(vehicle(place(1, 2)))).not.toHaveProperty('status');
  });

  it('without a time is of its header’s', () => {
    const decoded = decode(vehicle(place(1, 2)));
    expect(readingsOf(decoded)[0]!.observedAt).toBe(HEADER_AT);
    expect(decoded.mended.get('time-of-header')).toBe(1);
  });

  it('of seconds that are milliseconds is read as what it must be, and counted', () => {
    const decoded = decode(vehicle(place(1, 2), [5, HEADER_S * 1_000 - 8_000]));
    expect(readingsOf(decoded)[0]!.observedAt).toBe('2024-02-08T12:59:09Z');
    expect(decoded.mended.get('milliseconds-for-seconds')).toBe(1);
  });

  it.each([
    ['coordinates that are no numbers', place(Number.NaN, 24), 'position-not-a-number', 'lat'],
    ['an infinite longitude', place(60, Number.POSITIVE_INFINITY), 'position-not-a-number', 'lon'],
    ['a speed below 0', place(1, 2, [5, new Float(-1)]), 'no-speed', 'speedKmh'],
    ['an odometer below 0', place(1, 2, [4, new Double(-1)]), 'no-odometer', 'odometerM'],
    ['a bearing of 400 degrees', place(1, 2, [3, new Float(400)]), 'no-heading', 'headingDeg'],
  ])('with %s loses that alone, by name', (_, position, reason, field) => {
    const decoded = decode(vehicle(position));
    expect(decoded.mended.get(reason)).toBe(1);
    expect(readingsOf(decoded)[0]).not.toHaveProperty(field);
  });

  it.each([
    ['0, 0', 0, 0],
    ['swapped so far that no latitude is left', 122.25, 37.5],
  ])('at %s is sent as it is: admission names it', (_, lat, lon) => {
    expect(first(vehicle(place(lat, lon)))).toMatchObject({ lat, lon });
  });

  it('without a name goes by its trip, else by its entity', () => {
    const nameless = (...fields: Written[]) => feed(entity([4, message(place(1, 2), ...fields)]));
    expect(first(nameless([1, message([1, 't-1'])])).vehicleId).toBe('trip:t-1');
    expect(first(nameless()).vehicleId).toBe('entity:e1');
    expect(first(nameless([8, message([1, ''], [2, 'label 3'])])).vehicleId).toBe('label 3');
  });
});

describe('a trip update', () => {
  it('keeps each stop with its times, delays, and what is said of it', () => {
    const stop = (...fields: Written[]): Written => [2, message(...fields)];
    const body = feed(
      entity([
        3,
        message(
          [1, message([1, 't-1'])],
          stop([1, 4], [4, 's4'], [2, message([1, -30], [2, HEADER_S + 60])], [3, message([2, 0])]),
          stop([1, 5], [4, 's5'], [5, 1]),
          [4, HEADER_S - 5],
          [5, 120],
        ),
      ]),
    );
    expect(first(body)).toEqual({
      kind: 'trip-update',
      observedAt: '2024-02-08T12:59:12Z',
      tripId: 't-1',
      delayS: 120,
      stops: [
        { stopSequence: 4, stopId: 's4', arrivalDelayS: -30, arrivalAt: '2024-02-08T13:00:17Z' },
        { stopSequence: 5, stopId: 's5', relationship: 'skipped' },
      ],
    });
  });

  it('may be of a canceled trip without stops', () => {
    const body = feed(entity([3, message([1, message([1, 't-1'], [4, 3])])]));
    expect(first(body)).toMatchObject({ scheduleRelationship: 'canceled', stops: [] });
  });
});

it('an alert keeps its cause, effect, periods, whom it concerns, and its first text', () => {
  const text = (...parts: string[]) => message(...parts.map((p): Written => [1, message([1, p], [2, 'en'])]));
  const alert = message(
    [1, message([1, HEADER_S], [2, HEADER_S + 3_600])],
    [5, message([2, 'A'])],
    [5, message([4, message([1, 't-1'])], [5, 's1'])],
    [6, 6],
    [7, 4],
    [14, 4],
    [10, text('Detour', 'Umleitung')],
  );
  expect(first(feed(entity([5, alert])))).toEqual({
    kind: 'service-alert',
    observedAt: HEADER_AT,
    alertId: 'e1',
    cause: 'accident',
    effect: 'detour',
    severity: 'severe',
    activePeriods: [{ from: HEADER_AT, to: '2024-02-08T13:59:17Z' }],
    informs: [{ routeId: 'A' }, { tripId: 't-1', stopId: 's1' }],
    header: 'Detour',
  });
});

describe('what is no feed is named, and logged as it came', () => {
  it.each([
    ['nothing', '', 'empty-body'],
    ['an error page', '<!DOCTYPE html><html>', 'html-for-protobuf'],
    ['XML', '<?xml version="1.0"?><Siri/>', 'xml-for-protobuf'],
    ['JSON', '{"header":{}}', 'json-for-protobuf'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'gzip-for-protobuf'],
    ['other bytes', Buffer.from([0xff, 0xff, 0xff]), 'no-protobuf'],
  ])('%s', (_, body, reason) => {
    const decoded = decode(body);
    expect(reasonsOf(decoded)).toEqual([reason]);
    expect(decoded.readings).toEqual([]);
    expect(Buffer.from(decoded.unusable[0]!.asItCame)).toEqual(Buffer.from(body));
  });

  it('a feed cut short keeps the entities before the cut', () => {
    const one = entity([4, message([8, message([1, 'a'])], place(1, 2))]);
    const two = entity([4, message([8, message([1, 'b'])], place(1, 2))]);
    const whole = feed(one, two);
    const decoded = decode(whole.subarray(0, whole.length - 3));
    expect(readingsOf(decoded).map((r) => r.vehicleId)).toEqual(['a']);
    expect(reasonsOf(decoded)).toEqual(['cut-short']);
    expect(decoded.heard).toBe(2);
  });

  it('one malformed entity costs no other', () => {
    const good = entity([4, message([8, message([1, 'a'])], place(1, 2))]);
    const decoded = decode(feed([2, Buffer.from([0x0a, 0x7f, 0x41])], good));
    expect(reasonsOf(decoded)).toEqual(['malformed-entity']);
    expect(readingsOf(decoded)).toHaveLength(1);
  });

  it.each([
    ['a deleted entity', [2, 1], 'deleted-entity'],
    ['an entity of a shape', [6, message([1, 's'])], 'entity-of-another-kind'],
    ['an update of no trip', [3, message()], 'update-of-no-trip'],
  ] as [string, Written, string][])('%s', (_, field, reason) => {
    expect(reasonsOf(decode(feed(entity(field))))).toEqual([reason]);
  });

  it('without any time, entities can not be placed in time', () => {
    const body = message([1, message([1, '2.0'])], entity([4, message([8, message([1, 'a'])], place(1, 2))]));
    expect(reasonsOf(decode(body))).toEqual(['no-time']);
  });
});

describe('a recording', () => {
  const statusesOf = async (name: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'headway-'));
    try {
      writeFileSync(join(folder, name), vehicle(place(1, 2)));
      const logged = await loggedBy(gtfsRt, gtfsRt.recorded(folder, { timezone: 'UTC' }));
      return nativeReadings(logged).filter((r) => r.kind === 'feed-status');
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('whose file name tells when a snapshot came says how old its header was then', async () => {
    expect(await statusesOf(`${HEADER_S + 100}.pb`)).toMatchObject([
      { observedAt: '2024-02-08T13:00:57Z', headerAt: HEADER_AT },
    ]);
  });

  it('that does not tell it was received when the header says, which is no word about the header’s age', async () => {
    const [status, ...others] = await statusesOf('vehicles.pb');
    expect(status).toMatchObject({ observedAt: HEADER_AT, heard: 1 });
    expect(status).not.toHaveProperty('headerAt');
    expect(others).toEqual([]);
  });
});

interface OracleFeed {
  entity: {
    id: string;
    vehicle?: {
      trip: { tripId: string };
      vehicle: { id: string };
      position: Record<string, number>;
      timestamp: string;
    };
    tripUpdate?: { trip: { tripId: string }; stopTimeUpdate: OracleStop[] };
  }[];
}
interface OracleStop {
  stopId: string;
  arrival?: { time?: string; delay?: number };
  departure?: { time?: string; delay?: number };
}

describe('recorded feeds say what another decoder wrote beside them', () => {
  const both = (path: string): { readings: FedReading[]; oracle: OracleFeed } => ({
    readings: readingsOf(decode(readFileSync(path))),
    oracle: JSON.parse(readFileSync(`${path}.json`, 'utf8')),
  });

  it('Caltrain’s 14 vehicles', (context) => {
    const { readings, oracle } = both(recording(context, 'gtfs-rt/caltrain/ct-vehicle-positions.pb'));
    expect(readings).toHaveLength(14);
    expect(
      readings.map((r) => [r.vehicleId, r.tripId, r.lat, r.lon, Date.parse(r.observedAt) / 1_000]),
    ).toEqual(
      oracle.entity.map(({ vehicle: v }) => [
        v!.vehicle.id,
        v!.trip.tripId,
        v!.position.latitude,
        v!.position.longitude,
        Number(v!.timestamp),
      ]),
    );
  });

  it.for([
    ['Caltrain’s 19', 'gtfs-rt/caltrain/ct-trip-updates.pb', 19],
    ['BART’s 91', 'gtfs-rt/bart/bart-trip-updates.pb', 91],
  ] as const)('%s trip updates', ([, name, count], context) => {
    const { readings, oracle } = both(recording(context, name));
    expect(readings).toHaveLength(count);
    const seconds = (at: unknown) =>
      at === undefined ? undefined : String(Date.parse(at as string) / 1_000);
    expect(
      readings.map((r) => [
        r.tripId,
        (r.stops as Record<string, unknown>[]).map((s) => [
          s.stopId,
          seconds(s.arrivalAt),
          seconds(s.departureAt),
          s.arrivalDelayS,
          s.departureDelayS,
        ]),
      ]),
    ).toEqual(
      oracle.entity.map(({ tripUpdate: u }) => [
        u!.trip.tripId,
        u!.stopTimeUpdate.map((s) => [
          s.stopId,
          s.arrival?.time,
          s.departure?.time,
          s.arrival?.delay,
          s.departure?.delay,
        ]),
      ]),
    );
  });

  it.for(['bart', 'caltrain', 'king-county-metro', 'nyct-subway'])(
    '%s: every entity is a reading that its schema admits',
    async (name, context) => {
      const logged = await loggedBy(
        gtfsRt,
        gtfsRt.recorded(recording(context, `gtfs-rt/${name}`), { timezone: 'UTC' }),
      );
      const readings = nativeReadings(logged);
      const refused = readings.filter(
        (r) => !readingKinds.find((k) => k.kind === r.kind)!.schema.safeParse(r).success,
      );
      expect(refused).toEqual([]);
      expect(logged.reduce((sum, m) => sum + m.readings, 0)).toBe(readings.length);
    },
  );
});
