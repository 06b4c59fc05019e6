import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foundCity, runPipeline } from '../system/recovery/run-pipeline.ts';
import type { Bench } from './bench-row.ts';
import { type LoadResult, loadDevices, runLoad } from './run-load.ts';

const CONNECTIONS = 50;
const RATE_PER_S = 50_000;

/** Publish to durable acknowledgement at a steady rate, the whole path running; and a bare server beside it. */
export const ackLatency: Bench = {
  name: 'ack-latency',
  run: async (scale) => {
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    try {
      await foundCity(directory, loadDevices(CONNECTIONS));
      const pipeline = await runPipeline(directory);
      const before = await pipeline.sample();
      const seconds = scale === 'full' ? 10 : 3;
      const load = await steadyLoad(pipeline.port, seconds);
      const { cpuS } = await pipeline.processed();
      await pipeline.stop();
      const bare = await bareLoad(join(directory, 'bare'), seconds);
      const at = `at ${RATE_PER_S.toLocaleString('en-GB')}/s`;
      return [
        { name: `publish to durable ack ${at}: p99`, value: load.p99Ms, unit: 'ms', atMost: 6 },
        {
          name: `the same from a server that only writes and acknowledges: p99`,
          value: bare.p99Ms,
          unit: 'ms',
        },
        { name: `publish to durable ack ${at}: p50`, value: load.p50Ms, unit: 'ms' },
        { name: `the same from that server: p50`, value: bare.p50Ms, unit: 'ms' },
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

function steadyLoad(port: number, seconds: number): Promise<LoadResult> {
  return runLoad({ port, connections: CONNECTIONS, warmUpS: 2, seconds, ratePerS: RATE_PER_S });
}

async function bareLoad(file: string, seconds: number): Promise<LoadResult> {
  const server = fork(new URL('./bare-door-process.ts', import.meta.url), [file]);
  try {
    const [port] = (await once(server, 'message')) as [number];
    return await steadyLoad(port, seconds);
  } finally {
    server.disconnect();
  }
}

if (import.meta.main) console.table(await ackLatency.run(process.argv[2] === 'short' ? 'short' : 'full'));
