import { expect, it } from 'vitest';
import { counts, type PartitionHead, takenOver } from '#infra/blob/partition-head.ts';

const head = (commit: number, generation: number, takeovers: [number, number][]): PartitionHead => ({
  partition: 0,
  position: commit * 10,
  commit,
  generation,
  takeovers,
});

it('counts what an owner wrote up to its last checkpoint, and nothing of the commit that broke off', () => {
  const first = head(4, 1, [[1, 0]]);
  expect(counts(first, { generation: 1, commit: 4 })).toBe(true);
  expect(counts(first, { generation: 1, commit: 5 })).toBe(false);
});

it('never counts a broken-off commit, however far later owners come', () => {
  const later = head(90, 3, takenOver(head(30, 2, takenOver(head(4, 1, [[1, 0]])).takeovers)).takeovers);
  expect(later.takeovers).toEqual([
    [1, 0],
    [2, 4],
    [3, 30],
  ]);
  expect(counts(later, { generation: 1, commit: 4 })).toBe(true);
  expect(counts(later, { generation: 1, commit: 5 })).toBe(false);
  expect(counts(later, { generation: 2, commit: 5 })).toBe(true);
  expect(counts(later, { generation: 2, commit: 31 })).toBe(false);
  expect(counts(later, { generation: 3, commit: 31 })).toBe(true);
});

it('keeps one line for owners that got nothing done, and still counts nothing of theirs', () => {
  const crashed = takenOver(takenOver(takenOver(head(4, 1, [[1, 0]]))));
  expect(crashed).toMatchObject({
    generation: 4,
    takeovers: [
      [1, 0],
      [4, 4],
    ],
  });
  const onwards = { ...crashed, commit: 50 };
  for (const generation of [1, 2, 3]) expect(counts(onwards, { generation, commit: 5 })).toBe(false);
  expect(counts(onwards, { generation: 4, commit: 5 })).toBe(true);
});
