import { type CityTime, cityTime } from '#domain/city-time.ts';
import { formatInstant, SECOND_MS } from '#domain/instant.ts';
import {
  type Decoded,
  type FedReading,
  type Feed,
  type ForeignMessage,
  lose,
  mend,
  nothingDecoded,
} from './feed.ts';
import { jsonRecording } from './json/json-recording.ts';
import { parsedJson } from './json/parsed-json.ts';
import { xmlInstant } from './xml/xml-time.ts';

/**
 * TrafficFlowObserved of Smart Data Models, as NGSI-LD, NGSI v2 or plain key-values, one entity, a list, or a
 * notification's `data`: each becomes a `traffic-flow`.
 */
export const ngsi: Feed = {
  name: 'ngsi',
  version: 1,
  describe: 'NGSI-LD and NGSI v2 TrafficFlowObserved entities (*.json, *.jsonld, or a folder of them)',
  carriesSensors: true,
  reports: 'each-message',
  decoder: ({ timezone }) => {
    const city = cityTime(timezone);
    return (message) => decodeEntities(message, city);
  },
  recorded: (path, { timezone }) => {
    const city = cityTime(timezone);
    return jsonRecording(path, (body) => latestEnd(body, city));
  },
};

type Entity = Record<string, unknown>;

function decodeEntities({ body }: ForeignMessage, city: CityTime): Decoded {
  const decoded = nothingDecoded();
  const text = Buffer.from(body).toString();
  const entities = entitiesIn(text);
  if (!entities) {
    lose(decoded, 'no-json', text.slice(0, 80), text);
    return decoded;
  }
  for (const entity of entities) {
    const made = readingOf(entity, decoded, city);
    if (typeof made === 'string')
      lose(decoded, made, String(entity.id ?? entity.type), JSON.stringify(entity));
    else {
      decoded.heard++;
      decoded.readings.push({ sensorId: String(entity.id), reading: made });
    }
  }
  return decoded;
}

function entitiesIn(text: string): Entity[] | undefined {
  const value = parsedJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const list = Array.isArray(value)
    ? value
    : Array.isArray((value as Entity).data)
      ? (value as Entity).data
      : [value];
  return (list as unknown[]).filter((e): e is Entity => typeof e === 'object' && e !== null);
}

/** A property's value, in whichever form it is written. */
function told(property: unknown): unknown {
  if (typeof property !== 'object' || property === null || Array.isArray(property)) return property;
  const inner = property as Entity;
  if ('@value' in inner) return inner['@value'];
  if ('value' in inner) return told(inner.value);
  return 'object' in inner ? inner.object : property;
}

function readingOf(entity: Entity, decoded: Decoded, city: CityTime): FedReading | string {
  const type = String(entity.type).replace(/^.*[/#]/, '');
  if (type !== 'TrafficFlowObserved') return 'entity-of-another-type';
  if (typeof entity.id !== 'string' || entity.id === '') return 'entity-of-no-id';
  const period = periodOf(entity, city);
  if (!period) return 'no-period';
  const { fromAt, periodS } = period;
  const number = (name: string): number | undefined => {
    const value = told(entity[name]);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  const intensity = number('intensity');
  const speedKmh = number('averageVehicleSpeed');
  const occupancy = number('occupancy');
  const lane = number('laneId');
  const direction = told(entity.laneDirection);
  if (intensity === undefined && speedKmh === undefined && occupancy === undefined) return 'nothing-measured';
  const headwayS = number('averageHeadwayTime');
  // Vehicles in the period and their mean headway say the same thing twice; half as much again is no rounding.
  if (headwayS && intensity && Math.abs(Math.log((headwayS * intensity) / periodS)) > Math.log(1.5)) {
    mend(decoded, 'headway-contradicts-intensity');
  }
  return {
    kind: 'traffic-flow',
    observedAt: formatInstant(fromAt),
    periodS,
    ...(intensity !== undefined && { count: Math.round(intensity) }),
    ...(speedKmh !== undefined && { speedKmh }),
    ...(occupancy !== undefined && { occupancy }),
    ...(lane !== undefined && lane >= 1 && { lane }),
    ...(typeof direction === 'string' && direction !== '' && { direction }),
  };
}

function periodOf(entity: Entity, city: CityTime): { fromAt: number; periodS: number } | undefined {
  const text = (name: string) => {
    const value = told(entity[name]);
    return typeof value === 'string' ? value : undefined;
  };
  const [observedFrom, observedTo] = text('dateObserved')?.split('/') ?? [];
  const fromAt = xmlInstant(text('dateObservedFrom') ?? observedFrom, city);
  const toAt = xmlInstant(text('dateObservedTo') ?? observedTo, city);
  if (fromAt === undefined || toAt === undefined || toAt <= fromAt) return undefined;
  return { fromAt, periodS: Math.round((toAt - fromAt) / SECOND_MS) };
}

function latestEnd(body: Uint8Array, city: CityTime): number | undefined {
  const ends = (entitiesIn(Buffer.from(body).toString()) ?? []).flatMap((entity) => {
    const period = periodOf(entity, city);
    return period ? [period.fromAt + period.periodS * SECOND_MS] : [];
  });
  return ends.length > 0 ? Math.max(...ends) : undefined;
}
