import type { Instant } from '#domain/instant.ts';
import type { NewRegistryChange } from '#domain/registry/registry.ts';
import type { City } from './city.ts';

/** Everything the registry has to know of a city from `validFrom` on, its devices in one clock domain. */
export function cityRegistry(
  city: City,
  options: { validFrom: Instant; domain: string },
): NewRegistryChange[] {
  const { validFrom, domain } = options;
  return [
    ...city.links.map((body) => ({ kind: 'link' as const, id: body.linkId, validFrom, body })),
    ...city.sites.map((body) => ({ kind: 'site' as const, id: body.siteId, validFrom, body })),
    ...city.corridors.map((body) => ({ kind: 'corridor' as const, id: body.corridorId, validFrom, body })),
    ...city.devices.map((body) => ({
      kind: 'device' as const,
      id: body.deviceId,
      validFrom,
      body: { ...body, domain },
    })),
    ...city.installations.map((body) => ({
      kind: 'installation' as const,
      id: body.deviceId,
      validFrom,
      body,
    })),
  ];
}
