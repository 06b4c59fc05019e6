import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crashRounds } from './crash-rounds.ts';

test('after kill -9 under load every acknowledged reading is counted once, and any other counted was in flight', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'headway-recovery-'));
  context.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const seed = Date.now() % 1_000_000;
  const verdict = await crashRounds({ directory, rounds: 3, seed });
  expect(verdict.faults, `seed ${seed}`).toEqual([]);
  expect(verdict.acknowledged).toBeGreaterThan(1_000);
  expect(verdict.counted).toBe(verdict.acknowledged + verdict.countedAbandoned);
});
