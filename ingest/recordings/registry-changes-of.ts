import type { RegistryBodies, RegistryKind } from '#domain/registry/entries.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import type { Recording } from './recording.ts';

/** The recorder that sends a recording, and the key it shows at the door. */
export interface Recorder {
  deviceId: string;
  key: string;
}

export function clockDomainOf(recording: Pick<Recording, 'name'>): string {
  return `recording:${recording.name}`;
}

/**
 * Everything the registry must know before the recording is sent, valid always: its network, its devices, and its
 * recorder. `newKey` makes a device key (base64); no recorded device ever shows it.
 */
export function registryChangesOf(
  recording: Pick<Recording, 'name' | 'registry'>,
  recorder: Recorder,
  newKey: () => string,
): NewRegistryChange[] {
  const { sites, links, corridors, zones, deviceIds, installations } = recording.registry;
  const domain = clockDomainOf(recording);
  const change = <K extends RegistryKind>(
    kind: K,
    id: string,
    body: RegistryBodies[K],
  ): NewRegistryChange => ({
    kind,
    id,
    validFrom: ALWAYS,
    body,
  });
  return [
    ...sites.map((body) => change('site', body.siteId, body)),
    ...links.map((body) => change('link', body.linkId, body)),
    ...corridors.map((body) => change('corridor', body.corridorId, body)),
    ...zones.map((body) => change('zone', body.zoneId, body)),
    ...deviceIds.map((deviceId) =>
      change('device', deviceId, { deviceId, domain, role: 'sensor', key: newKey() }),
    ),
    ...installations.map((body) => change('installation', body.deviceId, body)),
    change('device', recorder.deviceId, { ...recorder, domain, role: 'recorder' }),
  ];
}
