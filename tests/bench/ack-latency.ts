import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foundCity, runPipeline } from '../system/recovery/run-pipeline.ts';
import type { Bench } from './bench-row.ts';
import { loadDevices, runLoad } from './run-load.ts';

const CONNECTIONS = 50;
const RATE_PER_S = 50_000;

/** Publish to durable acknowledgement at a steady rate, the whole path running. */
export const ackLatency: Bench = {
  name: 'ack-latency',
  run: async (scale) => {
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    try {
      await foundCity(directory, loadDevices(CONNECTIONS));
      const pipeline = await runPipeline(directory);
      const before = await pipeline.sample();
      const load = await runLoad({
        port: pipeline.port,
        connections: CONNECTIONS,
        warmUpS: 2,
        seconds: scale === 'full' ? 10 : 3,
        ratePerS: RATE_PER_S,
      });
      const { cpuS } = await pipeline.processed();
      await pipeline.stop();
      const at = `at ${RATE_PER_S.toLocaleString('en-GB')}/s`;
      return [
        { name: `publish to durable ack ${at}: p99`, value: load.p99Ms, unit: 'ms', atMost: 6 },
        { name: `publish to durable ack ${at}: p50`, value: load.p50Ms, unit: 'ms' },
        { name: `publish to durable ack ${at}: longest`, value: load.maxMs, unit: 'ms' },
        {
          name: `rate reached for it`,
          value: load.ackedPerS,
          unit: 'readings/s',
          atLeast: RATE_PER_S * 0.98,
        },
        {
          name: 'CPU of the pipeline for it',
          value: ((cpuS - before.cpuS) / load.sent) * 1e6,
          unit: 'us a reading',
        },
        { name: `latest that the load itself sent`, value: load.latestMs, unit: 'ms' },
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

if (import.meta.main) console.table(await ackLatency.run(process.argv[2] === 'short' ? 'short' : 'full'));
