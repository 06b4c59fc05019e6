import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const measuredPackages = ['aedes', 'mqtt-packet', 'ajv', 'zod', '@duckdb/node-api'];

export interface Machine {
  machine: string;
  /** Processes that wanted a core in the minute before: above 0, something else was running. */
  loadBefore: number;
  /** JSON.parse of a reading from bytes on one core: tells a slow hour of the machine from a slow program. */
  yardstick: string;
  versions: Record<string, string>;
}

export function machine(): Machine {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return {
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? arch()}, ${memoryGb} GB, ${platform()} ${release()}`,
    loadBefore: Math.round(loadavg()[0]! * 10) / 10,
    yardstick: `${(parsesPerS() / 1e6).toFixed(2)} M JSON.parse/s`,
    versions: {
      headway: commit(),
      node: process.version,
      sqlite: process.versions.sqlite ?? '',
      ...Object.fromEntries(measuredPackages.map((name) => [name, packageVersion(name)])),
    },
  };
}

function packageVersion(name: string): string {
  const path = join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function parsesPerS(): number {
  const bytes = Buffer.from(
    '{"kind":"traffic-flow","observedAt":"2026-05-01T08:00:00Z","periodS":60,"lane":1,"count":23,"speedKmh":87.4,"occupancy":0.113,"seq":123456}',
  );
  let best = 0;
  let counted = 0;
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    for (let i = 0; i < 100_000; i++)
      counted += (JSON.parse(bytes.toString('latin1')) as { count: number }).count;
    best = Math.max(best, 100_000 / ((performance.now() - started) / 1_000));
  }
  return counted > 0 ? best : 0;
}
