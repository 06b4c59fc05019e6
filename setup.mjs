// Installs what the checkout needs, once, on any Node from 20: `node setup.mjs` for running, `--dev` for testing too,
// `--with infra/local` for a part that keeps packages of its own.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const platform = `${process.platform}-${process.arch}`;
const wantsDev = process.argv.includes('--dev');
const part = process.argv[process.argv.indexOf('--with') + 1];

install('.', wantsDev, wantsDev ? 'packages and test tools' : 'packages');
// The contract suites run against the local Azure endpoints.
if (wantsDev) install('infra/local', true, 'the local Azure endpoints');
if (process.argv.includes('--with')) install(part, true, `what ${part} needs`);

function install(folder, dev, what) {
  const home = join(root, folder);
  const stamp = join(home, 'node_modules', '.headway-setup.json');
  const before = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {};
  // Test tools that are there stay.
  const withDev = dev || before.dev === true;
  const lock = createHash('sha256')
    .update(readFileSync(join(home, 'package-lock.json')))
    .digest('hex');
  if (before.lock === lock && before.platform === platform && (before.dev || !withDev)) return;
  console.error(`headway: installing ${what} (once; about a minute)`);
  // Not `ci`: it refuses a lock file made where a registry lacks another platform's optional packages.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!withDev) args.push('--omit=dev');
  const windows = process.platform === 'win32';
  const run = spawnSync(windows ? 'npm.cmd' : 'npm', args, {
    cwd: home,
    stdio: ['ignore', 2, 2],
    shell: windows,
  });
  if (run.status !== 0) {
    console.error('headway: could not install packages\n  detail: npm install failed, see above');
    console.error(
      '  hint: check that this machine reaches the npm registry, then run the same command again',
    );
    process.exit(3);
  }
  writeFileSync(stamp, JSON.stringify({ lock, dev: withDev, platform }));
}
