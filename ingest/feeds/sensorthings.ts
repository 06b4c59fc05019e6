import { formatInstant, type Instant, parseInstant, SECOND_MS } from '#domain/instant.ts';
import {
  type Decoded,
  type FedReading,
  type Feed,
  type ForeignMessage,
  lose,
  nothingDecoded,
} from './feed.ts';
import { parsedJson } from './json/parsed-json.ts';
import { mqttDump } from './mqtt-dump.ts';

/**
 * OGC SensorThings 1.1 observations, from MQTT (`v1.1/Datastreams(7)/Observations` or `v1.1/Observations`). What a
 * datastream measures is said by its own description (a Thing with its Datastreams, or a Datastream), which must have
 * come before: counts, and speeds in km/h, become `traffic-flow`.
 */
export const sensorThings: Feed = {
  name: 'sensorthings',
  version: 1,
  describe: 'OGC SensorThings messages: lines of received time, topic and JSON (*.dump, or a folder of them)',
  carriesSensors: true,
  reports: 'each-minute',
  decoder: () => {
    const datastreams = new Map<string, Quantity>();
    return (message) => decodeMessage(message, datastreams);
  },
  recorded: (path) => mqttDump(path),
};

type Quantity = 'count' | 'speedKmh';
type Thing = Record<string, unknown>;

function decodeMessage({ source, body }: ForeignMessage, datastreams: Map<string, Quantity>): Decoded {
  const decoded = nothingDecoded();
  const text = Buffer.from(body).toString();
  const asItCame = `${source} ${text}`;
  const value = parsedJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    lose(decoded, 'no-json', text.slice(0, 80), asItCame);
    return decoded;
  }
  const thing = value as Thing;
  const described = Array.isArray(thing.Datastreams) ? (thing.Datastreams as Thing[]) : [thing];
  const known = described.filter((d) => 'unitOfMeasurement' in d || 'observationType' in d);
  if (known.length > 0) {
    for (const d of known) {
      const quantity = quantityOf(d);
      if (quantity) datastreams.set(String(d['@iot.id']), quantity);
    }
    decoded.heard = 1;
    return decoded;
  }
  const id = datastreamOf(thing, source);
  const quantity = id === undefined ? undefined : datastreams.get(id);
  const made = quantity ? readingOf(thing, quantity) : 'datastream-not-described';
  if (typeof made === 'string' || id === undefined) {
    lose(decoded, String(made), `datastream ${id ?? '(none)'}`, asItCame);
    return decoded;
  }
  decoded.heard = 1;
  decoded.readings.push({ sensorId: id, reading: made });
  return decoded;
}

function quantityOf({ observationType, unitOfMeasurement }: Thing): Quantity | undefined {
  const unit = (unitOfMeasurement ?? {}) as Thing;
  if (unit.symbol === 'km/h') return 'speedKmh';
  return /OM_CountObservation$/.test(String(observationType)) ? 'count' : undefined;
}

function datastreamOf({ Datastream }: Thing, topic: string): string | undefined {
  const named = /Datastreams\(([^)]+)\)/.exec(topic)?.[1];
  if (named !== undefined) return named.replace(/^'|'$/g, '');
  const id = (Datastream as Thing | undefined)?.['@iot.id'];
  return typeof id === 'number' || typeof id === 'string' ? String(id) : undefined;
}

/** A count is of a period: an observation of one moment counts over nobody knows what. */
function readingOf({ phenomenonTime, result }: Thing, quantity: Quantity): FedReading | string {
  const number = typeof result === 'string' ? Number.parseFloat(result) : result;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return 'no-result';
  const [from, to] = typeof phenomenonTime === 'string' ? phenomenonTime.split('/') : [];
  const fromAt = from === undefined ? undefined : parseInstant(from);
  const toAt = to === undefined ? undefined : parseInstant(to);
  if (fromAt === undefined) return 'no-time';
  const periodS = toAt === undefined ? undefined : periodOf(fromAt, toAt);
  if (periodS === undefined) return 'no-period';
  return {
    kind: 'traffic-flow',
    observedAt: formatInstant(fromAt),
    periodS,
    [quantity]: quantity === 'count' ? Math.round(number) : number,
  };
}

/** Some end an interval a second or a millisecond before the next begins. */
function periodOf(fromAt: Instant, toAt: Instant): number | undefined {
  const seconds = Math.round((toAt - fromAt) / SECOND_MS);
  const whole = seconds % 60 === 59 ? seconds + 1 : seconds;
  return whole > 0 ? whole : undefined;
}
