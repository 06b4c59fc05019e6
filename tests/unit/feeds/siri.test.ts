import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import { siri } from '#ingest/feeds/siri/siri.ts';
import { durationS } from '#ingest/feeds/xml/xml-time.ts';
import { recording } from '../../shared-data.ts';
import { decodeOne, loggedBy, nativeReadings, readingsOf, reasonsOf } from './decoded.ts';

const delivery = (inner: string, at = '2018-08-17T15:14:21Z') =>
  `<Siri xmlns="http://www.siri.org.uk/siri"><ServiceDelivery><ResponseTimestamp>${at}</ResponseTimestamp>${inner}</ServiceDelivery></Siri>`;
const activity = (journey: string, at = '<RecordedAtTime>2018-08-17T15:13:20Z</RecordedAtTime>') =>
  `<VehicleActivity>${at}<MonitoredVehicleJourney>${journey}</MonitoredVehicleJourney></VehicleActivity>`;
const BUS = '<OperatorRef>OP</OperatorRef><VehicleRef>7</VehicleRef>';
const PLACE = '<VehicleLocation><Longitude>10.4</Longitude><Latitude>63.4</Latitude></VehicleLocation>';
const journey = (inner: string) =>
  `<EstimatedVehicleJourney><DatedVehicleJourneyRef>j1</DatedVehicleJourneyRef>${inner}</EstimatedVehicleJourney>`;
const decode = (body: string, zone = 'UTC') => decodeOne(siri, { body }, zone);
const first = (body: string, zone?: string) => readingsOf(decode(delivery(body), zone))[0]!;

describe('SIRI-VM', () => {
  it('a vehicle activity is a vehicle position', () => {
    const inner = `<LineRef>60</LineRef><FramedVehicleJourneyRef><DataFrameRef>2018-08-17</DataFrameRef>
      <DatedVehicleJourneyRef>sj-27</DatedVehicleJourneyRef></FramedVehicleJourneyRef>${BUS}<Bearing>90</Bearing><Velocity>10</Velocity>
      ${PLACE}<Delay>PT1M30S</Delay><Occupancy>standingAvailable</Occupancy>
      <MonitoredCall><StopPointRef>s1</StopPointRef><Order>3</Order><VehicleAtStop>true</VehicleAtStop></MonitoredCall>`;
    expect(first(activity(inner))).toEqual({
      kind: 'vehicle-position',
      observedAt: '2018-08-17T15:13:20Z',
      vehicleId: 'OP/7',
      lat: 63.4,
      lon: 10.4,
      headingDeg: 90,
      speedKmh: 36,
      tripId: 'sj-27',
      routeId: '60',
      serviceDate: '2018-08-17',
      delayS: 90,
      stopId: 's1',
      stopSequence: 3,
      status: 'stopped-at',
      occupancyStatus: 'standing-available',
    });
  });

  it('prefixes of namespaces do not matter', () => {
    const body = delivery(activity(BUS + PLACE)).replaceAll(/<(\/?)(\w)/g, '<$1s:$2');
    expect(readingsOf(decode(body.replace('xmlns=', 'xmlns:s=')))).toHaveLength(1);
  });

  it('a time without an offset is by the city’s clock, in summer and in the hour that is shown twice', () => {
    const at = (time: string) => activity(BUS + PLACE, `<RecordedAtTime>${time}</RecordedAtTime>`);
    expect(first(at('2018-08-17T15:13:20.5'), 'Europe/Oslo').observedAt).toBe('2018-08-17T13:13:20.500Z');
    expect(first(at('2018-10-28T02:30:00'), 'Europe/Oslo').observedAt).toBe('2018-10-28T00:30:00Z');
  });

  it('a time that never was is counted, and the delivery’s is taken', () => {
    const never = activity(BUS + PLACE, '<RecordedAtTime>2018-03-25T02:30:00</RecordedAtTime>');
    const decoded = decode(delivery(never), 'Europe/Oslo');
    expect(readingsOf(decoded)[0]!.observedAt).toBe('2018-08-17T15:14:21Z');
    expect([...decoded.mended]).toEqual([['unreadable-time', 1]]);
  });

  it.each([
    ['no location', '', 'no-position'],
    [
      'coordinates of another system',
      '<VehicleLocation><Coordinates>1 2</Coordinates></VehicleLocation>',
      'other-coordinates',
    ],
    [
      'NaN',
      '<VehicleLocation><Longitude>NaN</Longitude><Latitude>NaN</Latitude></VehicleLocation>',
      'no-position',
    ],
    ['a bearing of -1', `${PLACE}<Bearing>-1</Bearing>`, 'no-heading'],
    ['a velocity below 0', `${PLACE}<Velocity>-3</Velocity>`, 'no-speed'],
  ])('with %s loses that alone, by name', (_, inner, reason) => {
    const decoded = decode(delivery(activity(BUS + inner)));
    expect([...decoded.mended]).toEqual([[reason, 1]]);
    expect(readingsOf(decoded)).toHaveLength(1);
  });

  it.each([
    ['a vehicle without a name', activity(PLACE), 'vehicle-of-no-name'],
    ['an activity without a journey', '<VehicleActivity/>', 'activity-of-no-journey'],
    ['a cancellation', '<VehicleActivityCancellation/>', 'cancellation-of-activity'],
    ['an error', '<ErrorCondition><OtherError/></ErrorCondition>', 'error-condition'],
    ['another service', '<StopMonitoringDelivery/>', 'nothing-of-vm-or-et'],
  ])('%s is named', (_, inner, reason) => {
    expect(reasonsOf(decode(delivery(inner)))).toEqual([reason]);
  });
});

describe('SIRI-ET', () => {
  it('observed times of a recorded call count alone; what is expected stands for the rest', () => {
    const calls = `<LineRef>L13</LineRef><VehicleRef>1617</VehicleRef>
      <RecordedCalls><RecordedCall><StopPointRef>a</StopPointRef><Order>1</Order>
        <AimedDepartureTime>2018-08-28T08:38:00+02:00</AimedDepartureTime><ExpectedDepartureTime>2018-08-28T08:40:00+02:00</ExpectedDepartureTime>
        <ActualDepartureTime>2018-08-28T08:39:10+02:00</ActualDepartureTime></RecordedCall></RecordedCalls>
      <EstimatedCalls><EstimatedCall><StopPointRef>b</StopPointRef><Order>2</Order><Cancellation>true</Cancellation>
        <ExpectedArrivalTime>2018-08-28T08:45:00+02:00</ExpectedArrivalTime></EstimatedCall></EstimatedCalls>`;
    expect(first(journey(calls))).toEqual({
      kind: 'trip-update',
      observedAt: '2018-08-17T15:14:21Z',
      tripId: 'j1',
      routeId: 'L13',
      vehicleId: '1617',
      stops: [
        {
          stopId: 'a',
          stopSequence: 1,
          departureAt: '2018-08-28T06:39:10Z',
          recorded: true,
          scheduledDepartureAt: '2018-08-28T06:38:00Z',
        },
        { stopId: 'b', stopSequence: 2, arrivalAt: '2018-08-28T06:45:00Z', relationship: 'skipped' },
      ],
    });
  });

  it.each([
    ['Cancellation', 'canceled'],
    ['ExtraJourney', 'added'],
  ])('%s', (name, relationship) => {
    expect(first(journey(`<${name}>true</${name}>`))).toMatchObject({ scheduleRelationship: relationship });
  });
});

describe('what is no delivery is named, and logged as it came', () => {
  it.each([
    ['an error page', '<!DOCTYPE html><html><br></html>', 'html-for-xml'],
    ['no XML', 'Service unavailable', 'no-xml'],
    ['nothing', '', 'no-xml'],
    ['an entity bomb', '<!DOCTYPE a [<!ENTITY b "cc">]><Siri>&b;</Siri>', 'no-xml'],
  ])('%s', (_, body, reason) => {
    const decoded = decode(body);
    expect(reasonsOf(decoded)).toEqual([reason]);
    expect(decoded.unusable[0]!.asItCame).toBe(body);
  });

  it('a document cut short keeps the journeys before the cut', () => {
    const whole = delivery(activity(BUS + PLACE) + activity(BUS + PLACE));
    const decoded = decode(whole.slice(0, whole.lastIndexOf('<Latitude>')));
    expect(readingsOf(decoded)).toHaveLength(1);
    expect(reasonsOf(decoded)).toEqual(['cut-short']);
    expect(decoded.unusable[0]!.asItCame).toMatch(/^<VehicleActivity>.*<\/Longitude>$/s);
  });
});

it('durations are seconds, early ones below 0', () => {
  expect(['PT0S', '-PT30S', 'PT1M30S', 'P0Y0M1DT1H', 'PT2M17.500S', 'P1M', 'PT', ''].map(durationS)).toEqual([
    0,
    -30,
    90,
    90_000,
    137.5,
    undefined,
    undefined,
    undefined,
  ]);
});

it.for([
  ['entur-siri-et/siri-et-from-bnr.xml', 144, 1_961, 67],
  ['entur-siri-et/siri-et-gir-npe.xml', 126, 1_840, 11],
] as const)(
  'Entur’s %s: every journey, call and cancellation',
  async ([name, journeys, calls, cancelled], context) => {
    const path = recording(context, `siri/${name}`);
    const logged = await loggedBy(siri, siri.recorded(path, { timezone: 'UTC' }));
    const updates = nativeReadings(logged).filter((r) => r.kind === 'trip-update');
    expect(updates).toHaveLength(journeys);
    const stops = updates.flatMap((u) => u.stops as Record<string, unknown>[]);
    expect(stops).toHaveLength(calls);
    const marks = updates.filter((u) => u.scheduleRelationship === 'canceled').length;
    expect(marks + stops.filter((s) => s.relationship === 'skipped').length).toBe(cancelled);
    const text = readFileSync(path, 'utf8');
    const withActual = text.match(/<RecordedCall>(?:(?!<\/RecordedCall>).)*<Actual/gs)?.length;
    expect(stops.filter((s) => s.recorded).length).toBe(withActual);
    const misfits = updates.filter(
      (r) => !readingKinds.find((k) => k.kind === r.kind)!.schema.safeParse(r).success,
    );
    expect(misfits).toEqual([]);
  },
);
