import { randomBytes } from 'node:crypto';
import type { Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { Device } from '#domain/registry/entries.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import { type HubIdentity, hubIdentities } from './hub-identities.ts';
import type { HubRegistry } from './hub-registry.ts';
import { retried } from './retried.ts';

export interface HubChange {
  deviceId: string;
  /** 'foreign': in the hub, and never in Headway's registry: left alone. */
  change: 'created' | 'updated' | 'disabled' | 'foreign' | 'failed';
  detail: string;
}

export interface Provisioned {
  changes: HubChange[];
  unchanged: number;
}

/**
 * Makes IoT Hub follow Headway's registry as it holds at `at`: its live sensors are there and enabled, with their key
 * or thumbprints; those that have been retired are disabled (their twin stays). Done twice, the second time changes
 * nothing. `dryRun` only tells.
 */
export async function provisionIotHub(
  registry: HubRegistry,
  view: RegistryView,
  at: Instant,
  { dryRun }: { dryRun: boolean },
): Promise<Provisioned> {
  const present = await hubIdentities(registry);
  const creations: Change[] = [];
  const updates: Change[] = [];
  const changes: HubChange[] = [];
  let unchanged = 0;
  const wanted = liveSensors(view, at);
  for (const device of wanted.values()) {
    const held = present.get(device.deviceId);
    const detail = held ? difference(device, held) : '';
    if (held && detail === '') unchanged++;
    else {
      const change = { body: enabled(device, held), change: held ? 'updated' : 'created', detail } as const;
      (held ? updates : creations).push(change);
    }
  }
  for (const held of present.values()) {
    const { deviceId } = held;
    if (wanted.has(deviceId)) continue;
    if (!view.known('device', deviceId)) {
      changes.push({ deviceId, change: 'foreign', detail: 'not of this registry: left as it is' });
    } else if (held.enabled) {
      updates.push({ body: disabled(held), change: 'disabled', detail: 'retired' });
    } else unchanged++;
  }
  const none: ReadonlyMap<string, string> = new Map();
  for (const batch of batches(creations)) {
    const failed = dryRun ? none : await bulk(() => registry.addDevices(bodies(batch)));
    changes.push(...outcomes(batch, failed));
  }
  for (const batch of batches(updates)) {
    const failed = dryRun ? none : await bulk(() => registry.updateDevices(bodies(batch), true));
    changes.push(...outcomes(batch, failed));
  }
  return { changes, unchanged };
}

interface Change {
  body: HubDevice;
  change: 'created' | 'updated' | 'disabled';
  detail: string;
}

/** What the SDK sends. */
interface HubDevice {
  deviceId: string;
  status: 'enabled' | 'disabled';
  statusReason?: string;
  authentication: object;
}

/** A bulk request may have no more. */
const BATCH = 100;

function liveSensors(view: RegistryView, at: Instant): Map<string, Device> {
  const devices = view
    .history('device')
    .filter((held) => held.validFrom <= at && at < held.validTo)
    .map((held) => held.body)
    .filter((device) => device.domain === LIVE && device.role === 'sensor');
  return new Map(devices.map((device) => [device.deviceId, device]));
}

function difference(device: Device, held: HubIdentity): string {
  const differs: string[] = [];
  if (!held.enabled) differs.push('was disabled');
  if (device.thumbprints) {
    if (held.type !== 'selfSigned') differs.push(`authentication was ${held.type}`);
    else if (held.thumbprints.join() !== device.thumbprints.join()) differs.push('other thumbprints');
  } else {
    if (held.type !== 'sas') differs.push(`authentication was ${held.type}`);
    else if (held.primaryKey !== device.key) differs.push('another key');
  }
  return differs.join(', ');
}

function enabled({ deviceId, key, thumbprints }: Device, held: HubIdentity | undefined): HubDevice {
  const [primaryThumbprint, secondaryThumbprint] = thumbprints ?? [];
  const authentication = thumbprints
    ? { type: 'selfSigned', x509Thumbprint: { primaryThumbprint, secondaryThumbprint } }
    : {
        type: 'sas',
        // The hub wants two: the second is nobody's.
        symmetricKey: {
          primaryKey: key,
          secondaryKey: held?.secondaryKey ?? randomBytes(32).toString('base64'),
        },
      };
  return { deviceId, status: 'enabled', authentication };
}

function disabled({ deviceId, type, primaryKey, secondaryKey, thumbprints }: HubIdentity): HubDevice {
  const [primaryThumbprint, secondaryThumbprint] = thumbprints;
  const authentication =
    type === 'selfSigned'
      ? { type, x509Thumbprint: { primaryThumbprint, secondaryThumbprint } }
      : { type, symmetricKey: { primaryKey, secondaryKey } };
  return { deviceId, status: 'disabled', statusReason: 'retired in Headway', authentication };
}

/** By device, why it failed. */
async function bulk(call: () => Promise<unknown>): Promise<Map<string, string>> {
  try {
    await retried(call);
    return new Map();
  } catch (error) {
    const { errors } = refusalOf(error);
    if (errors.length === 0) throw error;
    return new Map(errors.map((each) => [each.deviceId, `${each.errorCode}: ${each.errorStatus}`]));
  }
}

/** A bulk in which some failed is answered with 400 and a list of those; the others are done. */
function refusalOf(error: unknown): {
  errors: { deviceId: string; errorCode: string; errorStatus: string }[];
} {
  try {
    const body = JSON.parse((error as { responseBody: string }).responseBody) as { errors?: [] };
    return { errors: body.errors ?? [] };
  } catch {
    return { errors: [] };
  }
}

function outcomes(batch: readonly Change[], failed: ReadonlyMap<string, string>): HubChange[] {
  return batch.map(({ body, change, detail }) => {
    const fault = failed.get(body.deviceId);
    return fault === undefined
      ? { deviceId: body.deviceId, change, detail }
      : { deviceId: body.deviceId, change: 'failed', detail: fault };
  });
}

function* batches(changes: readonly Change[]): Generator<readonly Change[]> {
  for (let from = 0; from < changes.length; from += BATCH) yield changes.slice(from, from + BATCH);
}

function bodies(batch: readonly Change[]): never[] {
  // The SDK's type for a device has everything that the service itself adds.
  return batch.map(({ body }) => body) as never[];
}
