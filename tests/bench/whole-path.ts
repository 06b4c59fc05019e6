import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foundCity, runPipeline } from '../system/recovery/run-pipeline.ts';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import { loadDevices, runLoad } from './run-load.ts';

export const CONNECTIONS = 50;

/** Door, log, processing and store in one process, loaded from another. */
export const wholePath: Bench = {
  name: 'whole-path',
  run: async (scale) => (await measureWholePath(scale)).rows,
};

export async function measureWholePath(scale: Scale): Promise<{ rows: BenchRow[]; committedPerS: number }> {
  const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
  try {
    await foundCity(directory, loadDevices(CONNECTIONS));
    const pipeline = await runPipeline(directory, {
      execArgv: process.env.HEADWAY_BENCH_PROFILE
        ? ['--cpu-prof', `--cpu-prof-dir=${process.env.HEADWAY_BENCH_PROFILE}`]
        : [],
    });
    const before = await pipeline.sample();
    const started = performance.now();
    const load = await runLoad({
      port: pipeline.port,
      connections: CONNECTIONS,
      warmUpS: scale === 'full' ? 2 : 1,
      seconds: scale === 'full' ? 10 : 3,
      window: 40,
    });
    const atEnd = await pipeline.sample();
    const lastAck = performance.now();
    const caughtUp = await pipeline.processed();
    const behindS = (performance.now() - lastAck) / 1_000;
    const loadedS = (lastAck - started) / 1_000;
    await pipeline.stop();
    const { ledger } = caughtUp;
    if (ledger.counted !== load.sent || ledger.received !== load.sent)
      throw new Error(`sent ${load.sent} readings, the ledger says ${JSON.stringify(ledger)}`);
    const committedPerS = load.sent / (loadedS + behindS);
    const rows: BenchRow[] = [
      {
        name: 'durable QoS 1 ingest, whole path, 50 connections',
        value: load.ackedPerS,
        unit: 'readings/s',
        atLeast: 120_000,
      },
      {
        name: 'the same until the last window is committed',
        value: committedPerS,
        unit: 'readings/s',
        atLeast: 120_000,
      },
      {
        name: 'processing behind the door when the load ends',
        value: load.sent - atEnd.ledger.received,
        unit: 'readings',
      },
      {
        name: 'CPU of the pipeline',
        value: ((caughtUp.cpuS - before.cpuS) / load.sent) * 1e6,
        unit: 'us a reading',
      },
      { name: 'memory of the pipeline under this load', value: atEnd.rssMb, unit: 'MB' },
    ];
    return { rows, committedPerS };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) console.table(await wholePath.run(process.argv[2] === 'short' ? 'short' : 'full'));
