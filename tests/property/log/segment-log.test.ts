import { copyFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Corruption, LIVE, type LogEntry, type LogRecord, type RecordType } from '#domain/log.ts';
import { openSegmentLog, type SegmentLog } from '#infra/log/open-segment-log.ts';

const types: RecordType[] = ['telemetry', 'end', 'readmit'];
const entry = fc.record<LogEntry>({
  type: fc.constantFrom(...types),
  deviceId: fc.oneof(fc.constantFrom('a', 'b', 'loop-17'), fc.string({ unit: 'grapheme', maxLength: 90 })),
  receivedAt: fc.integer({ min: -1e12, max: 4e12 }),
  domain: fc.constantFrom(LIVE, 'recording:metr-la'),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.nat({ max: 20_000 }).map((bytes) => new Uint8Array(bytes).fill(0xf5)),
  ),
});
const calls = fc.array(fc.array(entry, { maxLength: 12 }), { minLength: 1, maxLength: 12 });
const segmentBytes = fc.constantFrom(1, 500, 5_000, 1_000_000);
const share = fc.double({ min: 0, max: 1, noNaN: true });

it('what is appended is what is read, whatever the sizes', async () => {
  await fc.assert(
    fc.asyncProperty(calls, segmentBytes, fc.boolean(), async (calls, segmentBytes, reopen) => {
      await withDirectory(async (directory) => {
        let log = await openSegmentLog({ directory, partitions: 1, segmentBytes, bufferBytes: 70_000 });
        await Promise.all(calls.map((entries) => log.append(entries)));
        if (reopen) {
          await log.close();
          log = await openSegmentLog({ directory, partitions: 1, segmentBytes });
        }
        const { records, corrupt } = await drain(log);
        await log.close();
        expect(corrupt).toEqual([]);
        expect(records.map(plain)).toEqual(calls.flat().map((e, position) => plain({ ...e, position })));
      });
    }),
    { numRuns: 40 },
  );
});

it('after a crash that tore the tail anywhere, a prefix remains that holds all that was acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(calls, calls, share, fc.boolean(), async (acknowledged, inFlight, tear, published) => {
      await withDirectory(async (directory) => {
        const live = join(directory, 'live');
        const crashed = join(directory, 'crashed');
        const log = await openSegmentLog({ directory: live, partitions: 1 });
        for (const entries of acknowledged) await log.append(entries);
        const [segment] = (await readdir(join(live, 'p0'))).filter((name) => name.endsWith('.seg'));
        const safeBytes = (await stat(join(live, 'p0', segment!))).size;
        await copyFile(join(live, 'p0', 'durable'), join(directory, 'durable'));
        for (const entries of inFlight) await log.append(entries);
        await log.close();

        await cp(live, crashed, { recursive: true });
        await copyFile(join(directory, 'durable'), join(crashed, 'p0', 'durable'));
        if (!published) await rm(join(crashed, 'p0', 'durable'));
        const path = join(crashed, 'p0', segment!);
        const { size } = await stat(path);
        await truncate(path, safeBytes + Math.floor(tear * (size - safeBytes)));

        const after = await openSegmentLog({ directory: crashed, partitions: 1 });
        const all = [...acknowledged, ...inFlight].flat();
        const kept = (await drain(after)).records;
        expect(kept.length).toBeGreaterThanOrEqual(acknowledged.flat().length);
        await after.append([all[0] ?? marker]);
        const { records, corrupt } = await drain(after);
        await after.close();
        expect(corrupt).toEqual([]);
        const expected = [...all.slice(0, kept.length), all[0] ?? marker];
        expect(records.map(plain)).toEqual(expected.map((e, position) => plain({ ...e, position })));
      });
    }),
    { numRuns: 40 },
  );
});

it('whatever bytes are damaged, each position is read intact or named, and only touched records are named', async () => {
  const wounds = fc.array(fc.tuple(share, fc.uint8Array({ minLength: 1, maxLength: 60 })), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(calls, segmentBytes, wounds, async (calls, segmentBytes, wounds) => {
      await withDirectory(async (directory) => {
        const log = await openSegmentLog({ directory, partitions: 1, segmentBytes });
        for (const entries of calls) await log.append(entries);
        const paths = (await readdir(join(directory, 'p0')))
          .filter((name) => name.endsWith('.seg'))
          .map((name) => join(directory, 'p0', name));
        for (const [place, bytes] of wounds) {
          const path = paths[Math.min(paths.length - 1, Math.floor(place * paths.length))]!;
          const content = await readFile(path);
          const at = Math.floor(place * content.length);
          content.set(bytes.subarray(0, content.length - at), at);
          await writeFile(path, content);
        }
        const all = calls.flat();
        const { records, corrupt } = await drain(log);
        await log.close();
        const named = corrupt.flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        );
        const met = [...records.map((record) => record.position), ...named].sort((a, b) => a - b);
        expect(met).toEqual(all.map((_, position) => position));
        for (const record of records)
          expect(plain(record)).toEqual(plain({ ...all[record.position]!, position: record.position }));
        const touched = wounds.reduce((sum, [, bytes]) => sum + 1 + Math.ceil(bytes.length / 33), 0);
        expect(named.length).toBeLessThanOrEqual(touched);
      });
    }),
    { numRuns: 50 },
  );
});

const marker: LogEntry = {
  type: 'telemetry',
  deviceId: 'marker',
  receivedAt: 0,
  domain: LIVE,
  payload: new Uint8Array(),
};

const plain = (record: LogRecord) => ({ ...record, payload: Buffer.from(record.payload).toString('hex') });

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'headway-log-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function drain(log: SegmentLog): Promise<{ records: LogRecord[]; corrupt: Corruption[] }> {
  const end = (await log.ends())[0]!;
  const records: LogRecord[] = [];
  const corrupt: Corruption[] = [];
  const enough = new AbortController();
  if (end >= 0)
    for await (const batch of log.read(0, -1, enough.signal)) {
      records.push(...batch.records);
      corrupt.push(...batch.corrupt);
      if (Math.max(records.at(-1)?.position ?? -1, corrupt.at(-1)?.to ?? -1) >= end) enough.abort();
    }
  return { records, corrupt };
}
