import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gtfsFiles } from '#device-sim/transit/gtfs-files.ts';
import type { Bench } from './bench-row.ts';
import { lineNetwork } from './line-fleet.ts';

const DAY = Date.parse('2026-03-12T04:00:00Z');

/** `headway gtfs import` of a folder, from its start to its end. */
export const gtfsImport: Bench = {
  name: 'gtfs-import',
  run: async (scale) => {
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    try {
      const network = lineNetwork(scale === 'full' ? 1_000 : 100, DAY, DAY + 27_500_000);
      const feed = join(directory, 'feed');
      mkdirSync(feed);
      for (const [name, text] of gtfsFiles(network, '2026-03-01', '2026-03-31'))
        writeFileSync(join(feed, name), text);
      const stopTimes = network.tripsOn('').reduce((n, t) => n + t.arrivalS.length, 0);
      const started = performance.now();
      await promisify(execFile)(process.execPath, [
        'apps/cli/main.ts',
        'gtfs',
        'import',
        feed,
        '--data',
        join(directory, 'data'),
      ]);
      return [
        {
          name: `GTFS feed of ${stopTimes.toLocaleString('en-GB')} stop times imported`,
          value: Math.round((performance.now() - started) / 100) / 10,
          unit: 's',
          atMost: 10,
        },
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
