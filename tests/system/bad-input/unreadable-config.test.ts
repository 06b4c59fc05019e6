import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'headway-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** `npx headway`, as an operator types it. */
async function headway(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const program = resolve(import.meta.dirname, '../../../headway.mjs');
  return new Promise((done) =>
    execFile(
      process.execPath,
      [program, '--data', join(directory, 'city'), ...args],
      (error, stdout, stderr) => done({ status: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
}

function config(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

test.concurrent.each([
  ['that is not there', () => join(directory, 'none.json'), 'could not read the configuration', 'ENOENT'],
  [
    'that is a directory',
    () => {
      mkdirSync(join(directory, 'folder'));
      return join(directory, 'folder');
    },
    'could not read the configuration',
    'EISDIR',
  ],
  ['that is not JSON', () => config('broken.json', '{"log": {"partitions": 4,}}'), 'is not JSON', 'position'],
  ['that is a list', () => config('list.json', '[]'), 'is not a JSON object', '[]'],
  [
    'with a field nobody knows',
    () => config('typo.json', '{"log": {"partition": 4}}'),
    'is not usable',
    'log: Unrecognized key: "partition"',
  ],
  [
    'with a value that can not be',
    () => config('value.json', '{"log": {"partitions": "four"}}'),
    'is not usable',
    'log.partitions: ',
  ],
])(
  'a configuration %s is answered with fact, detail and hint, and exit code 2',
  async (_, make, fact, detail) => {
    const path = make();
    const { status, stdout, stderr } = await headway('--config', path, 'config', 'check');
    expect(stderr).toMatch(/^headway: .*\n {2}detail: .*\n {2}hint: .*\n$/s);
    for (const part of [fact, detail, path]) expect(stderr).toContain(part);
    expect(stderr).not.toContain('    at ');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  },
);

test.concurrent('no other command starts with a configuration that it can not read', async () => {
  const { status, stderr } = await headway('--config', config('half.json', '{'), 'query', 'SELECT 1');
  expect(stderr).toContain('half.json is not JSON');
  expect(status).toBe(2);
});
