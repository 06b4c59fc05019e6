import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Container,
  type ContainerDefinition,
  CosmosClient,
  type CosmosClientOptions,
} from '@azure/cosmos';
import { startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';

export const key = Buffer.from('a master key for tests on one machine').toString('base64');

/** A local endpoint in a directory of its own, and real clients that trust its certificate and no other. */
export async function openCosmos(options: { requestUnitsPerSecond?: number } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'headway-cosmos-'));
  const tls = await developmentCertificates(join(directory, 'certificates'));
  const agent = new Agent({ ca: tls.ca, keepAlive: true });
  const clients: CosmosClient[] = [];
  let aheadMs = 0;
  const start = () =>
    startLocalCosmos({
      directory: join(directory, 'data'),
      port: 0,
      tls,
      key,
      now: () => Date.now() + aheadMs,
      ...options,
    });
  let local = await start();

  const client = (more: Partial<CosmosClientOptions> = {}) => {
    const made = new CosmosClient({ endpoint: local.endpoint, key, agent, ...more });
    clients.push(made);
    return made;
  };

  return {
    get local() {
      return local;
    },
    directory: join(directory, 'data'),
    tls,
    agent,
    client,
    /** The endpoint's clock, so far ahead of the clients'. */
    ahead: (ms: number) => {
      aheadMs = ms;
    },
    restart: async () => {
      await local.close();
      local = await start();
    },
    container: async (definition: Partial<ContainerDefinition> = {}, of = client()): Promise<Container> => {
      const { database } = await of.databases.createIfNotExists({ id: 'city' });
      const { container } = await database.containers.createIfNotExists({
        id: 'items',
        partitionKey: { paths: ['/key'] },
        ...definition,
      });
      return container;
    },
    async [Symbol.asyncDispose]() {
      for (const made of clients) made.dispose();
      await local.close();
      agent.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The code and sub-status with which the service refuses. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ code: unknown; substatus: unknown; message: string }> {
  const failed = await work.then(
    () => null,
    (error: { code: unknown; substatus: unknown; message: string }) => error,
  );
  if (failed === null) throw new Error('was not refused');
  return { code: failed.code, substatus: failed.substatus, message: failed.message };
}
