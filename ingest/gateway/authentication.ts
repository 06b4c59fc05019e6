import { createHash, timingSafeEqual } from 'node:crypto';
import type { Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { DeviceDirectory, KnownDevice } from './device-directory.ts';
import type { DoorReason } from './door-reason.ts';
import { parseSasToken, signedWith } from './sas-token.ts';

export interface Credentials {
  clientId: string;
  username: string | undefined;
  password: Buffer | undefined;
}

export type Authentication =
  | { type: 'known'; device: KnownDevice; validUntil: Instant }
  | { type: 'refused'; reason: DoorReason; deviceId: string };

/**
 * Who is it? Either as an Azure IoT Hub device (username `host/deviceId/?api-version=..`, a SAS token for a password)
 * or plainly (username = device id, password = key). The client id is the device id; a recorder may add `/anything`
 * to it and so hold several connections.
 */
export function authenticate(
  { clientId, username = '', password = Buffer.alloc(0) }: Credentials,
  directory: DeviceDirectory,
  now: Instant,
  hubName: string | undefined,
): Authentication {
  const hub = hubUsername.exec(username);
  const deviceId = hub ? hub[2]! : username;
  const device = directory.find(deviceId);
  const refused = (reason: DoorReason): Authentication => ({
    type: 'refused',
    reason,
    deviceId: device ? deviceId : '',
  });

  let validUntil = Number.POSITIVE_INFINITY;
  if (hub) {
    const host = hub[1]!.toLowerCase();
    const token = parseSasToken(password.toString('utf8'));
    if (!token || !isOurs(host, hubName) || !isResource(token.resource, host, deviceId)) {
      return refused('bad-credentials');
    }
    if (!signedWith(token, device?.key ?? '') || !device) return refused('bad-credentials');
    if (token.expiresAt <= now) return refused('expired-token');
    validUntil = token.expiresAt;
  } else if (!sameSecret(password, Buffer.from(device?.key ?? '')) || !device) {
    return refused('bad-credentials');
  }

  const isClient =
    clientId === deviceId || (device.role === 'recorder' && clientId.startsWith(`${deviceId}/`));
  if (!isClient) return refused('bad-credentials');
  if (device.role === 'sensor' && device.domain !== LIVE) return refused('recording-device');
  return { type: 'known', device, validUntil };
}

const hubUsername = /^([^/]+)\/([^/]+)\/\?(?:.*&)?api-version=/;
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

function isOurs(host: string, hubName: string | undefined): boolean {
  return host === hubName?.toLowerCase() || loopback.test(host);
}

function isResource(resource: string, host: string, deviceId: string): boolean {
  return (
    resource.slice(0, host.length).toLowerCase() === host &&
    resource.slice(host.length) === `/devices/${deviceId}`
  );
}

function sameSecret(given: Buffer, expected: Buffer): boolean {
  const digest = (secret: Buffer) => createHash('sha256').update(secret).digest();
  return timingSafeEqual(digest(given), digest(expected)) && expected.length > 0;
}
