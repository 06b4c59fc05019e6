import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto';
import type { Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { DeviceDirectory, KnownDevice } from './device-directory.ts';
import type { DoorReason } from './door-reason.ts';
import { parseSasToken, signedWith } from './sas-token.ts';

export interface Credentials {
  clientId: string;
  username: string | undefined;
  password: Buffer | undefined;
  /** That the client has shown, and shown to have the key of; nobody has vouched for it. */
  certificate: X509Certificate | undefined;
}

/** What the device has shown: one of its keys, or a certificate by its thumbprint. */
export type Proof = { key: string } | { thumbprint: string };

export type Authentication =
  | { type: 'known'; device: KnownDevice; proof: Proof; validUntil: Instant }
  | { type: 'refused'; reason: DoorReason; deviceId: string };

/**
 * Who is it? Either as an Azure IoT Hub device (username `host/deviceId/?api-version=..`, a SAS token for a password)
 * or plainly (username = device id, password = key); or without a password, by a client certificate whose thumbprint
 * is registered. The client id is the device id; a recorder may add `/anything` to it and so hold several connections.
 */
export function authenticate(
  credentials: Credentials,
  directory: DeviceDirectory,
  now: Instant,
  hubName: string | undefined,
): Authentication {
  const { clientId, username = '', password, certificate } = credentials;
  const hub = hubUsername.exec(username);
  const deviceId = hub ? hub[2]! : username;
  const host = hub ? hub[1]!.toLowerCase() : undefined;
  const device = directory.find(deviceId);
  const refused = (reason: DoorReason): Authentication => ({
    type: 'refused',
    reason,
    deviceId: device ? deviceId : '',
  });

  const shown =
    certificate && !password?.length
      ? byCertificate(certificate, device)
      : host === undefined
        ? byKey(password, device)
        : isOurs(host, hubName)
          ? byToken(password, host, deviceId, device)
          : undefined;
  if (!shown || !device) return refused('bad-credentials');
  if (shown.validFrom > now || shown.validUntil <= now) {
    return refused('thumbprint' in shown.proof ? 'expired-certificate' : 'expired-token');
  }
  const isClient =
    clientId === deviceId || (device.role === 'recorder' && clientId.startsWith(`${deviceId}/`));
  if (!isClient) return refused('bad-credentials');
  if (device.role === 'sensor' && device.domain !== LIVE) return refused('recording-device');
  return { type: 'known', device, proof: shown.proof, validUntil: shown.validUntil };
}

/** Whether what a device has shown is still good for it. */
export function stillHolds(device: KnownDevice, proof: Proof): boolean {
  return 'key' in proof
    ? device.key === proof.key || device.secondaryKey === proof.key
    : (device.thumbprints?.includes(proof.thumbprint) ?? false);
}

interface Shown {
  proof: Proof;
  validFrom: Instant;
  validUntil: Instant;
}

const hubUsername = /^([^/]+)\/([^/]+)\/\?(?:.*&)?api-version=/;
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** The comparisons take as long where there is no such device. */
function byToken(
  password: Buffer | undefined,
  host: string,
  deviceId: string,
  device: KnownDevice | undefined,
): Shown | undefined {
  const token = parseSasToken(password?.toString('utf8') ?? '');
  if (!token || !isResource(token.resource, host, deviceId)) return undefined;
  const key = keysOf(device).find((each) => signedWith(token, each));
  // Anybody can sign with the empty key of a device that has none.
  return key ? { proof: { key }, validFrom: 0, validUntil: token.expiresAt } : undefined;
}

function byKey(password: Buffer | undefined, device: KnownDevice | undefined): Shown | undefined {
  const key = keysOf(device).find((each) => sameSecret(password ?? Buffer.alloc(0), Buffer.from(each)));
  return key ? { proof: { key }, validFrom: 0, validUntil: Number.POSITIVE_INFINITY } : undefined;
}

function byCertificate(certificate: X509Certificate, device: KnownDevice | undefined): Shown | undefined {
  const { fingerprint, fingerprint256, validFromDate, validToDate } = certificate;
  const thumbprints = [fingerprint, fingerprint256].map((each) => each.replaceAll(':', ''));
  const thumbprint = thumbprints.find((each) => device?.thumbprints?.includes(each));
  if (thumbprint === undefined) return undefined;
  return { proof: { thumbprint }, validFrom: validFromDate.getTime(), validUntil: validToDate.getTime() };
}

function keysOf(device: KnownDevice | undefined): string[] {
  const { key = '', secondaryKey } = device ?? {};
  return secondaryKey === undefined ? [key] : [key, secondaryKey];
}

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
