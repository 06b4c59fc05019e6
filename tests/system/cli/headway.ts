import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

const root = resolve(import.meta.dirname, '../../..');

/** The command line as an operator types it, on a data directory. */
export function headway(data: string, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(root, 'apps/cli/main.ts'), '--data', data, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
}

/** The same, with `--format json`. @throws when it fails or prints anything else. */
export async function headwayJson<T = Record<string, unknown>[]>(
  data: string,
  ...args: readonly string[]
): Promise<T> {
  const ran = await headway(data, ...args, '--format', 'json');
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as T;
}
