import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import type { OpenSegmentFile } from '#infra/log/segment-files.ts';
import { drain, numbered, range, scratchLog } from './scratch-log.ts';

const readLog = fileURLToPath(new URL('./read-log.ts', import.meta.url));
const appendNumbers = fileURLToPath(new URL('./append-numbers.ts', import.meta.url));

describe('a log and other processes', () => {
  it('shows a reader elsewhere nothing that is written but not yet synced', async () => {
    let held: Promise<void> | undefined;
    await using scratch = await scratchLog({
      openFile: syncedAfter(() => held),
    });
    const log = await scratch.open();
    await log.append([numbered(0)]);
    const child = fork(readLog, [scratch.directory]);
    try {
      const seen: number[] = [];
      child.on('message', (positions: number[]) => seen.push(...positions));
      await until(() => seen.length === 1);

      let release!: () => void;
      held = new Promise((resolve) => {
        release = resolve;
      });
      const appended = log.append(range(1, 50).map((n) => numbered(n)));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(seen).toEqual([0]);
      expect(await log.ends()).toEqual([0]);
      release();
      await appended;
      await until(() => seen.length === 50);
      expect(seen).toEqual(range(0, 50));
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('ends at the durable position also for a reader that comes when more is written', async () => {
    let held: Promise<void> | undefined;
    let release = () => {};
    await using scratch = await scratchLog({
      openFile: syncedAfter(() => held),
    });
    const log = await scratch.open();
    await log.append(range(0, 3).map((n) => numbered(n)));
    const [segment] = await scratch.segments();
    const durableBytes = (await stat(segment!)).size;
    held = new Promise((resolve) => {
      release = resolve;
    });
    const appended = log.append(range(3, 50).map((n) => numbered(n)));
    let bytes = 0;
    while (bytes < 16 * durableBytes) bytes = (await stat(segment!)).size;

    const elsewhere = await readSegmentLog({ directory: scratch.directory, pollMs: 1 });
    for (const reader of [log, elsewhere]) {
      const seen: number[] = [];
      const patience = AbortSignal.timeout(100);
      for await (const batch of reader.read(0, -1, patience)) {
        seen.push(...batch.records.map((record) => record.position));
        expect(batch.corrupt).toEqual([]);
      }
      expect(seen).toEqual([0, 1, 2]);
    }
    release();
    await appended;
    expect((await drain(elsewhere)).positions).toEqual(range(0, 50));
    await elsewhere.close();
  });

  it('is read in another process while it is written, across segments, without a gap', async () => {
    await using scratch = await scratchLog({ segmentBytes: 20_000 });
    const log = await scratch.open();
    const child = fork(readLog, [scratch.directory]);
    try {
      const seen: number[] = [];
      let ahead = false;
      let acknowledged = 0;
      child.on('message', (positions: number[]) => seen.push(...positions));
      for (let n = 0; n < 4_000; n += 20) {
        await log.append(range(n, n + 20).map((i) => numbered(i)));
        acknowledged = n + 20;
        ahead ||= seen.length > acknowledged;
      }
      await until(() => seen.length === 4_000);
      expect(seen).toEqual(range(0, 4_000));
      expect(ahead).toBe(false);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('holds everything acknowledged after its writer is killed under load, in order and without damage', async () => {
    await using scratch = await scratchLog();
    let acknowledged = 0;
    for (let round = 0; round < 3; round++) {
      const child = fork(appendNumbers, [scratch.directory, `${acknowledged}`]);
      const start = acknowledged;
      child.on('message', (upTo: number) => {
        acknowledged = upTo;
      });
      await until(() => acknowledged > start + 300);
      child.kill('SIGKILL');
      await once(child, 'close');
      const log = await scratch.open();
      const read = await drain(log);
      expect(read.corrupt).toEqual([]);
      expect(read.numbers).toEqual(range(0, read.numbers.length));
      expect(read.numbers.length).toBeGreaterThanOrEqual(acknowledged);
      acknowledged = read.numbers.length;
      await log.close();
    }
  });

  it('says where there is no log', async () => {
    await using scratch = await scratchLog();
    await expect(readSegmentLog({ directory: scratch.directory })).rejects.toThrow(/there is no log in/);
  });
});

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('waited 30 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Segments whose writes are durable only once that has happened. */
function syncedAfter(happened: () => Promise<void> | undefined): OpenSegmentFile {
  return async (path, flags) => {
    const file = await open(path, flags);
    const write = file.write.bind(file) as (...args: unknown[]) => Promise<unknown>;
    const held = async (...args: unknown[]) => {
      const written = await write(...args);
      await happened();
      return written;
    };
    return Object.assign(file, { write: held as unknown as FileHandle['write'] });
  };
}
