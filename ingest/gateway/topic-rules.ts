import { type Instant, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { type ClockDomain, LIVE } from '#domain/log.ts';
import type { DeviceDirectory, KnownDevice } from './device-directory.ts';
import type { DoorReason } from './door-reason.ts';

/** What a PUBLISH on a topic is, once the sender may send it. */
export interface Permit {
  type: 'telemetry' | 'end';
  /** The subject device. */
  deviceId: string;
  domain: ClockDomain;
  /** What a recorder says; `undefined`: the gateway's clock. */
  receivedAt: Instant | undefined;
}

/**
 * May `sender` publish on `topic`? The topics are `devices/{id}/messages/events/{properties}` (IoT Hub's),
 * `headway/v1/{id}/telemetry` and `headway/v1/{id}/telemetry/{properties}`, the properties url-encoded. A sensor may
 * only as itself; a recorder, on the last form, for the devices of its domain, with `receivedAt=` (RFC 3339) and,
 * for the end record of a device, `end=1`.
 */
export function permit(
  topic: string,
  sender: KnownDevice,
  directory: DeviceDirectory,
  now: Instant,
): Permit | DoorReason {
  const parts = telemetryTopic.exec(topic);
  if (!parts) return 'not-your-topic';
  const hubId = parts[1];
  const subjectId = hubId ?? parts[3]!;
  const properties = (hubId === undefined ? parts[4] : parts[2]) ?? '';
  return sender.role === 'sensor'
    ? sensorPermit(sender, subjectId, properties)
    : hubId === undefined
      ? recorderPermit(sender, directory.find(subjectId), properties, now)
      : 'not-your-topic';
}

/** Nothing is sent to devices yet, but a device that listens for it, as the Azure SDKs do, may. */
export function maySubscribe(filter: string, deviceId: string): boolean {
  return hubFilters.has(filter) || filter === `devices/${deviceId}/messages/devicebound/#`;
}

const telemetryTopic =
  /^(?:devices\/([^/]+)\/messages\/events\/(.*)|headway\/v1\/([^/]+)\/telemetry(?:\/(.*))?)$/s;
const hubFilters = new Set([
  '$iothub/twin/res/#',
  '$iothub/twin/PATCH/properties/desired/#',
  '$iothub/methods/POST/#',
]);

function sensorPermit(sender: KnownDevice, subjectId: string, properties: string): Permit | DoorReason {
  if (subjectId !== sender.deviceId) return 'not-your-topic';
  if (sender.domain !== LIVE) return 'recording-device';
  if (properties !== '') {
    const bag = new URLSearchParams(properties);
    if (bag.has('receivedAt') || bag.has('end')) return 'received-at';
  }
  return { type: 'telemetry', deviceId: subjectId, domain: sender.domain, receivedAt: undefined };
}

/** A recorder of the live city may be this far ahead of the gateway: past it, it would drag live time. */
const LIVE_AHEAD_MS = MINUTE_MS;

function recorderPermit(
  sender: KnownDevice,
  subject: KnownDevice | undefined,
  properties: string,
  now: Instant,
): Permit | DoorReason {
  if (subject?.domain !== sender.domain) return 'unknown-recorder-device';
  const bag = new URLSearchParams(properties);
  const receivedAt = parseInstant(bag.get('receivedAt') ?? '');
  if (receivedAt === undefined) return 'received-at';
  if (sender.domain === LIVE && receivedAt > now + LIVE_AHEAD_MS) return 'received-at';
  const end = bag.get('end');
  if (end !== null && end !== '1') return 'malformed';
  return {
    type: end === null ? 'telemetry' : 'end',
    deviceId: subject.deviceId,
    domain: subject.domain,
    receivedAt,
  };
}
