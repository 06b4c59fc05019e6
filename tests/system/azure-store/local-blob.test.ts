import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';

const module = resolve(import.meta.dirname, '../../../infra/local/blob/start-local-blob.ts');

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

it('ends with the process that started it, killed or not', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headway-blob-'));
  const code = `import { startLocalBlob } from ${JSON.stringify(module)};
    const { port } = await startLocalBlob({ directory: ${JSON.stringify(directory)} });
    console.log(port);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = Number((await once(parent.stdout, 'data'))[0]);
  expect(await isListening(port)).toBe(true);
  parent.kill('SIGKILL');
  for (let tries = 0; tries < 100 && (await isListening(port)); tries++) await sleep(50);
  expect(await isListening(port)).toBe(false);
  rmSync(directory, { recursive: true, force: true });
});
