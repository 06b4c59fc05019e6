import { utimes } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { drain, numbered, range, scratchLog } from './scratch-log.ts';

const OLD = new Date('2012-03-01T00:00:00Z');
const BEFORE = Date.parse('2012-04-01T00:00:00Z');

describe('retention', () => {
  it('deletes segments that are both old and exported, oldest first, and never the newest', async () => {
    await using scratch = await scratchLog({ segmentBytes: 300 });
    const log = await scratch.open();
    for (const n of range(0, 20)) await log.append([numbered(n)]);
    const segments = await scratch.segments();
    const base = (i: number) => Number.parseInt(segments[i]!.slice(-24), 10);
    for (const path of segments) await utimes(path, OLD, OLD);

    expect((await log.expire({ before: BEFORE, upTo: [base(2) - 2] })).segments).toBe(1);
    expect((await log.expire({ before: OLD.getTime(), upTo: [19] })).segments).toBe(0);
    expect((await log.expire({ before: BEFORE, upTo: [base(2) - 1] })).segments).toBe(1);
    expect(await log.starts()).toEqual([base(2)]);
    expect((await drain(log)).positions).toEqual(range(base(2), 20));

    expect((await log.expire({ before: BEFORE, upTo: [19] })).segments).toBe(segments.length - 3);
    expect(await scratch.segments()).toEqual(segments.slice(-1));
    await log.append([numbered(20)]);
    expect((await drain(log)).corrupt).toEqual([]);
    await log.close();
    expect(await (await scratch.open()).ends()).toEqual([20]);
  });

  it('keeps a young segment and all behind it', async () => {
    await using scratch = await scratchLog({ segmentBytes: 300 });
    const log = await scratch.open();
    for (const n of range(0, 20)) await log.append([numbered(n)]);
    const segments = await scratch.segments();
    for (const path of segments.filter((_, i) => i !== 1)) await utimes(path, OLD, OLD);
    expect((await log.expire({ before: BEFORE, upTo: [19] })).segments).toBe(1);
    expect(await scratch.segments()).toEqual(segments.slice(1));
  });

  it('does not disturb a reader within the segment, and names what a slower one missed', async () => {
    await using scratch = await scratchLog({ segmentBytes: 300 });
    const log = await scratch.open();
    for (const n of range(0, 20)) await log.append([numbered(n)]);
    const segments = await scratch.segments();
    const base = (i: number) => Number.parseInt(segments[i]!.slice(-24), 10);
    const enough = new AbortController();
    const read: number[] = [];
    const missed: [number, number][] = [];
    for await (const batch of log.read(0, -1, enough.signal)) {
      if (read.length === 0) {
        for (const path of segments) await utimes(path, OLD, OLD);
        await log.expire({ before: BEFORE, upTo: [base(3) - 1] });
      }
      read.push(...batch.records.map((record) => record.position));
      missed.push(...batch.corrupt.map(({ from, to }): [number, number] => [from, to]));
      if (read.at(-1) === 19) enough.abort();
    }
    expect(read).toEqual([...range(0, base(1)), ...range(base(3), 20)]);
    expect(missed).toEqual([[base(1), base(3) - 1]]);
  });
});
