import type { Registry, RegistryView } from '#domain/registry/registry.ts';
import { StoreUnavailable } from '#domain/store.ts';
import type { DeviceDirectory } from '#ingest/gateway/device-directory.ts';

/**
 * The gateway's view of the registry, kept up to date in memory. While the registry can not be reached, devices are let
 * in by what was known last. `stop` ends the looking.
 */
export async function followRegistry(
  registry: Registry,
  everyMs: number,
  onTrouble: (message: string) => void,
): Promise<DeviceDirectory & { stop(): void; refresh(): Promise<void> }> {
  let view: RegistryView = await registry.view();
  let looking = false;
  let outOfReach = false;
  const refresh = async (): Promise<void> => {
    if ((await registry.version()) !== view.version) view = await registry.view();
  };
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await refresh();
      outOfReach = false;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      if (!outOfReach) {
        onTrouble(
          `the registry can not be reached, will try again\n  detail: ${error.message}\n  hint: devices that are known are let in meanwhile`,
        );
      }
      outOfReach = true;
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  return {
    find: (deviceId) => view.at('device', deviceId, Date.now()),
    refresh,
    stop: () => clearInterval(timer),
  };
}
