import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';

export interface BenchResult {
  name: string;
  value: number;
  unit: string;
  limit?: number;
}

const SECOND_MS = 1_000;
const PAYLOAD_BYTES = 300;
const CALL_RECORDS = 1_000;

/**
 * Durable append of 300-byte payloads, 1,000 a call with two calls in flight, then reading back what was written;
 * and single-record calls, as a gateway makes them. In the working directory: /tmp may be memory.
 */
export async function benchLogAppend(): Promise<BenchResult[]> {
  return [
    ...(await appendRuns('1 partition', 1, 6, 3_000_000)),
    ...(await appendRuns('4 partitions', 4, 6, 3_000_000)),
    ...(await singleAppends(4, 2_000, 1_000_000)),
  ];
}

async function appendRuns(label: string, partitions: number, inFlight: number, records: number) {
  const directory = await mkdtemp(join(process.cwd(), '.headway-bench-log-'));
  try {
    let syncs = 0;
    const log = await openSegmentLog({
      directory,
      partitions,
      openFile: async (path, flags) => {
        const file = await open(path, flags);
        const datasync = file.datasync.bind(file);
        file.datasync = () => {
          syncs += 1;
          return datasync();
        };
        return file;
      },
    });
    const calls = batches(records / CALL_RECORDS);
    const latenciesMs: number[] = [];
    const started = performance.now();
    const callers = Array.from({ length: inFlight }, async () => {
      for (let call = calls.next(); !call.done; call = calls.next()) {
        const sent = performance.now();
        await log.append(call.value);
        latenciesMs.push(performance.now() - sent);
      }
    });
    await Promise.all(callers);
    const appendS = (performance.now() - started) / SECOND_MS;

    const readStarted = performance.now();
    let read = 0;
    for (const [partition, end] of (await log.ends()).entries()) {
      const enough = new AbortController();
      for await (const batch of log.read(partition, -1, enough.signal)) {
        read += batch.records.length;
        if ((batch.records.at(-1)?.position ?? -1) >= end) enough.abort();
      }
    }
    const readS = (performance.now() - readStarted) / SECOND_MS;
    if (read !== records) throw new Error(`read back ${read} of ${records} records`);
    await log.close();
    return [
      { name: `log append, ${label}`, value: records / appendS, unit: 'records/s', limit: 1_000_000 },
      { name: `log append, ${label}: records per fdatasync`, value: records / syncs, unit: 'records' },
      { name: `log append, ${label}: call of 1,000 p99`, value: p99(latenciesMs), unit: 'ms' },
      { name: `log read-back, ${label}`, value: records / readS, unit: 'records/s' },
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function singleAppends(partitions: number, inFlight: number, records: number): Promise<BenchResult[]> {
  const directory = await mkdtemp(join(process.cwd(), '.headway-bench-log-'));
  try {
    const log = await openSegmentLog({ directory, partitions });
    const entries = devices().map((entry) => [entry]);
    let next = 0;
    const latenciesMs: number[] = [];
    const started = performance.now();
    const callers = Array.from({ length: inFlight }, async () => {
      while (next < records) {
        const sent = performance.now();
        await log.append(entries[next++ % entries.length]!);
        latenciesMs.push(performance.now() - sent);
      }
    });
    await Promise.all(callers);
    const appendS = (performance.now() - started) / SECOND_MS;
    await log.close();
    return [
      {
        name: `log append, one record a call, ${inFlight} in flight`,
        value: records / appendS,
        unit: 'records/s',
      },
      {
        name: `log append, one record a call, ${inFlight} in flight: p99`,
        value: p99(latenciesMs),
        unit: 'ms',
      },
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

function* batches(calls: number): Generator<LogEntry[]> {
  const entries = devices();
  for (let call = 0; call < calls; call++) {
    const start = (call * CALL_RECORDS) % entries.length;
    yield entries.slice(start, start + CALL_RECORDS);
  }
}

function devices(): LogEntry[] {
  return Array.from({ length: 10_000 }, (_, i) => ({
    type: 'telemetry',
    deviceId: `loop-${String(i).padStart(5, '0')}`,
    receivedAt: 1_330_600_000_000 + i,
    domain: LIVE,
    payload: Buffer.alloc(PAYLOAD_BYTES, `{"kind":"traffic-flow","seq":${i},`),
  }));
}

function p99(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!;
}

if (import.meta.main)
  for (const { name, value, unit, limit } of await benchLogAppend())
    console.log(
      `${name.padEnd(60)} ${value.toLocaleString('en', { maximumFractionDigits: 1 }).padStart(12)} ${unit}${
        limit === undefined ? '' : ` (at least ${limit.toLocaleString('en')})`
      }`,
    );
