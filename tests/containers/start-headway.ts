import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedNetwork, StartedTestContainer } from 'testcontainers';

const started: { stop(): Promise<unknown> }[] = [];

/** Stops what a test started, last first. */
export async function stopAll(): Promise<void> {
  for (const one of started.splice(0).reverse()) await one.stop();
}

/** Something to stop after the test. */
export function tidied<T extends { stop(): Promise<unknown> }>(one: T): T {
  started.push(one);
  return one;
}

export interface HeadwayContainer {
  /** The page. */
  url: string;
  mqttUrl: string;
  /** Runs a command in the container; its stdout. @throws Error with its stderr. */
  run(command: string[]): Promise<string>;
  registerSensor(deviceId: string): Promise<{ key: string }>;
  /** Readings that the ledger counts. */
  counted(): Promise<number>;
  restart(): Promise<void>;
  healthExitCode(): Promise<number>;
}

/** Our own image as `headway up`, with a city of one site. */
export async function startHeadway(
  image: string,
  { network, alias = 'headway' }: { network?: StartedNetwork; alias?: string } = {},
): Promise<HeadwayContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const prepared = new GenericContainer(image)
    .withEnvironment({
      HEADWAY_CITY_NAME: 'Testham',
      HEADWAY_CITY_TIMEZONE: 'Europe/London',
      HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100',
    })
    // Every port of the image: podman 4 lists the others too, and testcontainers would wait for them.
    .withExposedPorts(1883, 8883, 8080, 8090)
    .withCopyContentToContainer([{ content: oneSite, target: '/tmp/sites.geojson' }])
    .withWaitStrategy(Wait.forLogMessage(/page: http/))
    .withStartupTimeout(60_000);
  if (network) prepared.withNetwork(network).withNetworkAliases(alias);
  const container = tidied(await prepared.start());
  const run = (command: string[]): Promise<string> => output(container, command);
  const headway = (...args: string[]): Promise<string> => run(['node', 'apps/cli/main.ts', ...args]);
  await headway('network', 'import', '/tmp/sites.geojson');
  return {
    get url() {
      return `http://${container.getHost()}:${container.getMappedPort(8080)}`;
    },
    get mqttUrl() {
      return `mqtt://${container.getHost()}:${container.getMappedPort(1883)}`;
    },
    run,
    registerSensor: async (deviceId) => {
      const from = new Date(Date.now() - 86_400_000).toISOString();
      const [device] = JSON.parse(
        await headway(
          'device',
          'register',
          deviceId,
          '--site',
          '1',
          '--period',
          '60s',
          '--from',
          from,
          '--format',
          'json',
        ),
      ) as [{ key: string }];
      // The door knows of it within a second.
      await sleep(1_000);
      return device;
    },
    counted: async () => {
      const sql = "SELECT coalesce(sum(readings), 0)::INT AS n FROM ledger WHERE outcome = 'counted'";
      const [row] = JSON.parse(await headway('query', sql, '--format', 'json')) as [{ n: number }];
      return row.n;
    },
    restart: () => container.restart({ timeout: 15_000 }),
    healthExitCode: async () => (await container.exec(JSON.parse(healthCommand) as string[])).exitCode,
  };
}

/** The command of the Containerfile's HEALTHCHECK. */
const healthCommand = /HEALTHCHECK[^[]*(\[.*\])/.exec(readFileSync('Containerfile', 'utf8'))![1]!;

const oneSite = JSON.stringify({
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      properties: { id: '1', name: 'High Street' },
      geometry: { type: 'Point', coordinates: [-0.1, 51.5] },
    },
  ],
});

async function output(container: StartedTestContainer, command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await container.exec(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}
