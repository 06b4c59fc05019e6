import { type Instant, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { type ClockDomain, LIVE } from '#domain/log.ts';
import type { DeviceDirectory, KnownDevice } from './device-directory.ts';
import type { DoorReason } from './door-reason.ts';
import { type HubRequest, hubFilters, hubRequest } from './hub-topics.ts';

/** What a PUBLISH on a topic is, once the sender may send it. */
export type Permit = LogPermit | { type: 'hub'; request: HubRequest };

/** For the log. */
export interface LogPermit {
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
 * only as itself, and ask IoT Hub's questions of its twin and answer its methods; a recorder, on the last form, for the devices of its domain, with `receivedAt=` (RFC 3339) and,
 * for the end record of a device, `end=1`.
 */
export function permit(
  topic: string,
  sender: KnownDevice,
  directory: DeviceDirectory,
  now: Instant,
): Permit | DoorReason {
  const parts = telemetryTopic.exec(topic);
  if (!parts) {
    const request = sender.role === 'sensor' ? hubRequest(topic) : undefined;
    return request ? { type: 'hub', request } : 'not-your-topic';
  }
  const hubId = parts[1];
  const subjectId = hubId ?? parts[3]!;
  const properties = (hubId === undefined ? parts[4] : parts[2]) ?? '';
  return sender.role === 'sensor'
    ? sensorPermit(sender, subjectId, properties)
    : hubId === undefined
      ? recorderPermit(sender, directory.find(subjectId), properties, now)
      : 'not-your-topic';
}

/** A sensor may listen where IoT Hub would speak to it, and nowhere else. */
export function maySubscribe(filter: string, device: KnownDevice): boolean {
  return device.role === 'sensor' && (forAll.has(filter) || filter === hubFilters.messages(device.deviceId));
}

const telemetryTopic =
  /^(?:devices\/([^/]+)\/messages\/events\/(.*)|headway\/v1\/([^/]+)\/telemetry(?:\/(.*))?)$/s;
const forAll: ReadonlySet<string> = new Set([hubFilters.twinAnswers, hubFilters.desired, hubFilters.methods]);

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
