import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import { hfp } from '#ingest/feeds/hfp/hfp.ts';
import { recording } from '../../shared-data.ts';
import { decodeOne, loggedBy, nativeReadings, readingsOf, reasonsOf } from './decoded.ts';

const TOPIC = '/hfp/v2/journey/ongoing/vp/bus/0018/01029/5520/1/Martinlaakso/17:35/4150208/5/60;24/28/65/93';
const PAYLOAD = {
  desi: '520',
  dir: '1',
  oper: 6,
  veh: 1029,
  tst: '2024-02-13T16:32:59.931Z',
  tsi: 1_707_841_979,
  spd: 10,
  hdg: 90,
  lat: 60.269247,
  long: 24.853777,
  acc: -0.15,
  dl: -232,
  odo: 25_030,
  drst: 0,
  oday: '2024-02-13',
  jrn: 632,
  line: 1110,
  start: '17:35',
  loc: 'ODO',
  stop: 4_150_208,
  route: '5520',
  occu: 0,
};

function decode(changes: Record<string, unknown> = {}, source = TOPIC) {
  const event = source.split('/')[5]!.toUpperCase();
  return decodeOne(hfp, { source, body: JSON.stringify({ [event]: { ...PAYLOAD, ...changes } }) });
}

const position = (changes?: Record<string, unknown>, source?: string) =>
  readingsOf(decode(changes, source))[0]!;
const at = (event: string) => TOPIC.replace('/vp/', `/${event}/`);

describe('an HFP message', () => {
  it('is a vehicle position in our units', () => {
    expect(readingsOf(decode())).toEqual([
      {
        kind: 'vehicle-position',
        observedAt: '2024-02-13T16:32:59.931Z',
        vehicleId: '0018/01029',
        event: 'vp',
        lat: 60.269247,
        lon: 24.853777,
        speedKmh: 36,
        headingDeg: 90,
        odometerM: 25_030,
        routeId: '5520',
        directionId: 0,
        serviceDate: '2024-02-13',
        startTime: '17:35:00',
        delayS: 232,
        stopId: '4150208',
        journey: 'service',
        doorsOpen: false,
        positionSource: 'odometer',
      },
    ]);
  });

  it('may come without the leading slash of its topic', () => {
    expect(position({}, TOPIC.slice(1)).vehicleId).toBe('0018/01029');
  });

  it.each([
    ['dl below 0 is late', { dl: -60 }, 'delayS', 60],
    ['dl above 0 is early', { dl: 60 }, 'delayS', -60],
    ['direction 2 is GTFS 1', { dir: '2' }, 'directionId', 1],
    ['acc is acceleration, not accuracy', { acc: 3 }, 'accuracyM', undefined],
    ['a start after midnight is of the service day before', { start: '00:35' }, 'startTime', '24:35:00'],
    ['a start of 04:29 still is', { start: '04:29' }, 'startTime', '28:29:00'],
    ['one of 04:30 begins the new day', { start: '04:30' }, 'startTime', '04:30:00'],
    ['25:10 is no time of a clock', { start: '25:10' }, 'startTime', undefined],
    ['a stop may be a string', { stop: '1130106' }, 'stopId', '1130106'],
    ['a stop may be null', { stop: null }, 'stopId', undefined],
    ['occupancy 0 of a bus is no measurement', { occu: 0 }, 'loadShare', undefined],
    ['occupancy 100 of a bus is full', { occu: 100 }, 'occupancyStatus', 'full'],
    ['a position of 0, 0 is sent as it is: admission names it', { lat: 0, long: 0 }, 'lat', 0],
    ['without tst the whole second counts', { tst: null }, 'observedAt', '2024-02-13T16:32:59Z'],
    ['an odometer that begins anew is sent as it is', { odo: 0 }, 'odometerM', 0],
    ['doors open', { drst: 1 }, 'doorsOpen', true],
    ['no fix at all', { loc: 'N/A' }, 'positionSource', 'none'],
  ])('%s', (_, changes, field, value) => {
    expect(position(changes)[field]).toEqual(value);
  });

  it('a ferry measures its occupancy', () => {
    expect(position({ occu: 40 }, TOPIC.replace('/bus/', '/ferry/')).loadShare).toBe(0.4);
  });

  it.each([
    ['a null position', { lat: null, long: null }, 'no-position', 'lat'],
    ['half a position', { lat: 60, long: null }, 'no-position', 'lat'],
    ['a speed below 0', { spd: -1 }, 'negative-speed', 'speedKmh'],
    ['an odometer below 0', { odo: -5 }, 'negative-odometer', 'odometerM'],
    ['a heading of 400 degrees', { hdg: 400 }, 'no-heading', 'headingDeg'],
  ])('%s is left out and counted; the rest is kept', (_, changes, reason, field) => {
    const decoded = decode(changes);
    expect([...decoded.mended]).toEqual([[reason, 1]]);
    expect(readingsOf(decoded)[0]).not.toHaveProperty(field);
    expect(readingsOf(decoded)[0]!.routeId).toBe('5520');
  });

  it('a deadrun serves no trip, whatever the payload still says', () => {
    const reading = position({}, '/hfp/v2/deadrun/ongoing/vp/bus/0018/01029');
    expect(reading).toMatchObject({ journey: 'deadrun', vehicleId: '0018/01029' });
    for (const field of ['routeId', 'directionId', 'serviceDate', 'startTime']) {
      expect(reading).not.toHaveProperty(field);
    }
  });

  it.each([
    ['ars', 'arrival', { ttarr: '2024-02-13T16:29:00.000Z' }],
    ['dep', 'departure', { ttdep: '2024-02-13T16:29:00.000Z' }],
    ['pas', 'passing', { ttdep: '2024-02-13T16:29:00.000Z' }],
    ['doo', 'doors-opened', {}],
    ['doc', 'doors-closed', {}],
  ])('%s at a stop is a stop event %s as well', (event, name, times) => {
    const [first, second] = readingsOf(decode(times, at(event)));
    expect(first).toMatchObject({ kind: 'vehicle-position', event });
    const scheduled = Object.values(times)[0];
    expect(second).toEqual({
      kind: 'stop-event',
      observedAt: '2024-02-13T16:32:59.931Z',
      vehicleId: '0018/01029',
      event: name,
      stopId: '4150208',
      routeId: '5520',
      directionId: 0,
      serviceDate: '2024-02-13',
      startTime: '17:35:00',
      delayS: 232,
      ...(scheduled && { scheduledAt: scheduled }),
    });
  });

  it('an arrival without a stop is at the next stop of its topic; a departure without one is of none', () => {
    expect(readingsOf(decode({ stop: null }, at('ars')))[1]!.stopId).toBe('4150208');
    const departed = decode({ stop: null }, at('dep'));
    expect(readingsOf(departed)).toHaveLength(1);
    expect([...departed.mended]).toEqual([['stop-event-without-stop', 1]]);
  });

  it.each([
    ['another topic', { source: '/hfp/v1/journey/vp', body: '{"VP":{}}' }, 'no-hfp-topic'],
    ['a topic cut short', { source: '/hfp/v2/journey/ongoing/vp/bus', body: '{"VP":{}}' }, 'no-hfp-topic'],
    ['a payload cut short', { source: TOPIC, body: '{"VP":{"desi":"5' }, 'no-hfp-json'],
    ['a payload that is no object', { source: TOPIC, body: '[1]' }, 'no-hfp-json'],
    ['no time', { source: TOPIC, body: '{"VP":{"tst":null}}' }, 'no-time'],
    ['seconds that are milliseconds', { source: TOPIC, body: '{"VP":{"tsi":1707841979000}}' }, 'no-time'],
    ['30 February', { source: TOPIC, body: '{"VP":{"tst":"2024-02-30T16:32:59.931Z"}}' }, 'no-time'],
  ])('with %s is named and logged as it came', (_, message, reason) => {
    const decoded = decodeOne(hfp, message);
    expect(reasonsOf(decoded)).toEqual([reason]);
    expect(decoded.readings).toEqual([]);
    expect(decoded.unusable[0]!.asItCame).toBe(`${message.source} ${message.body}`);
  });
});

describe('passenger counts', () => {
  const count = (vehiclecounts: unknown) =>
    decodeOne(hfp, {
      source: '/hfp/v2/journey/ongoing/apc-partial/bus/0018/01029',
      body: JSON.stringify({ APC: { tst: '2024-02-13T16:47:47Z', vehiclecounts } }),
    });

  it('are a reading a door, summed over classes, and one for the load', () => {
    const decoded = count({
      vehicleload: 6,
      doorcounts: [
        {
          door: '2',
          count: [
            { class: 'adult', in: 7, out: 1 },
            { class: 'pram', in: 1, out: 0 },
          ],
        },
      ],
    });
    const common = {
      kind: 'passenger-count',
      observedAt: '2024-02-13T16:47:47Z',
      vehicleId: '0018/01029',
    };
    expect(readingsOf(decoded)).toEqual([
      { ...common, door: 2, boarded: 8, alighted: 1 },
      { ...common, load: 6 },
    ]);
  });

  it('a load below 0 is missing, not a number', () => {
    const decoded = count({ vehicleload: -1, doorcounts: [{ door: '1', count: [{ in: 0, out: 0 }] }] });
    expect(readingsOf(decoded)).toHaveLength(1);
    expect(readingsOf(decoded)[0]).not.toHaveProperty('load');
  });

  it('that count nothing are named', () => {
    expect(reasonsOf(count({ vehicleload: -1, doorcounts: [] }))).toEqual(['nothing-counted']);
  });
});

it('every message of the recordings becomes a reading that its schema admits', async (context) => {
  const folder = recording(context, 'hfp/hsl-hfp-v2-dumps');
  const lines = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.dump'))
    .map((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n').length)
    .reduce((sum, n) => sum + n, 0);
  const readings = nativeReadings(await loggedBy(hfp, hfp.recorded(folder, { timezone: 'UTC' })));
  const heard = readings.filter((r) => r.kind === 'feed-status').map((r) => r.heard as number);
  expect(heard.reduce((sum, n) => sum + n, 0)).toBe(lines);
  const positions = readings.filter((r) => r.kind === 'vehicle-position').length;
  const counted = new Set(
    readings.filter((r) => r.kind === 'passenger-count').map((r) => `${r.vehicleId} ${r.observedAt}`),
  ).size;
  expect(positions + counted).toBe(lines);
  const refused = readings.filter(
    (r) => !readingKinds.find((k) => k.kind === r.kind)!.schema.safeParse(r).success,
  );
  expect(refused).toEqual([]);
});

it('what can not be used travels alone, between the readings before and after it', async () => {
  const second = { receivedAt: Date.parse('2024-02-13T16:33:00Z'), source: TOPIC };
  const good = Buffer.from(JSON.stringify({ VP: PAYLOAD }));
  const logged = await loggedBy(hfp, [
    { ...second, body: good },
    { ...second, body: Buffer.from('<html>') },
    { ...second, body: good },
  ]);
  expect(logged.map((m) => m.readings)).toEqual([1, 1, 2]);
  expect(JSON.parse(logged[1]!.payload)).toMatchObject({
    kind: 'unusable',
    feed: 'hfp/1',
    reason: 'no-hfp-json',
    asItCame: `${TOPIC} <html>`,
  });
  expect(nativeReadings(logged).at(-1)).toEqual({
    kind: 'feed-status',
    observedAt: '2024-02-13T16:33:00Z',
    heard: 3,
    used: 2,
    unusable: { 'no-hfp-json': 1 },
    feed: 'hfp/1',
  });
});
