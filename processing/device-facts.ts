import { formatInstant, type Instant } from '#domain/instant.ts';
import type { Rejection } from '#domain/outcome.ts';
import type { Device, Installation } from '#domain/registry/entries.ts';
import type { Held, RegistryView } from '#domain/registry/registry.ts';

/**
 * What the registry says of one device: where it stood, when, and what it should have sent from there. The place that
 * was asked for last stands in the open: nearly always it is the next one too.
 */
export interface DeviceFacts {
  placeAt(at: Instant): Installation | Rejection;
  /** `siteId` held in [from, to). */
  last: { from: Instant; to: Instant; siteId: string };
}

/** Facts of every device at one registry version; looked up once a record. */
export function deviceDirectory(view: RegistryView): (deviceId: string) => DeviceFacts {
  const devices = groupById(view.history('device'));
  const installations = groupById(view.history('installation'));
  const known = new Map<string, DeviceFacts>();
  return (deviceId) => {
    let facts = known.get(deviceId);
    if (!facts) {
      facts = deviceFacts(deviceId, devices.get(deviceId) ?? [], installations.get(deviceId) ?? []);
      // Unknown names come from outside and are not remembered: they could be without number.
      if (devices.has(deviceId)) known.set(deviceId, facts);
    }
    return facts;
  };
}

function groupById<T>(held: readonly Held<T>[]): Map<string, Held<T>[]> {
  const groups = new Map<string, Held<T>[]>();
  for (const h of held) {
    const group = groups.get(h.id);
    if (group) group.push(h);
    else groups.set(h.id, [h]);
  }
  return groups;
}

function deviceFacts(
  deviceId: string,
  devices: readonly Held<Device>[],
  installations: readonly Held<Installation>[],
): DeviceFacts {
  let body: Installation | undefined;
  const facts: DeviceFacts = {
    last: { from: 0, to: 0, siteId: '' },
    placeAt: (at) => {
      const { last } = facts;
      if (body && at >= last.from && at < last.to) return body;
      const device = heldAt(devices, at);
      if (!device) return missing('device', deviceId, devices, at);
      const installation = heldAt(installations, at);
      if (!installation) return missing('installation', deviceId, installations, at);
      body = installation.body;
      last.from = Math.max(device.validFrom, installation.validFrom);
      last.to = Math.min(device.validTo, installation.validTo);
      last.siteId = body.siteId;
      return body;
    },
  };
  return facts;
}

function heldAt<T>(timeline: readonly Held<T>[], at: Instant): Held<T> | undefined {
  return timeline.findLast((held) => at >= held.validFrom && at < held.validTo);
}

function missing(
  what: 'device' | 'installation',
  deviceId: string,
  timeline: readonly Held<unknown>[],
  at: Instant,
): Rejection {
  const before = timeline.findLast((held) => held.validTo <= at);
  if (before) {
    return {
      reason: `retired-${what}`,
      detail: `${what} of ${deviceId} ended ${formatInstant(before.validTo)}; the reading is of ${formatInstant(at)}`,
    };
  }
  const after = timeline[0];
  return {
    reason: `unknown-${what}`,
    detail: after
      ? `${what} of ${deviceId} begins ${formatInstant(after.validFrom)}; the reading is of ${formatInstant(at)}`
      : `no ${what} of ${deviceId} is registered`,
  };
}
