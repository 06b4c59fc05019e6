import type { HubRegistry } from './hub-registry.ts';
import { retried } from './retried.ts';

/** What Headway must know of a device in IoT Hub to see whether it is as it should be. */
export interface HubIdentity {
  deviceId: string;
  enabled: boolean;
  type: string;
  primaryKey: string | undefined;
  secondaryKey: string | undefined;
  /** Upper case. */
  thumbprints: string[];
}

/** `GET /devices` gives no more than this, keys included. */
const LISTED = 1_000;
const PAGE = 1_000;
const GETS_AT_ONCE = 8;

/**
 * Every device of the hub. Up to 1,000 come in one request; beyond that the hub lists them by query, without keys, and
 * each one that has a key is asked for by itself.
 */
export async function hubIdentities(registry: HubRegistry): Promise<Map<string, HubIdentity>> {
  const { responseBody } = await retried(() => registry.list());
  if (responseBody.length < LISTED) return byId(responseBody.map((device) => toIdentity(device)));
  const found: HubIdentity[] = [];
  const query = registry.createQuery('SELECT * FROM devices', PAGE);
  while (query.hasMoreResults) {
    const page = await retried(() => query.nextAsTwin());
    const twins = page.result as unknown as StoredTwin[];
    for (let from = 0; from < twins.length; from += GETS_AT_ONCE) {
      const some = twins.slice(from, from + GETS_AT_ONCE);
      found.push(...(await Promise.all(some.map((twin) => identityOf(registry, twin)))));
    }
  }
  return byId(found);
}

async function identityOf(registry: HubRegistry, twin: StoredTwin): Promise<HubIdentity> {
  if (twin.authenticationType === 'sas') {
    return toIdentity((await retried(() => registry.get(twin.deviceId))).responseBody);
  }
  return toIdentity({
    deviceId: twin.deviceId,
    status: twin.status,
    authentication: {
      type: twin.authenticationType,
      ...(twin.x509Thumbprint ? { x509Thumbprint: twin.x509Thumbprint } : {}),
    },
  });
}

function toIdentity(device: StoredDevice): HubIdentity {
  const { type, symmetricKey, x509Thumbprint } = device.authentication ?? {};
  const { primaryThumbprint, secondaryThumbprint } = x509Thumbprint ?? {};
  return {
    deviceId: device.deviceId,
    enabled: device.status !== 'disabled',
    type: type ?? 'sas',
    primaryKey: symmetricKey?.primaryKey ?? undefined,
    secondaryKey: symmetricKey?.secondaryKey ?? undefined,
    thumbprints: [primaryThumbprint, secondaryThumbprint].flatMap((t) => (t ? [t.toUpperCase()] : [])),
  };
}

/** As the service writes it: the SDK's types leave half of it open. */
interface StoredDevice {
  deviceId: string;
  status?: string;
  authentication?: {
    type?: string | undefined;
    symmetricKey?: { primaryKey?: string | null; secondaryKey?: string | null };
    x509Thumbprint?: Thumbprints;
  };
}

interface StoredTwin {
  deviceId: string;
  status: string;
  authenticationType: string;
  x509Thumbprint?: Thumbprints;
}

interface Thumbprints {
  primaryThumbprint?: string | null;
  secondaryThumbprint?: string | null;
}

function byId(identities: HubIdentity[]): Map<string, HubIdentity> {
  return new Map(identities.map((identity) => [identity.deviceId, identity]));
}
