import { copyFile, readFile, rm, stat, truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { damage, drain, flipBit, numbered, range, scratchLog } from './scratch-log.ts';

describe('opening a log again', () => {
  it('goes on with the next position', async () => {
    await using scratch = await scratchLog();
    for (let round = 0; round < 4; round++) {
      const log = await scratch.open();
      await log.append([numbered(2 * round), numbered(2 * round + 1)]);
      await log.close();
    }
    const log = await scratch.open();
    expect(await log.ends()).toEqual([7]);
    expect((await drain(log)).numbers).toEqual(range(0, 8));
    expect(log.cutBytes).toEqual([0]);
  });

  it('cuts off a record that was half written at the crash', async () => {
    await using scratch = await scratchLog();
    const before = await scratch.open();
    await before.append(range(0, 10).map((n) => numbered(n)));
    await before.close();
    const [segment] = await scratch.segments();
    const sound = await readFile(segment!);
    await damage(segment!, (bytes) => Buffer.concat([bytes, bytes.subarray(0, 40)]));

    const log = await scratch.open();
    expect(log.cutBytes).toEqual([40]);
    expect(await readFile(segment!)).toEqual(sound);
    await log.append([numbered(10)]);
    expect(await drain(log)).toMatchObject({ numbers: range(0, 11), positions: range(0, 11), corrupt: [] });
  });

  it('keeps sound records beyond an old published end, or one that is missing or torn', async () => {
    for (const spoil of ['old', 'missing', 'torn'] as const) {
      await using scratch = await scratchLog();
      const before = await scratch.open();
      await before.append(range(0, 5).map((n) => numbered(n)));
      await copyFile(scratch.durableFile, `${scratch.durableFile}.old`);
      await before.append(range(5, 12).map((n) => numbered(n)));
      await before.close();
      if (spoil === 'old') await copyFile(`${scratch.durableFile}.old`, scratch.durableFile);
      if (spoil === 'missing') await rm(scratch.durableFile);
      if (spoil === 'torn') await damage(scratch.durableFile, flipBit(3));

      const log = await scratch.open();
      expect(await log.ends(), spoil).toEqual([11]);
      await log.append([numbered(12)]);
      expect(await drain(log), spoil).toMatchObject({ numbers: range(0, 13), corrupt: [] });
    }
  });

  it('keeps and names damage between sound records beyond the published end', async () => {
    await using scratch = await scratchLog();
    const before = await scratch.open();
    await before.append([numbered(0)]);
    await copyFile(scratch.durableFile, `${scratch.durableFile}.old`);
    const [segment] = await scratch.segments();
    const recordBytes = (await stat(segment!)).size;
    await before.append(range(1, 5).map((n) => numbered(n)));
    await before.close();
    await copyFile(`${scratch.durableFile}.old`, scratch.durableFile);
    await damage(segment!, flipBit(2 * recordBytes + 30));

    const log = await scratch.open();
    expect(log.cutBytes).toEqual([0]);
    expect(await log.ends()).toEqual([4]);
    const read = await drain(log);
    expect(read.numbers).toEqual([0, 1, 3, 4]);
    expect(read.corrupt).toMatchObject([{ from: 2, to: 2 }]);
  });

  it('never cuts off or overwrites what was published as durable, even damaged', async () => {
    await using scratch = await scratchLog();
    const before = await scratch.open();
    await before.append(range(0, 6).map((n) => numbered(n)));
    await before.close();
    const [segment] = await scratch.segments();
    const { size } = await stat(segment!);
    await damage(segment!, flipBit(size - 1));
    const damaged = await readFile(segment!);

    const log = await scratch.open();
    await log.append([numbered(6)]);
    expect((await readFile(segment!)).subarray(0, size)).toEqual(damaged);
    const read = await drain(log);
    expect(read.positions).toEqual([0, 1, 2, 3, 4, 6]);
    expect(read.corrupt).toMatchObject([{ from: 5, to: 5 }]);
  });

  it('names durable records that the disk lost, and does not give their positions again', async () => {
    await using scratch = await scratchLog();
    const before = await scratch.open();
    await before.append(range(0, 6).map((n) => numbered(n)));
    await before.close();
    const [segment] = await scratch.segments();
    const { size } = await stat(segment!);
    await truncate(segment!, Math.floor(size / 2) + 7);

    const log = await scratch.open();
    await log.append([numbered(6)]);
    const read = await drain(log);
    expect(read.positions).toEqual([0, 1, 2, 6]);
    expect(read.corrupt).toMatchObject([{ from: 3, to: 5 }]);
    expect(read.corrupt[0]!.detail).toContain(segment);
  });

  it('goes on after a lost newest segment', async () => {
    await using scratch = await scratchLog({ segmentBytes: 300 });
    const before = await scratch.open();
    for (const n of range(0, 9)) await before.append([numbered(n)]);
    await before.close();
    const segments = await scratch.segments();
    expect(segments.length).toBeGreaterThan(2);
    await rm(segments.at(-1)!);

    const log = await scratch.open();
    await log.append([numbered(9)]);
    const read = await drain(log);
    const firstLost = read.corrupt[0]!.from;
    expect(read.corrupt).toMatchObject([{ to: 8 }]);
    expect(read.positions).toEqual([...range(0, firstLost), 9]);
  });
});
