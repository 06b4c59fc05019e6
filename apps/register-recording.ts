import { createHash, randomBytes } from 'node:crypto';
import type { RegistryKind } from '#domain/registry/entries.ts';
import { ALWAYS, type NewRegistryChange, type RegistryView } from '#domain/registry/registry.ts';
import type { RecordedRegistry } from '#ingest/recordings/recording.ts';

export interface Recorder {
  recorderId: string;
  key: string;
}

/**
 * What the registry must gain before a recording can be sent: its network, its devices in its own clock domain (valid
 * always: a recording is of the past), and the recorder that may send for them. Nothing for what is there already.
 */
export function recordingChanges(
  view: RegistryView,
  name: string,
  registry: RecordedRegistry,
): { changes: NewRegistryChange[]; recorder: Recorder } {
  const domain = `recording:${name}`;
  const recorderId = `recorder-${name}`;
  const held = view.at('device', recorderId, Date.now());
  const key = held?.key ?? newKey();
  const wanted: [RegistryKind, string, NewRegistryChange['body']][] = [
    ...registry.links.map((b) => ['link', b.linkId, b] as const),
    ...registry.sites.map((b) => ['site', b.siteId, b] as const),
    ...registry.corridors.map((b) => ['corridor', b.corridorId, b] as const),
    ...registry.zones.map((b) => ['zone', b.zoneId, b] as const),
    ...registry.deviceIds.map(
      (deviceId) =>
        [
          'device',
          deviceId,
          view.at('device', deviceId, Date.now()) ?? { deviceId, domain, role: 'sensor', key: newKey() },
        ] as const,
    ),
    ...registry.installations.map((b) => ['installation', b.deviceId, b] as const),
    ['device', recorderId, { deviceId: recorderId, domain, role: 'recorder', key }],
  ] as [RegistryKind, string, NewRegistryChange['body']][];
  const now = Date.now();
  const changes = wanted
    .filter(([kind, id, body]) => fingerprint(view.at(kind, id, now)) !== fingerprint(body))
    .map(([kind, id, body]) => ({ kind, id, validFrom: ALWAYS, body }));
  return { changes, recorder: { recorderId, key } };
}

function newKey(): string {
  return randomBytes(32).toString('base64');
}

function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** JSON with sorted keys: what is equal reads equal. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  );
}
