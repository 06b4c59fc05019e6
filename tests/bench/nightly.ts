import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import type { Bench } from './bench-row.ts';
import { makeNightlyLake } from './nightly-lake.ts';

const LAST_DAY = '2026-03-12';

/** Health and imputation of one day, DuckDB with two threads; one detector in twenty fell silent. */
export const nightly: Bench = {
  name: 'nightly',
  run: async (scale) => {
    const sensors = scale === 'full' ? 10_000 : 500;
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    try {
      await makeNightlyLake(directory, simulatedCity({ seed: 1, sensors, timezone: 'UTC' }), LAST_DAY);
      const { stdout } = await promisify(execFile)(process.execPath, [
        fileURLToPath(new URL('./nightly-process.ts', import.meta.url)),
        directory,
        String(sensors),
        LAST_DAY,
      ]);
      const { seconds, cpuSeconds, maxRssMb } = JSON.parse(stdout) as {
        seconds: number;
        cpuSeconds: number;
        maxRssMb: number;
      };
      const of = `${sensors.toLocaleString('en-GB')} detectors`;
      return [
        {
          name: `nightly health and imputation of ${of}`,
          value: round(seconds),
          unit: 's a day of data',
          atMost: 60,
        },
        { name: 'processor time of it', value: round(cpuSeconds), unit: 's' },
        { name: `memory of it`, value: Math.round(maxRssMb), unit: 'MB', atMost: 1_000 },
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

const round = (value: number) => Math.round(value * 10) / 10;
