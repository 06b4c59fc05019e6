import { readApiToken } from './api-token.ts';
import { OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

export interface Asked {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: unknown;
}

/**
 * Asks the pipeline that runs on this directory over its API, and returns what it answers. `task`: the verb, for
 * messages. @throws OperatorFault when none runs, or it does not do it.
 */
export async function askRunning<T>(
  data: DataDirectory,
  task: string,
  { method, path, body }: Asked,
): Promise<T> {
  const running = data.running();
  if (!running) {
    throw new OperatorFault(
      `no pipeline runs on ${data.path} that could ${task}`,
      'devices are connected to a running pipeline alone',
      'start it: `headway up`',
      1,
    );
  }
  const { apiUrl, pid } = running;
  const token = readApiToken(data);
  if (!apiUrl || !token) {
    throw new OperatorFault(
      `the pipeline that runs on ${data.path} can not be asked to ${task}`,
      `process ${pid} serves no API: it replays a recording or readmits itself`,
      'try again when it has ended',
      3,
    );
  }
  const answer = await fetch(new URL(path, apiUrl), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new OperatorFault(
      `could not reach the running pipeline at ${apiUrl}`,
      error instanceof Error ? String(error.cause ?? error.message) : String(error),
      'is it still there?',
      3,
    );
  });
  if (answer.ok) return (await answer.json()) as T;
  throw new OperatorFault(
    `the running pipeline did not ${task}`,
    `it answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`,
    'its own log says more',
    3,
  );
}
