import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatInstant, HOUR_MS, MINUTE_MS } from '#domain/instant.ts';

const main = resolve(import.meta.dirname, '../../../apps/cli/main.ts');
const freePorts = {
  HEADWAY_GATEWAY_MQTT_PORT: '0',
  HEADWAY_GATEWAY_MQTTS_PORT: '0',
  HEADWAY_API_PORT: '0',
  HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100',
};

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `headway ...args` in an environment of its own: nothing of the caller's Headway settings is left in it. */
export async function headway(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Ran> {
  const child = startHeadway(args, env, cwd);
  const [stdout, stderr, [code]] = await Promise.all([
    textOf(child.stdout!),
    textOf(child.stderr!),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}

export function startHeadway(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): ChildProcess {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('HEADWAY_'));
  return spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(outside), ...freePorts, ...env },
    ...(cwd ? { cwd } : {}),
  });
}

/** Resolves with all of stderr so far, once it holds `text`. @throws when the process ends before. */
export async function saying(child: ChildProcess, text: string): Promise<string> {
  let said = '';
  child.stderr!.setEncoding('utf8');
  return new Promise((done, failed) => {
    child.stderr!.on('data', (chunk: string) => {
      said += chunk;
      if (said.includes(text)) done(said);
    });
    child.once('close', (code) => failed(new Error(`ended with ${code}, having said: ${said}`)));
  });
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}

/** A folder that ends with the tests of the file that made it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'headway-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Six hours of two detectors, in readings of five minutes from midnight UTC of 4 May 2026: 12 vehicles each at 60 km/h
 * at `north`, 6 at 30 km/h at `south`. Two lines of `north` are repeated, one of `south` can not be. 146 readings.
 */
export function writeRecording(path: string): void {
  const from = Date.UTC(2026, 4, 4);
  const lines = Array.from({ length: (6 * HOUR_MS) / (5 * MINUTE_MS) }, (_, i) => {
    const observedAt = formatInstant(from + i * 5 * MINUTE_MS);
    const reading = { kind: 'traffic-flow', observedAt, periodS: 300 };
    return [
      { deviceId: 'north', ...reading, count: 12, speedKmh: 60 },
      { deviceId: 'south', ...reading, count: 6, speedKmh: i === 7 ? 500 : 30 },
    ];
  }).flat();
  const repeated = lines.filter((line) => line.deviceId === 'north').slice(10, 12);
  writeFileSync(path, [...lines, ...repeated].map((line) => `${JSON.stringify(line)}\n`).join(''));
}
