import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, type TestContext, test } from 'vitest';
import { runPipeline } from '../recovery/run-pipeline.ts';
import { goodReading, type TestCity, testCity } from './test-city.ts';

const FILE_BYTES = 8 * 1024 * 1024;
const PAYLOAD_BYTES = 200 * 1024;

/** A reading that takes its room: JSON may have spaces at its end. */
const bulky = (minutesAgo: number) => JSON.stringify(goodReading(minutesAgo)).padEnd(PAYLOAD_BYTES);

/** Sends until the door closes, then makes room, and goes on: each reading in the end acknowledged, and counted. */
async function fillAndMend(city: TestCity, makeRoom: () => void): Promise<void> {
  let minutesAgo = 60;
  await city.beside(async () => {
    while ((await city.send('bulky', bulky(minutesAgo))) === 'acknowledged') {
      if (++minutesAgo > 200) throw new Error('the disk does not fill up');
    }
    expect(await city.send('bulky', bulky(minutesAgo))).toBe('closed');
    expect((await city.refusals('bulky'))['log-unavailable']).toBeGreaterThanOrEqual(1);
    makeRoom();
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(50)) {
      if ((await city.send('bulky', bulky(minutesAgo))) === 'acknowledged') break;
    }
    expect(await city.send('bulky', bulky(minutesAgo + 1))).toBe('acknowledged');
    const { counted, ...others } = await city.outcomes('bulky');
    expect({ counted, others }).toEqual({ counted: minutesAgo + 1 - 60 + 1, others: {} });
  });
}

function needs(context: TestContext, command: string): void {
  if (spawnSync(command, ['--version']).status !== 0) context.skip(`needs the command ${command}`);
}

test('where no file may grow any more nothing is acknowledged, and it goes on when there is room', async (context) => {
  needs(context, 'prlimit');
  const city = await testCity({
    devices: ['bulky'],
    pipeline: { through: ['prlimit', `--fsize=${FILE_BYTES}:unlimited`] },
  });
  try {
    const pid = String(city.pipeline.child.pid);
    await fillAndMend(city, () => execFileSync('prlimit', ['--pid', pid, '--fsize=unlimited:unlimited']));
  } finally {
    await city.close();
  }
});

test('on a log volume that is full nothing is acknowledged, and it goes on when there is space', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'headway-full-log-'));
  const volume = join(directory, 'log');
  mkdirSync(volume);
  mountTmpfs(context, volume, 'size=8m');
  const city = await testCity({ devices: ['bulky'], directory });
  try {
    await fillAndMend(city, () => execFileSync('mount', ['-o', 'remount,size=64m', volume]));
  } finally {
    await city.pipeline.stop();
    unmount(volume);
    await city.close();
  }
});

test('where log and store are full together nothing acknowledged is lost, though it may take a new start', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'headway-full-disk-'));
  mountTmpfs(context, directory, 'size=6m');
  const city = await testCity({ devices: ['bulky'], directory });
  let { pipeline } = city;
  let acknowledged = 0;
  try {
    const sendSome = async (payloadOf: (minutesAgo: number) => string) => {
      while (
        acknowledged < 3_000 &&
        (await city.send('bulky', payloadOf(60 + acknowledged))) === 'acknowledged'
      )
        acknowledged++;
    };
    await sendSome(bulky);
    await sendSome((minutesAgo) => JSON.stringify(goodReading(minutesAgo)));
    expect(acknowledged).toBeGreaterThan(10);
    execFileSync('mount', ['-o', 'remount,size=64m', directory]);
    const alive = await city.pipeline.processed().then(
      () => true,
      () => false,
    );
    pipeline = alive ? city.pipeline : await runPipeline(directory);
    const { ledger } = await pipeline.processed();
    // The one that was not acknowledged may have reached the disk all the same.
    expect(ledger.counted).toBeGreaterThanOrEqual(acknowledged);
    expect(ledger.counted).toBeLessThanOrEqual(acknowledged + 2);
    expect(ledger.received).toBe(ledger.counted);
  } finally {
    await pipeline.stop().catch(() => {});
    await city.close();
    unmount(directory);
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Skips where that is not allowed. */
function mountTmpfs(context: TestContext, path: string, options: string): void {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'headway-test', path]);
  if (status !== 0) context.skip('needs to mount a tmpfs, as root may');
}

/** At once for everybody, and for good when nobody has it open any more. */
function unmount(path: string): void {
  execFileSync('umount', ['--lazy', path]);
}
