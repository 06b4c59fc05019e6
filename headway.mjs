#!/usr/bin/env node
// `npx headway`: finds the pinned Node 24 among the packages and runs the command line with it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
if (!existsSync(join(root, 'node_modules', '.headway-setup.json'))) await import('./setup.mjs');
const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
if (!existsSync(pinned) && Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    'headway: no Node 24 for this platform among the packages\n  detail: the npm registry has none for it',
  );
  console.error('  hint: install Node 24 or later yourself and run headway with it');
  process.exit(3);
}
const flags = [
  // Left alone, V8 gives the door a nursery of 128 MB once some thousand devices are connected, and no more speed.
  '--max-semi-space-size=8',
  // Its helpers collect what processing leaves behind; where they are as many as cores, the door waits for them.
  `--v8-pool-size=${Math.max(1, Math.min(4, cpus().length - 1))}`,
];
const child = spawn(
  existsSync(pinned) ? pinned : process.execPath,
  [...flags, join(root, 'apps', 'cli', 'main.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
