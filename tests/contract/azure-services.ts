import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobService } from '#infra/blob/blob-service.ts';
import { partitionBlobs } from '#infra/blob/partition-blobs.ts';
import { cosmosDatabase } from '#infra/cosmos/cosmos-database.ts';
import { type LocalBlob, startLocalBlob } from '#infra/local/blob/start-local-blob.ts';
import { type LocalCosmos, startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';

const key = Buffer.from('a master key for tests on one machine').toString('base64');

/** Local Cosmos DB and Blob Storage, and any number of cities in them, each through clients of its own. */
export async function azureServices() {
  const directory = mkdtempSync(join(tmpdir(), 'headway-azure-'));
  const tls = await developmentCertificates(join(directory, 'certificates'));
  const startCosmos = (port: number): Promise<LocalCosmos> =>
    startLocalCosmos({ directory: join(directory, 'cosmos'), port, tls, key });
  const startBlob = (port: number): Promise<LocalBlob> =>
    startLocalBlob({ directory: join(directory, 'blob'), port });
  let [cosmos, blob] = await Promise.all([startCosmos(0), startBlob(0)]);
  const closes: (() => void)[] = [];
  let cities = 0;

  return {
    get cosmos() {
      return cosmos;
    },
    newCity: () => `city-${++cities}`,
    /** A new connection to a city, as another process would have. */
    connect: async (city: string) => {
      const { database, close } = await cosmosDatabase({
        connectionString: cosmos.connectionString,
        database: city,
        ca: tls.ca,
      });
      closes.push(close);
      const blobs = await blobService({ connectionString: blob.connectionString }).container(city);
      return { database, blobs: partitionBlobs(blobs) };
    },

    stopCosmos: async () => {
      const port = Number(new URL(cosmos.endpoint).port);
      await cosmos.close();
      return async () => {
        cosmos = await startCosmos(port);
      };
    },
    stopBlob: async () => {
      const { port } = blob;
      await blob.close();
      return async () => {
        blob = await startBlob(port);
      };
    },
    close: async () => {
      for (const close of closes) close();
      await Promise.all([cosmos.close(), blob.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type AzureServices = Awaited<ReturnType<typeof azureServices>>;
