import { type FileHandle, open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { drain, numbered, range, scratchLog } from './scratch-log.ts';

describe('appends faster than the disk', () => {
  it('wait rather than grow the buffer, and keep their order', async () => {
    const bufferBytes = 64 * 1024;
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writes: number[] = [];
    await using scratch = await scratchLog({
      bufferBytes,
      openFile: async (path, flags) => {
        const file = await open(path, flags);
        const write = async (buffer: Buffer, from: number, bytes: number, at: number) => {
          await held;
          writes.push(bytes);
          return file.write(buffer, from, bytes, at);
        };
        return {
          write: write as unknown as FileHandle['write'],
          truncate: (bytes) => file.truncate(bytes),
          close: () => file.close(),
        };
      },
    });
    const log = await scratch.open();
    let settled = 0;
    const calls = range(0, 100).map((call) =>
      log.append(range(call * 10, call * 10 + 10).map((n) => numbered(n, 1_000))).then(() => {
        settled += 1;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(settled).toBe(0);
    release();
    await Promise.all(calls);
    expect(Math.max(...writes)).toBeLessThanOrEqual(bufferBytes);
    expect(writes.length).toBeGreaterThan(14);
    expect((await drain(log)).numbers).toEqual(range(0, 1_000));
  });

  it('share one flush when they come together', async () => {
    let writes = 0;
    await using scratch = await scratchLog({
      openFile: async (path, flags) => {
        const file = await open(path, flags);
        const write = file.write.bind(file) as (...args: unknown[]) => unknown;
        return Object.assign(file, {
          write: ((...args: unknown[]) => {
            writes += 1;
            return write(...args);
          }) as unknown as FileHandle['write'],
        });
      },
    });
    const log = await scratch.open();
    await Promise.all(range(0, 500).map((n) => log.append([numbered(n)])));
    expect(writes).toBeLessThanOrEqual(2);
  });

  it('that are too large for the log are refused before anything is written', async () => {
    await using scratch = await scratchLog();
    const log = await scratch.open();
    const tooLarge = { ...numbered(1), payload: new Uint8Array(5 * 1024 * 1024) };
    await expect(log.append([numbered(0), tooLarge])).rejects.toThrow(RangeError);
    expect(await log.ends()).toEqual([-1]);
  });

  it('are finished by close, and refused after it', async () => {
    await using scratch = await scratchLog({ bufferBytes: 64 * 1024 });
    const log = await scratch.open();
    const calls = range(0, 300).map((n) => log.append([numbered(n, 1_000)]));
    await log.close();
    await Promise.all(calls);
    await expect(log.append([numbered(300)])).rejects.toThrow(/the log is closed/);
    expect((await drain(await scratch.open())).numbers).toEqual(range(0, 300));
  });
});
