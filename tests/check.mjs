// `npm run check`: types, lint and walls, dead code. Each says what it found; all run, then the worst exit code.
import { spawnSync } from 'node:child_process';

const checks = [
  ['types', 'tsc', ['-p', '.']],
  ['lint and walls', 'biome', ['check', '.']],
  ['dead code', 'knip', ['--no-progress']],
];
let worst = 0;
for (const [name, command, args] of checks) {
  const started = Date.now();
  const run = spawnSync(`node_modules/.bin/${command}`, args, { stdio: 'inherit' });
  const passed = run.status === 0;
  if (!passed) worst = 1;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
process.exit(worst);
