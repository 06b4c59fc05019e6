import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '#apps/config.ts';
import { type DataDirectory, openDataDirectory } from '#apps/data-directory.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { sendHistory } from '#apps/simulated-history.ts';
import type { City } from '#device-sim/city/city.ts';
import type { Fault } from '#device-sim/faults/fault.ts';
import type { SensorTruth } from '#device-sim/truth/truth.ts';

export function quickConfig(): Config {
  return readConfig(undefined, { HEADWAY_PROCESSING_COMMIT_EVERY_MS: '200' });
}

/** An empty data directory of its own; `remove` closes it and deletes it. */
export function temporaryCity(city: { name: string; timezone: string }): DataDirectory & { remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'headway-'));
  const data = openDataDirectory(path);
  void data.setCity({ name: city.name, timezone: city.timezone });
  const remove = (): void => {
    data.close();
    rmSync(path, { recursive: true, force: true });
  };
  return { ...data, remove };
}

/**
 * Sends a simulated city's past through the real door, to the end of processing. What its sensors must come to is read
 * from the file that the simulator wrote.
 */
export async function sendSimulatedPast(
  data: DataDirectory,
  past: { city: City; from: number; to: number; faults: readonly Fault[] },
): Promise<SensorTruth[]> {
  const truthPath = join(data.path, 'truth.ndjson');
  const pipeline = await startPipeline(quickConfig(), data, { ephemeral: true });
  try {
    await sendHistory({
      ...past,
      data,
      truthPath,
      host: '127.0.0.1',
      port: pipeline.gateway.port,
      registered: pipeline.refreshDevices,
    });
    await pipeline.processed();
  } finally {
    await pipeline.stop();
  }
  return readFileSync(truthPath, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{"truth":"sensor",'))
    .map((line) => JSON.parse(line) as SensorTruth);
}
