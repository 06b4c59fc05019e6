import { readFileSync } from 'node:fs';
import { blobService } from '#infra/blob/blob-service.ts';
import { partitionBlobs } from '#infra/blob/partition-blobs.ts';
import { cosmosDatabase, createContainers } from '#infra/cosmos/cosmos-database.ts';
import { openEventHubsLog } from '#infra/event-hubs/open-event-hubs-log.ts';
import { type Config, OperatorFault } from './config.ts';

const DAY_S = 86_400;

/** The three services of a city on Azure, reached. @throws OperatorFault */
export async function reachAzure(config: Config) {
  const { cosmos } = config;
  const reached = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw unreachable(what, error);
    }
  };
  const ca = cosmos.caFile === undefined ? undefined : readCa(cosmos.caFile);
  const { database, close } = await reached('Cosmos DB', cosmosDatabase({ ...cosmos, ca }));
  const blobs = blobService(config.blob);
  try {
    // With an identity alone infra/deploy has made them: it may not.
    if (cosmos.connectionString) {
      const hotPeriodS = cosmos.hotPeriodDays === undefined ? undefined : cosmos.hotPeriodDays * DAY_S;
      await reached('Cosmos DB', createContainers(database, hotPeriodS));
    }
    const container = (name: string) => reached('Blob Storage', blobs.container(name));
    return {
      database,
      container,
      checkpoints: partitionBlobs(await container('checkpoints')),
      log: (onTrouble: (message: string) => void) =>
        reached(
          'Event Hubs',
          openEventHubsLog({ ...config.eventHubs, namespace: config.eventHubs, onTrouble }),
        ),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new OperatorFault(
      `could not read cosmos.caFile ${path}`,
      (error as Error).message,
      'it is the certificate that `headway local-azure` writes; against Azure itself leave it out',
    );
  }
}

function unreachable(what: string, error: unknown): OperatorFault {
  return new OperatorFault(
    `could not reach ${what}`,
    error instanceof Error ? error.message : String(error),
    'is it there, and is the connection string or login right? `headway local-azure` starts local endpoints',
    3,
  );
}
