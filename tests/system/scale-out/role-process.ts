import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Role } from '#apps/roles.ts';

const main = resolve(import.meta.dirname, '../../../apps/cli/main.ts');
const MOST_CHARS = 200_000;

/** What makes a process believe that it is so much later than it is. */
export function clockAhead(ms: number): Record<string, string> {
  const module = new URL('./skewed-clock.ts', import.meta.url).href;
  return { NODE_OPTIONS: `--import=${module}`, CLOCK_SKEW_MS: String(ms) };
}

/** One role of a city, as an operator starts it. */
export interface RoleProcess {
  pid: number;
  /** What it has said so far, the newest part. */
  said(): string;
  /** Its stdout: the lines of figures. */
  told(): string;
  /** Where it is asked for its health. */
  healthUrl(): string;
  /** Where its door is; a gateway's. */
  mqttPort(): number;
  /** Resident, now. */
  rssMb(): number;
  isAlive(): boolean;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with its exit code. */
  drain(): Promise<number | null>;
}

/** @throws where it ends before it runs. */
export async function startRole(
  role: Role,
  directory: string,
  settings: Record<string, string>,
  onSaid: (text: string) => void = () => {},
): Promise<RoleProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    [main, '--data', join(directory, `${role}-data`), 'up', '--role', role],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...settings } },
  );
  const exited = once(child, 'exit');
  let said = '';
  const running = Promise.withResolvers<void>();
  let told = '';
  child.stdout!.on('data', (chunk) => {
    told = `${told}${chunk}`.slice(-MOST_CHARS);
  });
  child.stderr!.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-MOST_CHARS);
    onSaid(said);
    if (said.includes('running ')) running.resolve();
  });
  await Promise.race([
    running.promise,
    exited.then(([code]) => {
      throw new Error(`${role} ended with ${code} before it ran: ${said}`);
    }),
  ]);
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid!,
    said: () => said,
    told: () => told,
    healthUrl: () => /health: (\S+)\/healthz/.exec(said)![1]!,
    mqttPort: () => Number(/devices: mqtt:\/\/[^:]+:(\d+)/.exec(said)![1]),
    rssMb: () => rssMbOf(child.pid!),
    isAlive,
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    drain: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code as number | null;
    },
  };
}

function rssMbOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    // It has just ended.
    return 0;
  }
}
