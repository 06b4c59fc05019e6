import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { foundCity, runPipeline } from '../system/recovery/run-pipeline.ts';
import type { Bench } from './bench-row.ts';
import { loadDevices, runLoad } from './run-load.ts';

/** The whole pipeline with every sensor of a large city connected and sending, ten times as often as they would. */
export const manySensors: Bench = {
  name: 'many-sensors',
  run: async (scale) => {
    const sensors = scale === 'full' ? 10_000 : 1_000;
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    try {
      await foundCity(directory, loadDevices(sensors));
      const pipeline = await runPipeline(directory);
      const loaded = runLoad({
        port: pipeline.port,
        connections: sensors,
        warmUpS: 0,
        seconds: scale === 'full' ? 20 : 3,
        ratePerS: sensors / 6,
      });
      let highestMb = 0;
      let done = false;
      void loaded.finally(() => {
        done = true;
      });
      while (!done) {
        await sleep(500);
        highestMb = Math.max(highestMb, (await pipeline.sample()).rssMb);
      }
      await loaded;
      await pipeline.stop();
      const name = `memory of the whole pipeline, ${sensors.toLocaleString('en-GB')} sensors connected and sending`;
      return [{ name, value: highestMb, unit: 'MB', atMost: 600 }];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
