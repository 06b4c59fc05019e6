import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, BenchRow } from './bench-row.ts';
import type { HeldOutError } from './held-out-process.ts';

const shared = resolve(import.meta.dirname, '../../../shared/data/road');

/** Where truly observed values come from, and the day that is held out: the last whole one. */
const sources = [
  {
    name: 'METR-LA',
    replay: ['metr-la', join(shared, 'metr-la-week')],
    day: '2012-03-07',
    field: 'speed_kmh',
    unit: 'km/h',
  },
  {
    name: 'SCATS',
    replay: ['scats', join(shared, 'scats-melbourne')],
    day: '2006-10-19',
    field: 'flow_veh_h',
    unit: 'veh/h',
  },
  { name: 'simulated', replay: undefined, day: '2026-03-11', field: 'flow_veh_h', unit: 'veh/h' },
] as const;

/** Values that were observed are hidden and filled again: error by method, beside naive means of the same values. */
export const imputation: Bench = {
  name: 'imputation',
  missing: () => (existsSync(shared) ? undefined : `needs the recordings in ${shared}`),
  run: async (scale) => {
    const rows: BenchRow[] = [];
    // The recordings take minutes.
    for (const source of sources.filter((s) => scale === 'full' || s.replay === undefined)) {
      const data = mkdtempSync(join(process.cwd(), '.headway-bench-'));
      try {
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [
            fileURLToPath(new URL('./held-out-process.ts', import.meta.url)),
            data,
            JSON.stringify(source),
            scale,
          ],
          { maxBuffer: 1e8 },
        );
        for (const e of JSON.parse(stdout.trim().split('\n').at(-1)!) as HeldOutError[]) {
          const name = `${source.name}, ${e.hidden}: ${e.method} (${e.n.toLocaleString('en-GB')} values)`;
          rows.push({ name, value: round(e.mae), unit: `${source.unit} off` });
        }
      } finally {
        rmSync(data, { recursive: true, force: true });
      }
    }
    return rows;
  },
};

const round = (value: number) => Math.round(value * 100) / 100;
