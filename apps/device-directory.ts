import type { Registry, RegistryView } from '#domain/registry/registry.ts';
import type { DeviceDirectory } from '#ingest/gateway/device-directory.ts';

/** The gateway's view of the registry, kept up to date in memory. `stop` ends the looking. */
export async function followRegistry(
  registry: Registry,
  everyMs: number,
): Promise<DeviceDirectory & { stop(): void; refresh(): Promise<void> }> {
  let view: RegistryView = await registry.view();
  const refresh = async (): Promise<void> => {
    if ((await registry.version()) !== view.version) view = await registry.view();
  };
  const timer = setInterval(() => void refresh(), everyMs);
  return {
    find: (deviceId) => view.at('device', deviceId, Date.now()),
    refresh,
    stop: () => clearInterval(timer),
  };
}
