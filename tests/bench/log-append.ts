import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { openSegmentLog, type SegmentLog } from '#infra/log/open-segment-log.ts';
import { openSegmentFile } from '#infra/log/segment-files.ts';
import type { BenchRow, Scale } from './bench-row.ts';

const SECOND_MS = 1_000;
const PAYLOAD_BYTES = 300;
const CALL_RECORDS = 1_000;
const CALLS_IN_FLIGHT = 6;
const SINGLES_IN_FLIGHT = 2_000;
/** What 1,000 such records weigh on disk. */
const CALL_BYTES = 347_000;

/**
 * Durable appends of 300-byte payloads: calls of 1,000 records, and calls of one, as a gateway makes them; reading
 * back what was written; and beside them the disk as it is now, given the same bytes by bare write and fdatasync.
 * In the working directory, for /tmp may be memory.
 */
export async function benchLogAppend(scale: Scale = 'full'): Promise<BenchRow[]> {
  const records = scale === 'full' ? 1_000_000 : 100_000;
  return [
    await inDirectory((directory) => bareDisk(directory, records)),
    ...(await inDirectory((directory) => appendAndReadBack(directory, 1, records))),
    ...(await inDirectory((directory) => appendAndReadBack(directory, 4, records))),
    ...(await inDirectory((directory) => singleAppends(directory, 4, records))),
  ];
}

async function bareDisk(directory: string, records: number): Promise<BenchRow> {
  const file = await open(join(directory, 'bare'), 'w');
  const bytes = Buffer.alloc(CALL_BYTES, 7);
  const started = performance.now();
  for (let call = 0; call < records / CALL_RECORDS; call++) {
    await file.write(bytes, 0, CALL_BYTES, call * CALL_BYTES);
    await file.datasync();
  }
  const value = records / elapsedS(started);
  await file.close();
  return { name: 'disk: the bytes of 1,000 records per fdatasync', value, unit: 'records/s' };
}

async function appendAndReadBack(
  directory: string,
  partitions: number,
  records: number,
): Promise<BenchRow[]> {
  let writes = 0;
  const log = await openSegmentLog({
    directory,
    partitions,
    openFile: async (path, flags) => {
      const file = await openSegmentFile(path, flags);
      const write = file.write.bind(file) as (...args: unknown[]) => unknown;
      return Object.assign(file, {
        write: ((...args: unknown[]) => {
          writes += 1;
          return write(...args);
        }) as unknown as FileHandle['write'],
      });
    },
  });
  const entries = devices();
  const calls = Array.from({ length: entries.length / CALL_RECORDS }, (_, i) =>
    entries.slice(i * CALL_RECORDS, (i + 1) * CALL_RECORDS),
  );
  await appendAll(log, calls, records / CALL_RECORDS / 10, CALLS_IN_FLIGHT); // warm-up
  writes = 0;
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const latenciesMs = await appendAll(log, calls, records / CALL_RECORDS, CALLS_IN_FLIGHT);
  const appendS = elapsedS(started);
  const { user, system } = process.cpuUsage(cpuBefore);

  const readStarted = performance.now();
  const read = await readAll(log);
  const readS = elapsedS(readStarted);
  await log.close();
  const name = `log, ${partitions} partition${partitions === 1 ? '' : 's'}`;
  return [
    { name: `${name}: append`, value: records / appendS, unit: 'records/s', atLeast: 1_000_000 },
    { name: `${name}: append, processor time`, value: (user + system) / records, unit: 'µs/record' },
    { name: `${name}: records per durable write`, value: records / writes, unit: 'records' },
    { name: `${name}: call of 1,000, p99`, value: p99(latenciesMs), unit: 'ms' },
    { name: `${name}: read back`, value: read / readS, unit: 'records/s' },
  ];
}

async function singleAppends(directory: string, partitions: number, records: number): Promise<BenchRow[]> {
  const log = await openSegmentLog({ directory, partitions });
  const calls = devices().map((entry) => [entry]);
  await appendAll(log, calls, records / 10, SINGLES_IN_FLIGHT); // warm-up
  const started = performance.now();
  const latenciesMs = await appendAll(log, calls, records, SINGLES_IN_FLIGHT);
  const appendS = elapsedS(started);
  await log.close();
  const name = `log, ${partitions} partitions, one record a call, ${SINGLES_IN_FLIGHT} in flight`;
  return [
    { name: `${name}: append`, value: records / appendS, unit: 'records/s' },
    { name: `${name}: p99`, value: p99(latenciesMs), unit: 'ms' },
  ];
}

async function appendAll(
  log: SegmentLog,
  calls: readonly LogEntry[][],
  count: number,
  inFlight: number,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const sent = performance.now();
      await log.append(calls[next++ % calls.length]!);
      latenciesMs.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return latenciesMs;
}

async function readAll(log: SegmentLog): Promise<number> {
  let read = 0;
  for (const [partition, end] of (await log.ends()).entries()) {
    const enough = new AbortController();
    for await (const { records } of log.read(partition, -1, enough.signal)) {
      read += records.length;
      if ((records.at(-1)?.position ?? -1) >= end) enough.abort();
    }
  }
  return read;
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

async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(process.cwd(), '.headway-bench-log-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const elapsedS = (started: number): number => (performance.now() - started) / SECOND_MS;

const p99 = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!;

if (import.meta.main)
  for (const { name, value, unit, atLeast } of await benchLogAppend()) {
    const figure = value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
    const bound = atLeast === undefined ? '' : ` (at least ${atLeast.toLocaleString('en')})`;
    console.log(`${name.padEnd(64)} ${figure.padStart(10)} ${unit}${bound}`);
  }
