import { spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';

/** Where containers can be run, or why they can not. */
export type Engine = { host: string } | { missing: string };

declare module 'vitest' {
  interface ProvidedContext {
    engine: Engine;
  }
}

/** Where tests/containers/prepare.sh keeps podman's images. */
const home = process.env.HEADWAY_CONTAINERS ?? '/var/tmp/headway-containers';

/** Once for all container tests: the engine that is there, or podman's service for as long as they run. */
export default async function findEngine({ provide }: TestProject): Promise<() => Promise<void>> {
  const docker = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  if (process.env.DOCKER_HOST || (await answers('/var/run/docker.sock'))) {
    provide('engine', { host: docker });
    return async () => {};
  }
  const prepared = existsSync(join(home, 'storage.conf'));
  if (!prepared || spawnSync('podman', ['--version']).status !== 0) {
    const missing =
      'no container engine: neither Docker nor what tests/containers/prepare.sh makes (as root)';
    provide('engine', { missing });
    return async () => {};
  }
  return startPodman(provide);
}

async function startPodman(provide: TestProject['provide']): Promise<() => Promise<void>> {
  const env = {
    ...process.env,
    CONTAINERS_CONF: join(home, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(home, 'storage.conf'),
  };
  const socket = join(home, `service-${process.pid}.sock`);
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
    env,
    stdio: 'ignore',
  });
  const deadline = performance.now() + 20_000;
  while (!(await answers(socket)) && performance.now() < deadline) await sleep(50);
  provide(
    'engine',
    (await answers(socket))
      ? { host: `unix://${socket}` }
      : { missing: 'podman is there, but its service did not start within 20 s' },
  );
  return async () => {
    // Everything in this storage belongs to these tests: a run that was killed may have left some.
    spawnSync('podman', ['rm', '--all', '--force', '--time', '2'], { env });
    service.kill();
    rmSync(socket, { force: true });
  };
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket);
    client.once('connect', () => {
      client.destroy();
      resolve(true);
    });
    client.once('error', () => resolve(false));
  });
}
