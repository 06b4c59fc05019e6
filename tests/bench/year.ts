import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import { makeYearLake } from './year-lake.ts';

const NEEDED_BYTES = 16e9;

/**
 * A year of 1,000 sensors, and three months of 10,000: questions as a measure answers them, needs and shares included,
 * and as plain SQL does; and every report. The full lakes stay in the temporary directory and serve the next run.
 */
export const year: Bench = {
  name: 'year',
  missing: () => {
    const { bavail, bsize } = statfsSync(tmpdir());
    return bavail * bsize < NEEDED_BYTES ? `${NEEDED_BYTES / 1e9} GB free in ${tmpdir()}` : undefined;
  },
  run: async (scale: Scale) => {
    if (scale === 'full') {
      return [
        ...(await measured(join(tmpdir(), 'headway-year-1000'), 1_000, 365, 'year of 1,000 sensors')),
        ...(await measured(join(tmpdir(), 'headway-year-10000'), 10_000, 90, '3 months of 10,000 sensors')),
      ];
    }
    const directory = mkdtempSync(join(tmpdir(), 'headway-year-'));
    try {
      return await measured(directory, 80, 8, '8 days of 80 sensors');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measured(directory: string, sensors: number, days: number, what: string): Promise<BenchRow[]> {
  // A day more than is asked for, so that the last month is over, as a year is when it is reported on.
  const rollupS = await makeYearLake(directory, sensors, days + 1);
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [
      fileURLToPath(new URL('./year-process.ts', import.meta.url)),
      directory,
      String(sensors),
      String(days),
      what,
    ],
    { maxBuffer: 1e7 },
  );
  process.stderr.write(stderr);
  return [
    { name: `${what}: windows`, value: (sensors * days * 288) / 1e6, unit: 'M rows' },
    { name: `${what}: roll-ups made, for a day of data`, value: rollupS, unit: 's' },
    ...(JSON.parse(stdout) as BenchRow[]),
  ];
}
