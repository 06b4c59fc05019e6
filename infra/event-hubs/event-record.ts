import type { EventData, ReceivedEventData } from '@azure/event-hubs';
import { LIVE, type LogEntry, type LogRecord, type RecordType } from '#domain/log.ts';

/** Application properties: what a log entry says beside its payload. */
type Properties = Omit<LogEntry, 'payload'>;

const types: ReadonlySet<unknown> = new Set<RecordType>(['telemetry', 'end', 'readmit']);

export function eventOf({ type, deviceId, receivedAt, domain, payload }: LogEntry): EventData {
  const properties: Properties = { type, deviceId, receivedAt, domain };
  return { body: payload, properties };
}

/**
 * The record an event is, whoever sent it; never throws. From IoT Hub: its device and its clock, for what a device
 * may set itself counts for nothing. From Headway: its properties. From anybody else: a message of device '', which
 * no registry knows, so that admission rejects it and says why; a partition key is no identity.
 */
export function recordOf(event: ReceivedEventData): LogRecord {
  const payload = bytesOf(event.body);
  const position = event.sequenceNumber;
  const enqueuedAt = event.enqueuedTimeUtc?.getTime() ?? 0;
  const device = event.systemProperties?.['iothub-connection-device-id'];
  if (typeof device === 'string') {
    const receivedAt = instantOf(event.systemProperties?.['iothub-enqueuedtime']) ?? enqueuedAt;
    return { type: 'telemetry', deviceId: device, receivedAt, domain: LIVE, payload, position };
  }
  const own = event.properties;
  if (own !== undefined && isOwn(own)) {
    const { type, deviceId, receivedAt, domain } = own;
    return { type, deviceId, receivedAt, domain, payload, position };
  }
  return { type: 'telemetry', deviceId: '', receivedAt: enqueuedAt, domain: LIVE, payload, position };
}

/**
 * How long before the service took it a gateway says that it received this event; below 0 after. Undefined where no
 * gateway's clock is in it: IoT Hub's events, foreign ones, recordings, orders.
 */
export function receivedBeforeMs(event: ReceivedEventData): number | undefined {
  if (event.systemProperties?.['iothub-connection-device-id'] !== undefined) return undefined;
  const own = event.properties;
  if (own === undefined || !isOwn(own) || own.type !== 'telemetry' || own.domain !== LIVE) return undefined;
  return event.enqueuedTimeUtc.getTime() - own.receivedAt;
}

function isOwn(properties: Record<string, unknown>): properties is Record<string, unknown> & Properties {
  const { type, deviceId, receivedAt, domain } = properties;
  return (
    types.has(type) &&
    isName(deviceId) &&
    typeof receivedAt === 'number' &&
    Math.abs(receivedAt) <= MOST_MS &&
    isName(domain)
  );
}

/** What a Date can say. */
const MOST_MS = 8.64e15;

/** Far longer than the registry's, and short enough for the keys of a store: Cosmos DB takes 2 KB. */
const MOST_NAME_CHARS = 512;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_NAME_CHARS;
}

function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** A body in data sections is bytes; values and sequences, which only foreign producers send, are told as JSON. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return new Uint8Array();
  try {
    return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  } catch {
    return Buffer.from(String(body));
  }
}
