import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Corruption, type EventLog, LIVE, type LogEntry, type LogRecord } from '#domain/log.ts';
import { openSegmentLog, type SegmentLog, type SegmentLogOptions } from '#infra/log/open-segment-log.ts';

/** A log of one partition in a directory of its own, that a test may stop, damage and open again. */
export async function scratchLog(options: Partial<SegmentLogOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'headway-log-'));
  const partition = join(directory, 'p0');
  const opened = new Set<SegmentLog>();
  return {
    directory,
    durableFile: join(partition, 'durable'),
    async open(more: Partial<SegmentLogOptions> = {}): Promise<SegmentLog> {
      const log = await openSegmentLog({ directory, partitions: 1, ...options, ...more });
      opened.add(log);
      return log;
    },
    async segments(): Promise<string[]> {
      const names = (await readdir(partition)).filter((name) => name.endsWith('.seg')).sort();
      return names.map((name) => join(partition, name));
    },
    async [Symbol.asyncDispose]() {
      for (const log of opened) await log.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** Entry `n`, whose payload says so and fills up to `bytes`. */
export function numbered(n: number, bytes = 20): LogEntry {
  const payload = Buffer.from(`${n} `.padEnd(bytes, '.'));
  return { type: 'telemetry', deviceId: 'loop-1', receivedAt: 1_000 + n, domain: LIVE, payload };
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** Everything durable after `after`. */
export async function drain(
  log: Omit<EventLog, 'append'>,
  after = -1,
): Promise<{ positions: number[]; numbers: number[]; records: LogRecord[]; corrupt: Corruption[] }> {
  const end = (await log.ends())[0]!;
  const records: LogRecord[] = [];
  const corrupt: Corruption[] = [];
  const enough = new AbortController();
  if (end > after)
    for await (const batch of log.read(0, after, enough.signal)) {
      records.push(...batch.records);
      corrupt.push(...batch.corrupt);
      if (Math.max(records.at(-1)?.position ?? -1, corrupt.at(-1)?.to ?? -1) >= end) enough.abort();
    }
  return {
    positions: records.map((record) => record.position),
    numbers: records.map((record) => Number.parseInt(Buffer.from(record.payload).toString(), 10)),
    records,
    corrupt,
  };
}

/** Changes bytes of a file behind the log's back. */
export async function damage(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

export const flipBit = (offset: number) => (bytes: Buffer) => {
  bytes[offset]! ^= 0x10;
  return bytes;
};
