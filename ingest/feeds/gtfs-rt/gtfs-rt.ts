import { formatInstant, type Instant, parseInstant, SECOND_MS } from '#domain/instant.ts';
import {
  type Decoded,
  type FedReading,
  type Feed,
  type ForeignMessage,
  lose,
  mend,
  nothingDecoded,
} from '../feed.ts';
import { alertReading } from './alert.ts';
import { gtfsRtRecording } from './gtfs-rt-recording.ts';
import { type Field, fieldsOf, NoProtobuf, textOf } from './protobuf.ts';
import { tripUpdateReading } from './trip-update.ts';
import { vehicleReading } from './vehicle.ts';

/**
 * GTFS-Realtime 2: vehicle positions, trip updates and alerts. Each entity becomes a `vehicle-position`, a
 * `trip-update` or a `service-alert`. What has no time of its own is of the header's.
 */
export const gtfsRt: Feed = {
  name: 'gtfs-rt',
  version: 1,
  describe: 'GTFS-Realtime snapshots (*.pb, *.pbf, *.gtfsrt, or a folder of them)',
  reports: 'each-message',
  decoder: () => decodeFeed,
  recorded: (path) => gtfsRtRecording(path, headerTime),
};

/** What an entity is read with. */
export interface EntityContext {
  decoded: Decoded;
  headerAt: Instant | undefined;
}

function decodeFeed({ body }: ForeignMessage): Decoded {
  const decoded = nothingDecoded();
  const wrong = wrongKindOfBody(body);
  if (wrong) {
    lose(decoded, wrong, Buffer.from(body.subarray(0, 80)).toString(), body);
    return decoded;
  }
  const entities: Uint8Array[] = [];
  let headerAt: Instant | undefined;
  let read = 0;
  try {
    for (const field of fieldsOf(body)) {
      if (field.number === 1) headerAt = timeInHeader(field, decoded);
      else if (field.number === 2 && field.type === 'bytes') entities.push(field.bytes);
      read = field.end;
    }
  } catch (error) {
    if (!(error instanceof NoProtobuf)) throw error;
    const reason = read === 0 ? 'no-protobuf' : 'cut-short';
    lose(
      decoded,
      reason,
      `${error.message}; ${body.length - read} of ${body.length} bytes unread`,
      body.slice(read),
    );
    if (read === 0) return decoded;
  }
  if (headerAt !== undefined) decoded.headerAt = headerAt;
  else mend(decoded, 'header-without-time');
  for (const entity of entities) decodeEntity(entity, { decoded, headerAt });
  return decoded;
}

function decodeEntity(bytes: Uint8Array, context: EntityContext): void {
  const { decoded } = context;
  let id = '';
  const readings: FedReading[] = [];
  try {
    const faults: string[] = [];
    const take = (made: FedReading | string): void => {
      if (typeof made === 'string') faults.push(made);
      else readings.push(made);
    };
    const fields = [...fieldsOf(bytes)];
    id = fields.filter((f) => f.number === 1).map(textOf)[0] ?? '';
    if (fields.some((f) => f.number === 2 && f.value === 1)) faults.push('deleted-entity');
    else {
      for (const field of fields) {
        if (field.number === 3) take(tripUpdateReading(field.bytes, context));
        else if (field.number === 4) take(vehicleReading(field.bytes, id, context));
        else if (field.number === 5) take(alertReading(field.bytes, id, context));
      }
    }
    if (readings.length === 0) {
      lose(decoded, faults[0] ?? 'entity-of-another-kind', `entity ${id || '(without id)'}`, bytes);
      return;
    }
    for (const fault of faults) mend(decoded, fault);
  } catch (error) {
    if (!(error instanceof NoProtobuf)) throw error;
    lose(decoded, 'malformed-entity', `entity ${id || '(without id)'}: ${error.message}`, bytes);
    return;
  }
  decoded.heard++;
  for (const reading of readings) decoded.readings.push({ reading });
}

/** What producers send instead: error pages, JSON, nothing. */
function wrongKindOfBody(body: Uint8Array): string | undefined {
  if (body.length === 0) return 'empty-body';
  const start = Buffer.from(body.subarray(0, 200)).toString('latin1').trimStart().toLowerCase();
  if (start.startsWith('<')) return start.includes('<?xml') ? 'xml-for-protobuf' : 'html-for-protobuf';
  if (/^[[{]\s*["{\]}]/.test(start)) return 'json-for-protobuf';
  if (body[0] === 0x1f && body[1] === 0x8b) return 'gzip-for-protobuf';
  return undefined;
}

function timeInHeader(field: Field, decoded: Decoded): Instant | undefined {
  for (const { number, value } of fieldsOf(field.bytes)) {
    if (number === 3) return instantOf(value, decoded);
  }
  return undefined;
}

function headerTime(body: Uint8Array): Instant | undefined {
  return decodeFeed({ receivedAt: 0, source: '', body }).headerAt;
}

/** Seconds since 1970; 0 is none. What is beyond the year 5138 was meant in milliseconds. */
export function instantOf(seconds: number, decoded: Decoded): Instant | undefined {
  if (!(seconds > 0)) return undefined;
  if (seconds < 1e11) return seconds * SECOND_MS;
  mend(decoded, 'milliseconds-for-seconds');
  return seconds < 1e14 ? seconds : undefined;
}

/** The entity's own time, or its header's. */
export function observedAtOf(own: Instant | undefined, context: EntityContext): string | undefined {
  if (own === undefined && context.headerAt !== undefined) mend(context.decoded, 'time-of-header');
  const at = own ?? context.headerAt;
  return at === undefined ? undefined : formatInstant(at);
}

export interface TripFields {
  tripId?: string;
  routeId?: string;
  directionId?: number;
  startTime?: string;
  serviceDate?: string;
  scheduleRelationship?: string;
}

const relationships = [
  'scheduled',
  'added',
  'unscheduled',
  'canceled',
  '',
  'replacement',
  'duplicated',
  'deleted',
  'added',
];

/** A TripDescriptor. */
export function tripFields(bytes: Uint8Array, decoded: Decoded): TripFields {
  const trip: TripFields = {};
  for (const field of fieldsOf(bytes)) {
    const text = textOf(field);
    if (field.number === 1 && text) trip.tripId = text;
    else if (field.number === 5 && text) trip.routeId = text;
    else if (field.number === 6 && (field.value === 0 || field.value === 1) && field.type === 'number') {
      trip.directionId = field.value;
    } else if (field.number === 2 && text) {
      const m = /^(\d{1,2}):([0-5]\d):([0-5]\d)$/.exec(text);
      if (m) trip.startTime = `${m[1]!.padStart(2, '0')}:${m[2]}:${m[3]}`;
      else mend(decoded, 'start-time');
    } else if (field.number === 3 && text) {
      const date = text.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
      if (parseInstant(`${date}T00:00:00Z`) !== undefined) trip.serviceDate = date;
      else mend(decoded, 'start-date');
    } else if (field.number === 4 && relationships[field.value]) {
      trip.scheduleRelationship = relationships[field.value]!;
    }
  }
  return trip;
}

/** A VehicleDescriptor's id, else its label, else its plate. */
export function vehicleName(bytes: Uint8Array): string | undefined {
  const texts: (string | undefined)[] = [];
  for (const field of fieldsOf(bytes)) if (field.number <= 3) texts[field.number] = textOf(field);
  return texts[1] ?? texts[2] ?? texts[3];
}
