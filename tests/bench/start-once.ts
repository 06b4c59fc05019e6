import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bench } from './bench-row.ts';

const root = resolve(import.meta.dirname, '../..');

/** A newcomer's first command, packages installed: from an empty directory to the first weekly report. */
export const startOnce: Bench = {
  name: 'start-once',
  missing: () =>
    existsSync(join(root, 'apps/cli/commands/start.ts')) ? undefined : 'there is no `npm start` yet',
  run: async (scale) => {
    if (scale === 'short') return [];
    const directory = mkdtempSync(join(tmpdir(), 'headway-bench-start-'));
    try {
      const started = performance.now();
      const child = spawn('npm', ['start', '--', '--once'], {
        cwd: root,
        stdio: 'ignore',
        env: { ...process.env, HEADWAY_DATA: directory },
      });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`npm start -- --once ended with ${code}`);
      const seconds = (performance.now() - started) / 1_000;
      return [{ name: 'npm start -- --once', value: seconds, unit: 's', atMost: 90 }];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
