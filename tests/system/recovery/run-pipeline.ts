import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openDataDirectory } from '#apps/data-directory.ts';
import { LIVE } from '#domain/log.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import type { Answer, Question } from './pipeline-process.ts';

export const keyOf = (deviceId: string): string => Buffer.from(`key of ${deviceId}`).toString('base64');

/** A new city in UTC with these sensors, each at a site of its own. */
export async function foundCity(directory: string, deviceIds: readonly string[]): Promise<void> {
  const data = openDataDirectory(directory);
  try {
    await data.setCity({ name: 'Testbury', timezone: 'UTC' });
    await data.registry.change(deviceIds.flatMap(sensor));
  } finally {
    data.close();
  }
}

export function sensor(deviceId: string): NewRegistryChange[] {
  const siteId = `site-${deviceId}`;
  const device = { deviceId, domain: LIVE, role: 'sensor' as const, key: keyOf(deviceId) };
  return [
    { kind: 'site', id: siteId, validFrom: ALWAYS, body: { siteId } },
    { kind: 'device', id: deviceId, validFrom: ALWAYS, body: device },
    { kind: 'installation', id: deviceId, validFrom: ALWAYS, body: { deviceId, siteId, periodS: 60 } },
  ];
}

/** A pipeline in a process of its own. */
export interface RunningPipeline {
  port: number;
  child: ChildProcess;
  sample(): Promise<Answer>;
  /** Answers once everything now in the log is processed and stored. */
  processed(): Promise<Answer>;
  stop(): Promise<void>;
  /** SIGKILL, resolved when it is gone. */
  kill(): Promise<void>;
}

/** @throws when the process ends before its door is open; its stderr is ours. */
export async function runPipeline(
  directory: string,
  options: { env?: NodeJS.ProcessEnv; execArgv?: string[]; through?: readonly string[] } = {},
): Promise<RunningPipeline> {
  const child = fork(new URL('./pipeline-process.ts', import.meta.url), [directory], {
    env: { ...process.env, ...options.env },
    // As headway.mjs starts it, on two cores.
    execArgv: ['--max-semi-space-size=8', '--v8-pool-size=1', ...(options.execArgv ?? [])],
    ...throughCommand(options.through),
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the pipeline's process ended with ${signal ?? code}`);
  });
  ended.catch(() => {});
  const nextAnswer = async (): Promise<Answer> =>
    (await Promise.race([once(child, 'message'), ended]))[0] as Answer;
  let asking: Promise<unknown> = Promise.resolve();
  const ask = (question: Question): Promise<Answer> => {
    const answered = asking.then(() => {
      const answer = nextAnswer();
      if (child.connected) child.send(question);
      return answer;
    });
    asking = answered.catch(() => {});
    return answered;
  };
  const { port } = await nextAnswer();
  const gone = () =>
    (child.exitCode ?? child.signalCode) === null ? once(child, 'exit') : Promise.resolve();
  return {
    port,
    child,
    sample: () => ask('sample'),
    processed: () => ask('processed'),
    stop: async () => {
      await ask('stop');
      await gone();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone();
    },
  };
}

/** Node itself run by another command, such as `prlimit --fsize=...`. */
function throughCommand(command: readonly string[] | undefined) {
  return command ? { execPath: command[0]!, execArgv: [...command.slice(1), process.execPath] } : {};
}
