import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LogUnavailable } from '#domain/log.ts';
import type { OpenSegmentFile } from '#infra/log/segment-files.ts';
import { drain, numbered, range, scratchLog } from './scratch-log.ts';

describe('a disk that fails', () => {
  it('refuses what does not fit, acknowledges none of it, and goes on once there is room', async () => {
    const disk = limitedDisk(1_000);
    await using scratch = await scratchLog({ openFile: disk.openFile });
    const log = await scratch.open();
    await log.append(range(0, 5).map((n) => numbered(n, 60)));
    const [segment] = await scratch.segments();
    const before = (await stat(segment!)).size;

    const refused = log.append(range(50, 60).map((n) => numbered(n, 60)));
    await expect(refused).rejects.toThrow(LogUnavailable);
    await expect(refused).rejects.toThrow(/could not append 10 records: ENOSPC/);
    expect(await log.ends()).toEqual([4]);
    await expect(log.append(range(50, 60).map((n) => numbered(n, 60)))).rejects.toThrow(LogUnavailable);

    await log.append([numbered(5)]);
    disk.limitBytes = Number.POSITIVE_INFINITY;
    await log.append(range(6, 20).map((n) => numbered(n, 60)));
    expect(await drain(log)).toMatchObject({ numbers: range(0, 20), positions: range(0, 20), corrupt: [] });
    expect((await stat(segment!)).size).toBeGreaterThan(before);

    await log.close();
    const again = await scratch.open();
    expect(await drain(again)).toMatchObject({ numbers: range(0, 20), corrupt: [] });
    expect(again.cutBytes).toEqual([0]);
  });

  it('refuses what gathered behind a failed flush too, so that a device keeps its order', async () => {
    const disk = limitedDisk(Number.POSITIVE_INFINITY);
    await using scratch = await scratchLog({ openFile: disk.openFile });
    const log = await scratch.open();
    await log.append([numbered(0)]);
    disk.failSyncs = 1;
    const first = log.append([numbered(1)]);
    await new Promise(setImmediate);
    const second = log.append([numbered(2)]);
    expect((await Promise.allSettled([first, second])).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    await log.append([numbered(1), numbered(2)]);
    expect((await drain(log)).numbers).toEqual([0, 1, 2]);
  });

  it('refuses an append whole when only some of its partitions failed', async () => {
    const disk = limitedDisk(Number.POSITIVE_INFINITY);
    await using scratch = await scratchLog({ openFile: disk.openFile, partitions: 2 });
    const log = await scratch.open();
    disk.failSyncs = 1;
    const devices = range(0, 8).map((i) => ({ ...numbered(i), deviceId: `d${i}` }));
    await expect(log.append(devices)).rejects.toThrow(LogUnavailable);
    await log.append(devices);
  });

  it('can not start a segment without room, and does once there is', async () => {
    const disk = limitedDisk(Number.POSITIVE_INFINITY);
    await using scratch = await scratchLog({ openFile: disk.openFile, segmentBytes: 200 });
    const log = await scratch.open();
    await log.append([numbered(0, 150)]);
    disk.refuseFiles = true;
    await expect(log.append([numbered(1, 150)])).rejects.toThrow(/ENOSPC/);
    disk.refuseFiles = false;
    await log.append([numbered(1, 150)]);
    expect((await drain(log)).numbers).toEqual([0, 1]);
    expect((await scratch.segments()).length).toBe(2);
  });

  it.skipIf(process.platform === 'win32')('really: a process at its file size limit', async () => {
    await using scratch = await scratchLog();
    const writer = fileURLToPath(new URL('./append-until-full.ts', import.meta.url));
    const child = spawn(
      'sh',
      ['-c', `ulimit -f 256; exec "${process.execPath}" "${writer}" "${scratch.directory}"`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const output = child.stdout.setEncoding('utf8').toArray();
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    const said = JSON.parse((await output).join(''));
    expect(said.refusal).toMatch(/LogUnavailable: could not append 100 records: EFBIG/);

    const log = await scratch.open();
    const read = await drain(log);
    expect(read.corrupt).toEqual([]);
    expect(read.positions).toEqual(range(0, said.acknowledged));
  });
});

/** A disk with room for so many bytes a file, that writes what still fits before it says ENOSPC, as a real one. */
function limitedDisk(limitBytes: number) {
  const disk = {
    limitBytes,
    failSyncs: 0,
    refuseFiles: false,
    openFile: undefined as never as OpenSegmentFile,
  };
  const full = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  disk.openFile = async (path, flags) => {
    if (disk.refuseFiles) throw full();
    const file = await open(path, flags);
    const write = async (buffer: Buffer, from: number, bytes: number, at: number) => {
      const room = disk.limitBytes - at;
      if (room <= 0) throw full();
      const written = await file.write(buffer, from, Math.min(bytes, room, 333), at);
      if (disk.failSyncs > 0) {
        disk.failSyncs -= 1;
        throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
      }
      return written;
    };
    return {
      write: write as unknown as FileHandle['write'],
      truncate: (bytes) => file.truncate(bytes),
      close: () => file.close(),
    };
  };
  return disk;
}
