// Installs what the checkout needs, once, on any Node from 20: `node setup.mjs` for running, `--dev` for testing too.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const stamp = join(root, 'node_modules', '.headway-setup.json');
const before = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {};
// Test tools that are there stay.
const dev = process.argv.includes('--dev') || before.dev === true;
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

function installed() {
  return before.lock === lock && before.platform === platform() && (before.dev || !dev);
}

function platform() {
  return `${process.platform}-${process.arch}`;
}

if (!installed()) {
  const what = dev ? 'packages and test tools' : 'packages';
  console.error(`headway: installing ${what} (once; about a minute)`);
  // Not `ci`: it refuses a lock file made where a registry lacks another platform's optional packages.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!dev) args.push('--omit=dev');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = spawnSync(npm, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) {
    console.error('headway: could not install packages\n  detail: npm install failed, see above');
    console.error(
      '  hint: check that this machine reaches the npm registry, then run the same command again',
    );
    process.exit(3);
  }
  writeFileSync(stamp, JSON.stringify({ lock, dev, platform: platform() }));
}
