import { readFile, rm, stat, unlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { damage, drain, flipBit, numbered, range, scratchLog } from './scratch-log.ts';

/** Places in a record, by the format's description in infra/log/record.ts. */
const fields = { magic: 1, length: 5, lengthHigh: 7, crc: 9, position: 18, device: 33, payload: 50 };

describe('a damaged segment', () => {
  it.each(Object.entries(fields))('loses the one record with a flipped bit in its %s', async (_, at) => {
    await using scratch = await scratchLog();
    const log = await scratch.open();
    await log.append([numbered(0)]);
    const [segment] = await scratch.segments();
    const recordBytes = (await stat(segment!)).size;
    await log.append(range(1, 100).map((n) => numbered(n % 10)));
    await damage(segment!, flipBit(42 * recordBytes + at));

    const read = await drain(log);
    expect(read.positions).toEqual([...range(0, 42), ...range(43, 100)]);
    expect(read.corrupt).toMatchObject([{ from: 42, to: 42 }]);
    expect(read.corrupt[0]!.detail).toContain(`${segment} from byte ${42 * recordBytes} `);
  });

  it('is stepped over at its start, at its end and across many records', async () => {
    await using scratch = await scratchLog({ segmentBytes: 300_000 });
    const log = await scratch.open();
    for (const n of range(0, 30)) await log.append([numbered(n, 60_000)]);
    const segments = await scratch.segments();
    expect(segments.length).toBeGreaterThan(5);
    await damage(segments[1]!, (bytes) => bytes.fill(0xaa, 0, 100_000));
    await damage(segments[2]!, (bytes) => bytes.fill(0, bytes.length - 100_000));
    await damage(segments[3]!, (bytes) => bytes.fill(0xf5));

    const read = await drain(log);
    const lost = read.corrupt.flatMap(({ from, to }) => range(from, to + 1));
    expect([...read.positions, ...lost].sort((a, b) => a - b)).toEqual(range(0, 30));
    expect(read.positions.length).toBe(30 - 2 - 2 - 4);
    expect(read.numbers).toEqual(read.positions);
  });

  it('that is missing is named, and the next one read', async () => {
    await using scratch = await scratchLog({ segmentBytes: 300 });
    const log = await scratch.open();
    for (const n of range(0, 20)) await log.append([numbered(n)]);
    const segments = await scratch.segments();
    await unlink(segments[2]!);
    const read = await drain(log);
    const base = (path: string) => Number.parseInt(path.slice(-24), 10);
    expect(read.corrupt).toMatchObject([{ from: base(segments[2]!), to: base(segments[3]!) - 1 }]);
    expect(read.positions.length + base(segments[3]!) - base(segments[2]!)).toBe(20);
  });

  it('is named to a reader that resumes in or after it only as far as it asks', async () => {
    await using scratch = await scratchLog();
    const log = await scratch.open();
    await log.append(range(0, 10).map((n) => numbered(n)));
    const [segment] = await scratch.segments();
    const recordBytes = (await stat(segment!)).size / 10;
    await damage(segment!, (bytes) => bytes.fill(0, 3 * recordBytes, 6 * recordBytes));
    expect((await drain(log, 1)).corrupt).toMatchObject([{ from: 3, to: 5 }]);
    expect((await drain(log, 3)).corrupt).toMatchObject([{ from: 4, to: 5 }]);
    expect(await drain(log, 6)).toMatchObject({ corrupt: [], positions: [7, 8, 9] });
  });

  it('is not led astray by a sound record that the disk put in the wrong place', async () => {
    await using scratch = await scratchLog();
    const log = await scratch.open();
    await log.append(range(0, 10).map((n) => numbered(n)));
    const [segment] = await scratch.segments();
    const recordBytes = (await stat(segment!)).size / 10;
    await damage(segment!, (bytes) => {
      bytes.copyWithin(3 * recordBytes, 8 * recordBytes, 9 * recordBytes);
      return bytes;
    });
    const read = await drain(log);
    expect(read.positions).toEqual([0, 1, 2, ...range(4, 10)]);
    expect(read.corrupt).toMatchObject([{ from: 3, to: 3 }]);
  });

  it('does not pass off a record inside a payload as one of the log', async () => {
    await using foreign = await scratchLog();
    const other = await foreign.open();
    await other.append(range(0, 9).map((n) => numbered(n)));
    const forged = await readFile((await foreign.segments())[0]!);

    await using scratch = await scratchLog();
    const log = await scratch.open();
    await log.append(range(0, 5).map((n) => numbered(n)));
    const [segment] = await scratch.segments();
    const at = (await stat(segment!)).size;
    await log.append([{ ...numbered(5), payload: forged }, numbered(6)]);
    await damage(segment!, flipBit(at + 5));
    const read = await drain(log);
    expect(read.positions).toEqual([0, 1, 2, 3, 4, 6]);
    expect(read.corrupt).toMatchObject([{ from: 5, to: 5 }]);
  });
});

describe('a log that is not what was asked for', () => {
  it('refuses another partition count and says how to go on', async () => {
    await using scratch = await scratchLog();
    await (await scratch.open()).close();
    await expect(scratch.open({ partitions: 2 })).rejects.toThrow(
      /has 1 partitions, not 2\. The count is fixed/,
    );
  });

  it('refuses segments without their description', async () => {
    await using scratch = await scratchLog();
    await (await scratch.open()).close();
    await rm(`${scratch.directory}/log.json`);
    await expect(scratch.open()).rejects.toThrow(/has segments but no log\.json/);
  });

  it('refuses a description it can not read', async () => {
    await using scratch = await scratchLog();
    await (await scratch.open()).close();
    await damage(`${scratch.directory}/log.json`, () => Buffer.from('{"format":9,"partitions":1}'));
    await expect(scratch.open()).rejects.toThrow(/not a description of format 1/);
  });
});
