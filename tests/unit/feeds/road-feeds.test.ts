import { describe, expect, it } from 'vitest';
import { datex2 } from '#ingest/feeds/datex2.ts';
import { ngsi } from '#ingest/feeds/ngsi.ts';
import { sensorThings } from '#ingest/feeds/sensorthings.ts';
import { decodeOne, readingsOf, reasonsOf } from './decoded.ts';

describe('DATEX II', () => {
  const publication = (inner: string) =>
    `<d2LogicalModel xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><payloadPublication xsi:type="MeasuredDataPublication">
      <publicationTime>2026-07-25T08:30:00+02:00</publicationTime>${inner}</payloadPublication></d2LogicalModel>`;
  const site = (...values: string[]) =>
    publication(`<siteMeasurements><measurementSiteReference id="S1"/>
      <measurementTimeDefault>2026-07-25T08:30:00+02:00</measurementTimeDefault>${values.join('')}</siteMeasurements>`);
  const value = (inner: string, index = 0) =>
    `<measuredValue index="${index}"><measuredValue><basicData>${inner}</basicData></measuredValue></measuredValue>`;
  const flow = (rate: number, inputs?: number) =>
    `<vehicleFlow${inputs ? ` numberOfInputValuesUsed="${inputs}"` : ''}><vehicleFlowRate>${rate}</vehicleFlowRate></vehicleFlow>`;
  const speed = (kmh: number) => `<averageVehicleSpeed><speed>${kmh}</speed></averageVehicleSpeed>`;
  const decode = (body: string) => decodeOne(datex2, { body });

  it('an hourly rate and the vehicles it rests on tell the period; the time is its end', () => {
    expect(readingsOf(decode(site(value(flow(1_010, 101)), value(speed(112)))))).toEqual([
      { kind: 'traffic-flow', observedAt: '2026-07-25T06:24:00Z', periodS: 360, count: 101, speedKmh: 112 },
    ]);
  });

  it.each([
    ['speed 255', value(flow(1_010, 101)) + value(speed(255)), 'sentinel-speed', { count: 101 }],
    [
      'flow 15300',
      value(`<measurementOrCalculationPeriod>60</measurementOrCalculationPeriod>${flow(15_300)}`) +
        value(speed(50)),
      'sentinel-flow',
      { speedKmh: 50 },
    ],
    ['speed -1', value(flow(1_010, 101)) + value(speed(-1)), 'sentinel-below-0', { count: 101 }],
    [
      'a flagged value',
      value(flow(1_010, 101)) +
        value('<averageVehicleSpeed><dataError>true</dataError><speed>50</speed></averageVehicleSpeed>'),
      'data-error',
      { count: 101 },
    ],
  ])('%s means no value', (_, values, reason, left) => {
    const decoded = decode(site(values));
    expect([...decoded.mended]).toEqual([[reason, 1]]);
    const { kind: _k, observedAt: _o, periodS: _p, ...rest } = readingsOf(decoded)[0]!;
    expect(rest).toEqual(left);
  });

  it('occupancy is per cent there and a share here; a travel time is a reading of its own', () => {
    const period = '<measurementOrCalculationPeriod>60</measurementOrCalculationPeriod>';
    const occupancy = `${period}<occupancy><percentage>12.5</percentage></occupancy>`;
    expect(readingsOf(decode(site(value(occupancy))))[0]).toMatchObject({ occupancy: 0.125, periodS: 60 });
    const travel = `${period}<travelTime><duration>93</duration></travelTime>`;
    expect(readingsOf(decode(site(value(travel))))[0]).toMatchObject({
      kind: 'travel-time',
      travelTimeS: 93,
      linkId: 'S1',
    });
  });

  it('several indices need the site table, which comes in a publication of its own', () => {
    const measurements = site(value(flow(600), 1), value(flow(300), 2));
    expect(reasonsOf(decode(measurements))).toEqual(['indices-without-site-table']);
    const lane = (
      index: number,
    ) => `<measurementSpecificCharacteristics index="${index}"><measurementSpecificCharacteristics>
      <period>60</period><specificLane>lane${index}</specificLane></measurementSpecificCharacteristics></measurementSpecificCharacteristics>`;
    const decoder = datex2.decoder({ timezone: 'UTC' });
    const table = publication(`<measurementSiteRecord id="S1">${lane(1)}${lane(2)}</measurementSiteRecord>`);
    const message = (body: string) => ({ receivedAt: 0, source: '', body: Buffer.from(body) });
    expect(decoder(message(table)).unusable).toEqual([]);
    expect(readingsOf(decoder(message(measurements)))).toMatchObject([
      { lane: 1, count: 10, periodS: 60 },
      { lane: 2, count: 5, periodS: 60 },
    ]);
  });

  it.each([
    ['no period', site(value(speed(50))), 'no-period'],
    ['nothing measured', site(value('')), 'nothing-measured'],
    [
      'no time',
      publication('<siteMeasurements><measurementSiteReference id="S1"/></siteMeasurements>'),
      'no-time',
    ],
    ['no site', publication('<siteMeasurements/>'), 'site-of-no-name'],
    ['situations', publication('<situation/>'), 'no-measured-data'],
    ['HTML', '<!DOCTYPE html><br>', 'no-xml'],
  ])('%s is named', (_, body, reason) => {
    expect(reasonsOf(decode(body))).toEqual([reason]);
  });
});

describe('NGSI', () => {
  const plain = {
    id: 'T1',
    type: 'TrafficFlowObserved',
    dateObservedFrom: '2016-12-07T11:10:00Z',
    dateObservedTo: '2016-12-07T11:15:00Z',
    intensity: 197,
    averageVehicleSpeed: 52.6,
    occupancy: 0.44,
    averageHeadwayTime: 1.52,
    laneId: 1,
    laneDirection: 'forward',
  };
  const decode = (value: unknown, zone?: string) => decodeOne(ngsi, { body: JSON.stringify(value) }, zone);
  const normalised = Object.fromEntries(
    Object.entries(plain).map(([key, value]) => {
      if (key === 'id' || key === 'type') return [key, value];
      const isDate = key.startsWith('date');
      return [key, { type: 'Property', value: isDate ? { '@type': 'DateTime', '@value': value } : value }];
    }),
  );

  it.each([
    ['key-values', plain],
    ['the normalised form', normalised],
    ['a list', [plain]],
    ['a notification', { type: 'Notification', data: [plain] }],
  ])('%s are read alike', (_, value) => {
    const decoded = decode(value);
    expect(decoded.mended.size).toBe(0);
    expect(decoded.readings).toEqual([
      {
        sensorId: 'T1',
        reading: {
          kind: 'traffic-flow',
          observedAt: '2016-12-07T11:10:00Z',
          periodS: 300,
          count: 197,
          speedKmh: 52.6,
          occupancy: 0.44,
          lane: 1,
          direction: 'forward',
        },
      },
    ]);
  });

  it('a headway that the count contradicts is named; the count is kept', () => {
    const decoded = decode({ ...plain, averageHeadwayTime: 0.5 });
    expect([...decoded.mended]).toEqual([['headway-contradicts-intensity', 1]]);
    expect(readingsOf(decoded)[0]!.count).toBe(197);
  });

  it('an interval in one field without an offset is by the city’s clock', () => {
    const { dateObservedFrom: _f, dateObservedTo: _t, ...rest } = plain;
    const decoded = decode(
      { ...rest, dateObserved: '2016-12-07T11:10:00/2016-12-07T11:15:00' },
      'Europe/Madrid',
    );
    expect(readingsOf(decoded)[0]).toMatchObject({ observedAt: '2016-12-07T10:10:00Z', periodS: 300 });
  });

  it.each([
    ['another type', { ...plain, type: 'CrowdFlowObserved' }, 'entity-of-another-type'],
    ['one moment', { ...plain, dateObservedTo: undefined }, 'no-period'],
    ['an end before its start', { ...plain, dateObservedTo: '2016-12-07T11:00:00Z' }, 'no-period'],
    [
      'nothing measured',
      { id: 'T1', type: plain.type, dateObserved: '2016-12-07T11:10:00Z/2016-12-07T11:15:00Z' },
      'nothing-measured',
    ],
    ['no id', { ...plain, id: undefined }, 'entity-of-no-id'],
  ])('%s is named', (_, value, reason) => {
    expect(reasonsOf(decode(value))).toEqual([reason]);
  });
});

describe('SensorThings', () => {
  const thing = {
    Datastreams: [
      {
        '@iot.id': 16_183,
        observationType: 'http://www.opengis.net/def/ogc-om/OM_CountObservation',
        unitOfMeasurement: { name: 'Anzahl', symbol: null },
      },
      { '@iot.id': 2, observationType: 'OM_Measurement', unitOfMeasurement: { symbol: 'km/h' } },
    ],
  };
  const heard = (source: string, observation: Record<string, unknown>) => {
    const decoder = sensorThings.decoder({ timezone: 'UTC' });
    const message = (topic: string, value: unknown) => ({
      receivedAt: 0,
      source: topic,
      body: Buffer.from(JSON.stringify(value)),
    });
    decoder(message('v1.1/Things(1)', thing));
    return decoder(message(source, observation));
  };
  const interval = '2024-12-30T20:30:00Z/2024-12-30T20:34:59Z';

  it('an interval that ends a second early is as long as it is meant', () => {
    const decoded = heard('v1.1/Datastreams(16183)/Observations', { phenomenonTime: interval, result: 8 });
    expect(decoded.readings).toEqual([
      {
        sensorId: '16183',
        reading: { kind: 'traffic-flow', observedAt: '2024-12-30T20:30:00Z', periodS: 300, count: 8 },
      },
    ]);
  });

  it('the datastream may be named within; a speed is a speed', () => {
    const decoded = heard('v1.1/Observations', {
      phenomenonTime: interval,
      result: 51.5,
      Datastream: { '@iot.id': 2 },
    });
    expect(readingsOf(decoded)[0]).toMatchObject({ speedKmh: 51.5 });
  });

  it.each([
    [
      'a datastream that nobody described',
      'v1.1/Datastreams(9)/Observations',
      { phenomenonTime: interval, result: 8 },
      'datastream-not-described',
    ],
    [
      'one moment',
      'v1.1/Datastreams(16183)/Observations',
      { phenomenonTime: '2024-12-30T20:30:00Z', result: 8 },
      'no-period',
    ],
    [
      'no result',
      'v1.1/Datastreams(16183)/Observations',
      { phenomenonTime: interval, result: null },
      'no-result',
    ],
    ['no time', 'v1.1/Datastreams(16183)/Observations', { result: 8 }, 'no-time'],
  ])('%s is named', (_, topic, observation, reason) => {
    expect(reasonsOf(heard(topic, observation))).toEqual([reason]);
  });

  it('what is no JSON is named', () => {
    expect(reasonsOf(decodeOne(sensorThings, { source: 'v1.1/Observations', body: '{' }))).toEqual([
      'no-json',
    ]);
  });
});
