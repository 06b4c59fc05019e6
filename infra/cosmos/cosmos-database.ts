import { Agent } from 'node:https';
import { CosmosClient, type CosmosClientOptions, type Database } from '@azure/cosmos';
import { DefaultAzureCredential } from '@azure/identity';
import { authentication, type Service } from '#infra/azure/authentication.ts';
import { type ContainerName, containerDefinitions } from './containers.ts';
import { request } from './request.ts';

export interface CosmosService extends Service {
  /** Name of the database: one for a city. */
  database: string;
  /** PEM of who signed the endpoint's certificate, where that is not known anyway: a local endpoint's. */
  ca?: string | undefined;
}

/**
 * A city's database. @throws StoreUnavailable; an error where the account may answer a read with what was there before
 * a write: a partition's new owner would go on from old rows.
 */
export async function cosmosDatabase(service: CosmosService): Promise<{ database: Database; close(): void }> {
  const client = new CosmosClient(clientOptions(service));
  try {
    const { resource: account } = await request('reach Cosmos DB', (abortSignal) =>
      client.getDatabaseAccount({ abortSignal }),
    );
    const level = account?.consistencyPolicy as string | undefined;
    if (!readsWhatWasWritten(level, await client.getWriteEndpoint())) {
      throw new Error(
        `the Cosmos DB account reads with ${level} consistency, and Headway needs Strong (one region) or BoundedStaleness`,
      );
    }
  } catch (error) {
    client.dispose();
    throw error;
  }
  return { database: client.database(service.database), close: () => client.dispose() };
}

/** Whether a read sees every write before it, whoever wrote. An emulator on this machine is one replica, whatever it says. */
export function readsWhatWasWritten(level: string | undefined, endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return level === 'Strong' || level === 'BoundedStaleness' || ['localhost', '127.0.0.1'].includes(hostname);
}

/**
 * Makes the database and its containers where they are missing: a local endpoint's, or a small account's that nobody
 * provisioned. Managed identities may not do this: there, infra/deploy has done it.
 * `hotPeriodS`: windows are deleted this long after they were last written; undefined keeps them.
 */
export async function createContainers(database: Database, hotPeriodS?: number): Promise<void> {
  const what = `make the containers of ${database.id}`;
  await thereAfter(
    request(what, (abortSignal) =>
      database.client.databases.createIfNotExists({ id: database.id }, { abortSignal }),
    ),
  );
  const definitions = containerDefinitions(hotPeriodS);
  for (const id of Object.keys(definitions) as ContainerName[]) {
    const definition = { id, ...definitions[id] };
    await thereAfter(
      request(what, (abortSignal) => database.containers.createIfNotExists(definition, { abortSignal })),
    );
  }
}

const CONFLICT = 409;

/** Roles start together: the SDK looks first and makes it then, and another may have made it in between. */
async function thereAfter(making: Promise<unknown>): Promise<void> {
  try {
    await making;
  } catch (error) {
    if ((error as { code?: unknown }).code !== CONFLICT) throw error;
  }
}

/** The SDK's own patience is kept short: who calls tries again for as long as it takes, and says so. */
const connectionPolicy = {
  requestTimeout: 10_000,
  retryOptions: { maxRetryAttemptCount: 20, fixedRetryIntervalInMilliseconds: 0, maxWaitTimeInSeconds: 10 },
};

function clientOptions(service: CosmosService): CosmosClientOptions {
  const how = authentication('Cosmos DB', service);
  const trust = service.ca ? { agent: new Agent({ ca: service.ca, keepAlive: true }) } : {};
  return how.by === 'connection-string'
    ? { connectionString: how.connectionString, connectionPolicy, ...trust }
    : { endpoint: how.endpoint, aadCredentials: new DefaultAzureCredential(), connectionPolicy, ...trust };
}
