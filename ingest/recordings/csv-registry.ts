import type { Caveats } from './caveats.ts';
import type { CsvColumns } from './csv-columns.ts';
import type { CsvMap } from './csv-map.ts';
import { csvStream } from './csv-stream.ts';
import { emptyRegistry, type RecordedRegistry } from './recording.ts';
import { RecordingFault } from './recording-fault.ts';

/** What a device of the file reports on. */
export interface CsvDevice {
  printed: string;
  directions: Set<string>;
  lanes: Set<number>;
}

/**
 * The devices of a file. Reads it once through where the map takes devices, directions or lanes from columns.
 * @throws RecordingFault when two printed devices come to one id.
 */
export async function csvDevices(
  file: string,
  map: CsvMap,
  columns: CsvColumns,
): Promise<Map<string, CsvDevice>> {
  const devices = new Map<string, CsvDevice>();
  const note = (cells: readonly string[]): void => {
    for (const source of columns.series) {
      const named = source.device(cells);
      if (!named) continue;
      let device = devices.get(named.deviceId);
      if (!device) {
        device = { printed: named.printed, directions: new Set(), lanes: new Set() };
        devices.set(named.deviceId, device);
      }
      if (device.printed !== named.printed) {
        throw new RecordingFault(
          `two devices of ${file} come to one id`,
          `${device.printed} and ${named.printed} are both ${named.deviceId}`,
          'Take another column for the device.',
        );
      }
      const direction = source.direction(cells);
      const lane = source.lane(cells);
      if (direction) device.directions.add(direction);
      if (lane) device.lanes.add(lane);
    }
  };
  if (namesColumns(map)) {
    for await (const { row, cells } of csvStream(file, map, () => {})) if (row > 1) note(cells);
  } else {
    note([]);
  }
  return devices;
}

export function csvRegistry(
  map: CsvMap,
  devices: ReadonlyMap<string, CsvDevice>,
  opened: Caveats,
): RecordedRegistry {
  const registry = emptyRegistry();
  const placed = new Map((map.sites ?? []).map((s) => [s.deviceId, s]));
  const siteIds = new Set<string>();
  for (const [deviceId, device] of devices) {
    const { deviceId: _, ...site } = placed.get(deviceId) ?? { deviceId };
    const siteId = site.siteId ?? deviceId;
    if (!site.position) opened.add('no-position', 'the site has no position', deviceId);
    if (!siteIds.has(siteId)) {
      registry.sites.push({ name: device.printed, ...site, siteId });
      siteIds.add(siteId);
    }
    registry.deviceIds.push(deviceId);
    registry.installations.push({
      deviceId,
      siteId,
      ...(map.periodS !== undefined && { periodS: map.periodS }),
      ...(device.lanes.size > 0 && { lanes: [...device.lanes].sort((a, b) => a - b) }),
      ...(device.directions.size > 0 && { directions: [...device.directions] }),
    });
  }
  return registry;
}

function namesColumns(map: CsvMap): boolean {
  return (
    typeof map.device === 'object' ||
    map.series.some((s) => [s.device, s.direction, s.lane].some((from) => typeof from === 'object'))
  );
}
