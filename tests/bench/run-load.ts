import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface LoadOptions {
  port: number;
  /** Devices `bench-0` and on, with the keys of `keyOf`. */
  connections: number;
  warmUpS: number;
  seconds: number;
  /** A recorder sends for 20 devices, `bench-0-10` and on, each message with its own receivedAt. */
  role?: 'sensor' | 'recorder';
  /** Messages unacknowledged by connection: as fast as they are acknowledged. */
  window?: number;
  /** Or at this rate, however slow the acknowledgements are. */
  ratePerS?: number;
}

export interface LoadResult {
  /** Within the measured seconds. */
  ackedPerS: number;
  /** In all, warm-up included; each was acknowledged in the end. */
  sent: number;
  /** Of the measured seconds, and of the last acknowledgement: the load's clock. */
  startedAt: number;
  endedAt: number;
  /** From writing a message to its acknowledgement; with `ratePerS` only. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** How much later than due the load itself wrote a message, at worst. */
  latestMs: number;
}

/** Load from a process of its own, so that it does not share a thread with what it loads. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('./mqtt-load.ts', import.meta.url)),
    JSON.stringify(options),
  ]);
  return JSON.parse(stdout) as LoadResult;
}

export const loadDevices = (connections: number): string[] =>
  Array.from({ length: connections }, (_, i) => `bench-${i}`);
