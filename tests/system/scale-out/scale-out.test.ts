import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { outages } from './outages.ts';
import { scaleOutRounds, TAKEOVER_LIMIT_MS } from './rounds.ts';

test('four processors, one killed and one paused past its expiry: every acknowledged reading is counted once', async (context) => {
  const directory = await emptyDirectory(context);
  const seed = Date.now() % 1_000_000;
  const verdict = await scaleOutRounds({
    directory,
    rounds: 2,
    seed,
    disturbance: (round) => (['kill', 'pause'] as const)[round]!,
  });
  expect(verdict.faults, `seed ${seed}`).toEqual([]);
  expect(verdict.acknowledged).toBeGreaterThan(1_000);
  expect(verdict.counted).toBe(verdict.acknowledged + verdict.countedInFlight);
  expect(verdict.takeoversMs).toHaveLength(2);
  // What this machine let even a timer wait, twice: for whoever dies and for whoever takes over.
  const atMostMs = TAKEOVER_LIMIT_MS + 2 * verdict.latestMs;
  for (const ms of verdict.takeoversMs) expect(ms).toBeLessThan(atMostMs);
}, 240_000);

test('each service out for two seconds under load: nothing is lost, and all goes on without a restart', async (context) => {
  const verdict = await outages({ directory: await emptyDirectory(context), seconds: [2] });
  expect(verdict.faults).toEqual([]);
  expect(verdict.acknowledged).toBeGreaterThan(1_000);
  expect(verdict.counted).toBe(verdict.acknowledged + verdict.countedInFlight);
}, 240_000);

async function emptyDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'headway-scale-out-'));
  context.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
