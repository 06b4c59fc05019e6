import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeExclusiveLock } from '#infra/sqlite/exclusive-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headway-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const lockModule = resolve(import.meta.dirname, '../../../infra/sqlite/exclusive-lock.ts');

/** A process that takes the lock, says so, keeps it for a while, and ends. */
function taker(waitMs: number, holdMs: number): ChildProcess {
  const code = `import { takeExclusiveLock } from ${JSON.stringify(lockModule)};
    const lock = takeExclusiveLock(${JSON.stringify(join(directory, 'x.lock'))}, ${waitMs});
    console.log(lock ? 'taken' : 'refused');
    setTimeout(() => lock?.release(), ${holdMs});`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const said = async (child: ChildProcess): Promise<string> =>
  String((await once(child.stdout!, 'data'))[0]).trim();

it('is taken in turn by many processes at once: none stands in another’s way for ever', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => said(taker(20_000, 20))));
  expect(answers).toEqual(Array(8).fill('taken'));
}, 40_000);

it('is refused while another holds it, and free when that one is killed', async () => {
  const holder = taker(0, 60_000);
  expect(await said(holder)).toBe('taken');
  expect(takeExclusiveLock(join(directory, 'x.lock'), 0)).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = takeExclusiveLock(join(directory, 'x.lock'), 1_000);
  expect(lock).toBeDefined();
  lock!.release();
});
